"""When the network, the server or the browser does not do what one hopes."""

import os
import signal

import pytest
from playwright.sync_api import expect

from tests.browser.chat import CRISIS, QUESTION, WORDS, Chat, is_answer
from tests.browser.site import Site

NO_STORAGE = """for (const name of ["sessionStorage", "localStorage"])
  Object.defineProperty(window, name, { get() { throw new DOMException("no", "SecurityError"); } });
"""


def test_while_an_answer_takes_long_the_chat_says_that_it_comes(visit):
    chat = visit().open()
    held = []
    chat.page.route("**/chat/messages", lambda route: held.append(route))
    with chat.page.expect_request("**/chat/messages"):
        chat.type(QUESTION["en"])
    typing = chat.root.locator("[part=typing]")
    expect(typing).to_have_text(chat.word("assistant_writing"))
    expect(chat.messages("person").locator("[data-state=sending]")).to_be_visible()
    # One may go on writing meanwhile.
    chat.input.fill("how common")
    reply = chat.answered(held[0].continue_)
    expect(chat.messages("person").locator("[data-state]")).to_have_count(0)
    expect(chat.input).to_have_value("how common")
    assert chat.ids()[1:] == [message["id"] for message in reply]


def test_on_a_slow_line_everything_comes_in_its_time(visit, stack):
    """As far from the server and as narrow as 2G is; two messages one upon the other."""
    chat = visit()
    line = chat.page.context.new_cdp_session(chat.page)
    speed = {"latency": 600, "downloadThroughput": 30_000, "uploadThroughput": 10_000}
    line.send("Network.enable")
    line.send("Network.emulateNetworkConditions", {"offline": False, **speed})
    chat.page.reload()
    chat.open().type(QUESTION["en"])
    chat.type("how common is that?")
    typing = chat.root.locator("[part=typing]")
    expect(typing).to_have_text(chat.word("assistant_writing"))
    expect(chat.root.locator("#offline")).to_have_count(0)
    expect(chat.messages().locator("[data-state]")).to_have_count(0)
    expect(typing).to_have_count(0)
    asked = chat.messages("person").locator("[part=bubble]")
    expect(asked).to_have_text([QUESTION["en"], "how common is that?"])
    assert sorted(chat.ids()) == sorted(chat.history(stack))


def test_a_tab_that_nobody_sees_gives_up_its_line_and_goes_on_when_seen(visit, watch):
    """A browser opens six lines to a server: six tabs would take them all."""
    watch.may_fail = True
    one = visit()
    one.ask()
    one.settings()
    one.sheet.get_by_label(one.word("remember"), exact=True).check()
    one.button("close_settings").click()
    two = visit(context=one.page.context).open()
    expect(two.messages()).to_have_count(one.messages().count())
    one.page.clock.install()
    one.look_away()
    with one.page.expect_event("requestfailed", lambda request: "/events" in request.url):
        one.page.clock.fast_forward(31_000)
    two.say("how common is that?")
    expect(one.messages("person")).to_have_count(1)
    with one.page.expect_request("**/chat/events") as again:
        one.look_away(False)
    assert again.value.headers["last-event-id"]
    expect(one.messages()).to_have_count(two.messages().count())
    assert one.ids() == two.ids()


def test_when_an_answer_is_lost_the_message_is_sent_again_and_answered_once(visit, stack, watch):
    watch.may_fail = True
    chat = visit().open()

    def lose(route):
        route.fetch()  # the server hears it and answers
        route.abort()

    chat.page.route("**/chat/messages", lose, times=1)
    reply = chat.answered(lambda: chat.type(QUESTION["en"]))
    shown = chat.ids()
    assert shown[1:] == [message["id"] for message in reply]
    assert chat.history(stack) == shown
    assert len({*shown}) == len(shown)


@pytest.mark.parametrize("status, code", [(400, "malformed"), (409, "conflict")])
def test_a_refused_message_says_why_and_can_be_sent_again(visit, stack, watch, status, code):
    watch.may_fail = True
    chat = visit().open()
    words = {"id": "x", "author": "assistant", "language": "en", "time": 0, "template": "x"}
    words |= {"text": "Not like this.", "blocks": [{"type": "paragraph", "text": "Not like this."}]}
    chat.page.route(
        "**/chat/messages",
        lambda route: route.fulfill(
            status=status,
            json={"code": code, "error": words},
            headers={"Access-Control-Allow-Origin": "*"},
        ),
        times=1,
    )
    chat.type(QUESTION["en"])
    mine = chat.messages("person")
    expect(mine.get_by_role("alert")).to_contain_text("Not like this.")
    refused = chat.ids()
    reply = chat.answered(mine.locator("[part=retry]").click)
    expect(mine.get_by_role("alert")).to_have_count(0)
    assert chat.ids()[1:] == [message["id"] for message in reply]
    assert chat.history(stack) == chat.ids()
    # An id that had other words is of no use any more.
    assert (chat.ids()[:1] == refused) == (code != "conflict")


