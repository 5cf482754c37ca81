"""What a person may decide: language, look, what is kept, taking along, deleting, leaving."""

import json
import time

import pytest
from playwright.sync_api import expect

from tests.browser.chat import QUESTION, WORDS

LANGUAGES = pytest.mark.parametrize("lang", ["en", "zh"])


def is_over(chat, stack, token):
    """Whether a conversation is gone from the server, or goes within a moment."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        if chat.request(stack, "/chat/history", token)[0] == 401:
            return True
        time.sleep(0.05)
    return False


@LANGUAGES
def test_the_language_can_be_chosen(visit, lang):
    chat = visit(lang=lang).open()
    other = {"en": "zh", "zh": "en"}[lang]
    chat.settings()
    chat.choose("language", other)
    expect(chat.root.locator("#sheet-title")).to_have_text(WORDS["settings"][other])
    root = chat.root.locator("[data-theme]")
    expect(root).to_have_attribute("lang", {"en": "en", "zh": "zh-Hans"}[other])
    chat.lang = other
    chat.button("close_settings").click()
    expect(chat.panel.get_by_text(chat.word("opening_program"))).to_be_visible()
    # It is also the language of answers, whatever one writes in.
    reply = chat.say(QUESTION[lang])
    assert {message["language"] for message in reply} == {other}
    chat.page.reload()
    expect(chat.button("help")).to_be_visible()


def test_the_text_size_can_be_chosen_and_is_kept(visit):
    chat = visit(size="phone")
    reply = chat.ask()
    text = chat.message(reply[0]["id"]).locator(".text").first
    size = "one => parseFloat(getComputedStyle(one).fontSize)"
    normal = text.evaluate(size)
    assert normal >= 16
    sizes = [normal]
    for value in ("2", "3"):
        chat.settings()
        chat.choose("size", value)
        chat.button("close_settings").click()
        sizes.append(text.evaluate(size))
    assert sizes[0] < sizes[1] < sizes[2]
    assert sizes[2] >= 1.4 * sizes[0]
    assert chat.panel.evaluate("one => one.scrollWidth - one.clientWidth") <= 0
    chat.page.reload()
    chat.open()
    expect(text).to_be_visible()
    assert text.evaluate(size) == sizes[2]


@pytest.mark.parametrize("device", ["light", "dark"])
def test_the_colours_follow_the_device_until_one_chooses(visit, device):
    chat = visit(options={"color_scheme": device}).open()
    lightness = """one => { const [r, g, b] = getComputedStyle(one).backgroundColor
      .match(/[\\d.]+/g).map(Number); return (0.2126 * r + 0.7152 * g + 0.0722 * b) / 255; }"""

    def is_dark():
        return chat.panel.evaluate(lightness) < 0.3

    assert is_dark() == (device == "dark")
    chat.page.emulate_media(color_scheme={"dark": "light", "light": "dark"}[device])
    expect(chat.root.locator("[data-theme]")).not_to_have_attribute("data-theme", device)
    assert is_dark() == (device == "light")
    chat.settings()
    for value in ("dark", "light"):
        chat.choose("theme", value)
        expect(chat.root.locator("[data-theme]")).to_have_attribute("data-theme", value)
        assert is_dark() == (value == "dark")


def test_consent_is_given_withdrawn_and_shown(visit, stack, watch):
    watch.may_fail = True
    chat = visit().open()
    consent = chat.root.get_by_role("checkbox", name=chat.word("consent"))
    consent.check()
    chat.ask()
    assert chat.kept()["session"]["stored"] is True
    token = chat.token()
    chat.settings()
    expect(consent).to_be_checked()
    chat.page.route("**/chat/storage", lambda route: route.abort(), times=1)  # asks once more
    with chat.page.expect_response("**/chat/storage"):
        consent.uncheck()
    expect(consent).not_to_be_checked()
    chat.page.wait_for_function(
        "old => !Object.values(sessionStorage).some(value => value.includes(old))", arg=token
    )
    assert chat.kept()["session"]["stored"] is False
    assert chat.request(stack, "/chat/history", token)[0] == 401
    chat.button("close_settings").click()
    chat.say("how common is that?")
    assert chat.messages("person").count() == 2


def test_consent_that_cannot_be_given_is_not_shown_as_given(visit, watch):
    watch.may_fail = True
    chat = visit()
    chat.ask()
    chat.page.route("**/chat/storage", lambda route: route.abort())
    chat.settings()
    consent = chat.root.get_by_role("checkbox", name=chat.word("consent"))
    consent.click()
    expect(chat.root.get_by_role("alert")).to_have_text(chat.word("went_wrong"))
    expect(consent).not_to_be_checked()


def test_a_new_conversation_begins_with_nothing(visit, stack):
    chat = visit()
    chat.ask()
    old = chat.token()
    chat.settings()
    chat.button("new_conversation").click()
    expect(chat.messages()).to_have_count(0)
    expect(chat.panel.get_by_text(chat.word("opening_title"))).to_be_visible()
    expect(chat.input).to_be_focused()
    assert is_over(chat, stack, old)  # nobody agreed to keep it
    chat.say(QUESTION["en"])
    assert chat.token() != old


@pytest.mark.parametrize("lang, form", [("zh", "text"), ("en", "json")])
def test_one_takes_the_conversation_along(visit, lang, form):
    chat = visit(lang=lang)
    reply = chat.ask()
    chat.settings()
    with chat.page.expect_download() as waiting:
        chat.button(f"export_{form}").click()
    download = waiting.value
    assert download.suggested_filename == {"text": "upright.txt", "json": "upright.json"}[form]
    content = download.path().read_text("utf-8")
    assert QUESTION[lang] in content
    assert all(message["text"] in content for message in reply) or form == "json"
    if form == "json":
        said = [message["text"] for message in json.loads(content)["messages"]]
        assert said == [QUESTION[lang], *(message["text"] for message in reply)]
    expect(chat.status).to_have_text(chat.word("saved"))


@LANGUAGES
def test_deleting_asks_first_and_then_everything_is_gone(visit, stack, lang):
    chat = visit(lang=lang).open()
    consent = chat.root.get_by_role("checkbox", name=chat.word("consent"))
    consent.check()
    chat.ask()
    token = chat.token()
    chat.settings()
    chat.button("delete").click()
    expect(chat.button("delete_no")).to_be_focused()
    chat.button("delete_no").click()
    expect(chat.button("delete")).to_be_focused()
    assert chat.request(stack, "/chat/history", token)[0] == 200
    chat.button("delete").click()
    chat.button("delete_yes").click()
    expect(chat.status).to_have_text(chat.word("deleted"))
    expect(chat.messages()).to_have_count(0)
    expect(chat.panel.get_by_text(chat.word("opening_title"))).to_be_visible()
    assert chat.request(stack, "/chat/history", token)[0] == 401
    assert "session" not in chat.kept()
    expect(consent).not_to_be_checked()  # whoever comes next is asked anew
    chat.page.reload()
    expect(chat.messages()).to_have_count(0)


def test_a_deletion_that_failed_says_so_and_deletes_nothing(visit, stack, watch):
    watch.may_fail = True
    chat = visit()
    chat.ask()
    chat.page.route("**/chat/conversation", lambda route: route.abort())
    chat.settings()
    chat.button("delete").click()
    chat.button("delete_yes").click()
    expect(chat.root.get_by_role("alert")).to_have_text(chat.word("went_wrong"))
    assert chat.request(stack, "/chat/history")[0] == 200
    assert chat.messages().count() > 1


@pytest.mark.parametrize("remembered", [False, True])
def test_leaving_quickly_leaves_nothing_behind(visit, site, stack, remembered):
    # Where it goes is the same origin, so that what the tab still keeps can be read.
    chat = visit(leave_url=f"{site.origin}/elsewhere")
    before = site.url("plain", lang="en")
    chat.page.goto(before)
    chat.page.goto(site.url(lang="en", leave_url=f"{site.origin}/elsewhere"))
    chat.ask()
    token = chat.token()
    if remembered:
        chat.settings()
        chat.sheet.get_by_label(chat.word("remember"), exact=True).check()
        chat.choose("size", "3")
    chat.button("leave").click()
    chat.page.wait_for_url("**/elsewhere")
    assert chat.page.evaluate("[sessionStorage.length, localStorage.length]") == [0, 0]
    chat.page.go_back()
    assert chat.page.url == before
    expect(chat.launcher).to_be_visible()
    expect(chat.open().messages()).to_have_count(0)
    assert is_over(chat, stack, token)