def test_who_writes_too_fast_is_served_a_little_later(visit, stack, watch):
    """The server says when in a header that the browser must be allowed to read."""
    watch.may_fail = True
    chat = visit()
    chat.ask()
    headers = {"token": chat.token(), "origin": chat.site.origin}
    body = {"text": "hi"}
    for count in range(40):
        message = {**body, "id": f"too-fast-{count}"}
        if stack.request("/chat/messages", message, **headers)[0] == 429:
            break
    with chat.page.expect_response("**/chat/messages") as refused:
        chat.type("how common is that?")
    assert refused.value.status == 429
    waits = chat.page.evaluate("performance.now()")
    mine = chat.messages("person").filter(has_text="how common is that?")
    expect(mine.locator("[data-state=waiting]")).to_be_visible()
    with chat.page.expect_response(is_answer):
        pass
    assert chat.page.evaluate("performance.now()") - waits < 5000
    expect(chat.root.locator("#offline")).to_have_count(0)
    expect(mine).to_have_count(1)


@pytest.mark.parametrize("heard", [True, False], ids=["heard", "not heard"])
def test_a_reload_in_the_middle_of_a_reply_loses_and_doubles_nothing(visit, stack, watch, heard):
    watch.may_fail = True
    chat = visit()
    first = chat.ask()
    held = []

    def hold(route):
        if heard:
            route.fetch()
        held.append(route)

    chat.page.route("**/chat/messages", hold, times=1)
    with chat.page.expect_request("**/chat/messages"):
        chat.type("how common is that?")
    chat.page.wait_for_function("() => true")  # lets the handler above run
    again = chat.answered(chat.page.reload)
    ids = chat.ids()
    assert ids[1 : 1 + len(first)] == [message["id"] for message in first]
    assert ids[2 + len(first) :] == [message["id"] for message in again]
    assert len({*ids}) == len(ids)
    assert sorted(ids) == sorted(chat.history(stack))
    texts = chat.messages("person").locator("[part=bubble]")
    expect(texts).to_have_text([QUESTION["en"], "how common is that?"])
    expect(chat.panel).to_be_visible()


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_without_a_connection_help_still_works_and_what_one_writes_waits(visit, watch, lang):
    watch.may_fail = True
    chat = visit(lang=lang, size="phone", region="GB").open()
    chat.page.context.set_offline(True)
    # The browser says so itself: nothing was sent yet.
    expect(chat.root.locator("#offline")).to_contain_text(chat.word("offline"))
    expect(chat.status).to_have_text(chat.word("offline"))
    chat.type(QUESTION[lang])
    expect(chat.root.locator('#offline a[href="tel:999"]')).to_be_visible()
    expect(chat.messages("person").locator("[data-state=waiting]")).to_be_visible()
    chat.button("help").click()
    expect(chat.sheet.locator('a[href="tel:116123"]')).to_be_visible()
    chat.button("close_help").click()
    chat.answered(lambda: chat.page.context.set_offline(False))
    expect(chat.status).to_have_text(chat.word("back"))
    expect(chat.root.locator("#offline")).to_have_count(0)
    expect(chat.messages("person")).to_have_count(1)


def test_help_works_before_the_server_was_ever_reached(visit, watch):
    watch.may_fail = True
    chat = visit()
    chat.page.route(f"{chat.site.chat}/**", lambda route: route.abort())
    chat.open()
    chat.button("help").click()
    chat.sheet.get_by_label(chat.word("country")).select_option("CN")
    expect(chat.sheet.locator('a[href="tel:12356"]')).to_be_visible()


def test_two_tabs_share_a_remembered_conversation_and_only_that(visit):
    one = visit()
    one.ask()
    other = visit(context=one.page.context).open()
    expect(other.messages()).to_have_count(0)
    one.settings()
    one.sheet.get_by_label(one.word("remember"), exact=True).check()
    one.button("close_settings").click()
    shared = visit(context=one.page.context).open()
    expect(shared.messages()).to_have_count(one.messages().count())
    # What is said in one is heard in the other, once.
    shared.say("how common is that?")
    expect(one.messages()).to_have_count(shared.messages().count())
    assert one.ids() == shared.ids()
    one.say(QUESTION["en"])
    expect(shared.messages()).to_have_count(one.messages().count())
    assert one.ids() == shared.ids()
    # Consent gives the conversation another token: the other tab goes on with it.
    one.page.bring_to_front()  # a page behind others paints once a second
    one.settings()
    with one.page.expect_response("**/chat/storage"):
        one.root.get_by_role("checkbox", name=one.word("consent")).check()
    one.button("close_settings").click()
    shared.say("source?")
    expect(one.messages()).to_have_count(shared.messages().count())
    expect(one.root.locator(".notice").get_by_text(one.word("ended"))).to_have_count(0)
    # A conversation of another tab's own begins and ends without them.
    expect(other.messages()).to_have_count(0)
    other.page.bring_to_front()
    other.say("hi")
    other.settings()
    other.button("new_conversation").click()
    expect(other.messages()).to_have_count(0)
    one.page.reload()
    expect(one.messages()).to_have_count(shared.messages().count())


def test_where_the_browser_forbids_storage_the_chat_works_until_the_page_goes(visit, contexts):
    context = contexts()
    context.add_init_script(NO_STORAGE)
    chat = visit(context=context)
    chat.ask()
    chat.say("how common is that?")
    expect(chat.messages("person")).to_have_count(2)
    chat.settings()
    chat.choose("theme", "dark")
    chat.sheet.get_by_label(chat.word("remember"), exact=True).check()
    chat.button("close_settings").click()
    expect(chat.root.locator("[data-theme]")).to_have_attribute("data-theme", "dark")
    chat.page.reload()
    expect(chat.launcher).to_be_visible()
    expect(chat.open().messages()).to_have_count(0)


def test_a_conversation_that_the_server_ended_is_said_and_the_next_one_begins(visit, stack, watch):
    watch.may_fail = True
    chat = visit()
    chat.ask()
    old = chat.token()
    assert chat.request(stack, "/chat/conversation", old, "DELETE")[0] == 200
    notice = chat.root.locator(".notice").get_by_text(chat.word("ended"))
    expect(notice).to_be_visible()
    expect(chat.status).to_have_text(chat.word("ended"))
    reply = chat.say(QUESTION["en"])
    assert chat.token() != old
    assert reply[0]["template"] != "utter_error"
    expect(notice).to_be_hidden()


def test_a_stolen_token_is_worthless_on_another_site(visit, contexts, site, watch):
    watch.may_fail = True
    chat = visit()
    chat.ask()
    token = chat.token()
    replay = """async ([server, token]) => (await fetch(`${server}/chat/history`,
      { headers: { Authorization: `Bearer ${token}` } })).status"""
    page = contexts().new_page()
    page.goto(f"{site.other_origin}/elsewhere")
    assert page.evaluate(replay, [site.chat, token]) == 403
    page.goto(f"{site.chat}/chat/")
    assert page.evaluate(replay, [site.chat, token]) == 403
    page.goto(f"{site.origin}/elsewhere")
    assert page.evaluate(replay, [site.chat, token]) == 200


def test_a_site_that_is_not_allowed_gets_no_conversation(contexts, site, stack, watch):
    """The chat says that it could not be sent, and help works there too."""
    watch.may_fail = True
    stranger = Site()
    try:
        stranger.chat = site.chat
        watch.allow(stranger.origin)
        page = contexts().new_page()
        page.goto(stranger.url(lang="en", region="GB"))
        chat = Chat(page, stranger, "en").open()
        chat.type(QUESTION["en"])
        expect(chat.messages("person").locator("[data-state]").first).to_be_visible()
        expect(chat.messages("assistant")).to_have_count(0)
        chat.button("help").click()
        expect(chat.sheet.locator('a[href="tel:999"]')).to_be_visible()
        assert "session" not in chat.kept()
    finally:
        stranger.close()


def test_a_message_sent_while_the_server_is_down_arrives_once_when_it_is_back(visit, stack, watch):
    """Killed, not stopped. Last in this file: the others need the server.

    One conversation is stored; the server forgets the other, and the screen does not.
    """
    watch.may_fail = True
    chat, unstored = visit().open(), visit(region="GB").open()
    chat.root.get_by_role("checkbox", name=chat.word("consent")).check()
    before = chat.ask()
    unstored.say(CRISIS["en"])
    cards = unstored.log.locator("[part=hotline]").count()
    said = unstored.ids()
    assert cards
    os.kill(stack.pid("bot"), signal.SIGKILL)
    try:
        chat.type("how common is that?")
        chat.type("source?")
        unstored.type("hi")
        waiting = chat.messages("person").locator("[data-state=waiting]")
        expect(waiting).to_have_count(2)
        expect(chat.root.locator("#offline")).to_be_visible()
        chat.button("help").click()
        chat.sheet.get_by_label(chat.word("country")).select_option("US")
        expect(chat.sheet.locator('a[href="tel:911"]')).to_be_visible()
        chat.button("close_help").click()
        chat.page.reload()  # what waits is not lost to a reload either
        expect(waiting).to_have_count(2)
    finally:
        stack.wait_for("/chat/health")
    for one in (chat, unstored):
        one.page.evaluate("dispatchEvent(new Event('online'))")
        expect(one.messages().locator("[data-state]")).to_have_count(0)
        expect(one.root.locator("[part=typing]")).to_have_count(0)
        expect(one.root.locator("#offline")).to_have_count(0)
    expect(chat.messages()).to_have_count(len(chat.history(stack)))  # it reads the history again
    ids = chat.ids()
    assert sorted(ids) == sorted(chat.history(stack))
    assert len({*ids}) == len(ids)
    assert {message["id"] for message in before} <= {*ids}
    mine = chat.messages("person").locator("[part=bubble]")
    expect(mine).to_have_text([QUESTION["en"], "how common is that?", "source?"])
    expect(chat.messages("person").last).not_to_contain_text(WORDS["waiting"]["en"])
    new = unstored.history(stack)
    assert new
    assert unstored.ids() == said + new
    expect(unstored.log.locator("[part=hotline]").nth(cards - 1)).to_be_attached()
    unstored.page.reload()  # what the server has is still there
    expect(unstored.messages()).to_have_count(len(new))
