"""A conversation: opening, asking, reading, help, a counsellor."""

import re

import jwt
import pytest
from playwright.sync_api import expect

from tests.browser.chat import CRISIS, QUESTION, STARTERS, Chat
from tests.browser.conftest import KEY

LANGUAGES = pytest.mark.parametrize("lang", ["en", "zh"])
# Each language and each size once; all four would show little more.
VIEWS = pytest.mark.parametrize("lang, size", [("en", "desktop"), ("zh", "phone")])


def test_nothing_is_asked_of_the_server_before_somebody_opens_the_chat(visit, watch):
    chat = visit()
    expect(chat.launcher).to_be_visible()
    chat.page.wait_for_load_state("networkidle")
    assert [url for _, url in watch.requests if "/chat/" in url] == [
        f"{chat.site.chat}/chat/upright.js"
    ]
    assert chat.page.evaluate("[sessionStorage.length, localStorage.length]") == [0, 0]
    chat.open()
    assert chat.kept() == {"open": True}


@VIEWS
def test_the_opening_says_what_this_is_and_what_is_kept(visit, lang, size):
    chat = visit(lang=lang, size=size).open()
    for words in ("opening_title", "opening_program", "opening_unstored", "consent_what"):
        expect(chat.panel.get_by_text(chat.word(words)).first).to_be_visible()
    expect(chat.root.get_by_role("checkbox", name=chat.word("consent"))).not_to_be_checked()
    starters = chat.root.get_by_role("group", name=chat.word("starters_label"))
    expect(starters.get_by_role("button")).to_have_text([one[lang] for one in STARTERS])
    safety = chat.root.get_by_role("link", name=chat.word("opening_safety"))
    assert chat.page.request.get(safety.get_attribute("href")).ok


def test_on_a_phone_the_panel_is_the_whole_screen_and_on_a_desktop_a_corner_of_it(visit):
    phone, desktop = visit(size="phone").open(), visit().open()
    assert phone.box(phone.panel) == {"x": 0, "y": 0, "width": 360, "height": 740}
    box = desktop.box(desktop.panel)
    assert 380 <= box["width"] <= 460
    assert 500 <= box["height"] <= 760
    assert box["x"] + box["width"] <= 1280


@VIEWS
def test_an_answer_comes_with_sources_that_unfold(visit, lang, size):
    chat = visit(lang=lang, size=size)
    reply = chat.ask()
    mine = chat.messages("person")
    expect(mine).to_have_count(1)
    expect(mine).to_contain_text(QUESTION[lang])
    sourced = next(m for m in reply if any(b["type"] == "source" for b in m["blocks"]))
    assert sourced["language"] == lang
    sources = chat.message(sourced["id"]).locator("details")
    count = sum(b["type"] == "source" for b in sourced["blocks"])
    expect(sources.locator("summary")).to_have_text(chat.word("sources", count=count))
    expect(sources.locator("li").first).to_be_hidden()
    sources.locator("summary").click()
    expect(sources.locator("li")).to_have_count(count)
    expect(sources.locator("li").first).to_be_visible()
    source = next(b for b in sourced["blocks"] if b["type"] == "source")
    expect(sources.locator("li").first).to_contain_text(source["citation"])


@LANGUAGES
def test_a_starter_and_a_quick_reply_are_sent_with_one_tap(visit, lang):
    chat = visit(lang=lang, size="phone").open()
    starter = STARTERS[0][lang]
    reply = chat.answered(lambda: chat.root.get_by_role("button", name=starter).click())
    choices = [(m["id"], b) for m in reply for b in m["blocks"] if b["type"] == "choices"]
    offered_in, block = choices[-1]
    title = block["items"][0]["title"]
    button = chat.message(offered_in).get_by_role("button", name=title, exact=True)
    more = chat.answered(button.click)
    assert more[0]["template"] != "utter_fallback"
    texts = chat.messages("person").locator("[part=bubble]")
    expect(texts).to_have_text([starter, title])


def test_the_chat_answers_in_the_language_one_writes(visit):
    chat = visit(lang="en").open()
    reply = chat.say(QUESTION["zh"])
    assert reply[0]["language"] == "zh"
    bubble = chat.message(reply[0]["id"]).locator("[part=bubble]")
    expect(bubble).to_have_attribute("lang", "zh-Hans")
    back = chat.say(QUESTION["en"])
    assert back[0]["language"] == "en"
    expect(chat.message(back[0]["id"]).locator("[part=bubble]")).to_have_attribute("lang", "en")
    # What stands there stays in its own language, and what I wrote is in mine.
    expect(bubble).to_have_attribute("lang", "zh-Hans")
    citations = chat.message(reply[0]["id"]).locator("details li span")
    spoken = citations.evaluate_all("all => all.map(one => [one.lang, one.textContent])")
    assert spoken
    for tag, citation in spoken:
        assert tag == ("zh-Hans" if re.search("[\u4e00-\u9fff]", citation) else "en")
    mine = chat.messages("person").locator("[part=bubble]")
    assert mine.evaluate_all("all => all.map(one => one.lang)") == ["zh-Hans", "en"]


@LANGUAGES
def test_a_crisis_message_brings_lines_that_can_be_called(visit, lang):
    chat = visit(lang=lang, size="phone").open()
    reply = chat.say(CRISIS[lang])
    lines = [b for m in reply for b in m["blocks"] if b["type"] == "hotline"]
    cards = chat.messages("assistant").locator("[part=hotline]")
    expect(cards).to_have_count(len(lines))
    assert lines
    numbers = [number for line in lines for number in line["dial"]]
    calls = chat.messages("assistant").locator("a[part=call]")
    found = calls.evaluate_all("all => all.map(one => one.getAttribute('href'))")
    assert found == ["tel:" + re.sub(r"[^+\d]", "", number) for number in numbers]
    assert found
    assert chat.box(calls.first)["height"] >= 44
    name = next(line["name"] for line in lines if line["dial"])
    expect(calls.first).to_have_accessible_name(re.compile(re.escape(name)))


@VIEWS
def test_help_is_one_tap_away_and_knows_the_country(visit, lang, size):
    chat = visit(lang=lang, size=size, region="CN" if lang == "zh" else "GB").open()
    chat.button("help").click()
    numbers = {"zh": ["tel:120", "tel:12356"], "en": ["tel:999", "tel:116123"]}[lang]
    for number in numbers:
        expect(chat.sheet.locator(f'a[href="{number}"]').first).to_be_visible()
    chat.sheet.get_by_label(chat.word("country")).select_option("US")
    expect(chat.sheet.locator('a[href="tel:911"]').first).to_be_visible()
    expect(chat.sheet.locator('a[href="tel:988"]').first).to_be_visible()
    # Answers name the same lines, and the choice outlives a reload.
    with chat.page.expect_request("**/chat/messages") as sent:
        chat.say(QUESTION[lang])
    assert sent.value.post_data_json["region"] == "US"
    chat.page.reload()
    if size == "phone":
        chat.open()
    chat.button("help").click()
    expect(chat.sheet.locator('a[href="tel:911"]').first).to_be_visible()
    chat.page.keyboard.press("Escape")
    expect(chat.sheet).to_be_hidden()
    expect(chat.button("help")).to_be_focused()
    expect(chat.panel).to_be_visible()


def test_help_guesses_the_country_by_the_browser_and_tells_nobody(visit):
    chat = visit().open()  # en-GB
    chat.button("help").click()
    expect(chat.sheet.locator('a[href="tel:999"]').first).to_be_visible()
    expect(chat.sheet.get_by_label(chat.word("country"))).to_have_value("GB")
    with chat.page.expect_request("**/chat/messages") as sent:
        chat.say(QUESTION["en"])
    assert "region" not in sent.value.post_data_json


def test_each_message_has_its_time_of_day(visit):
    chat = visit(options={"timezone_id": "Asia/Shanghai"})
    reply = chat.ask()
    stamp = chat.message(reply[0]["id"]).locator("time")
    shown = chat.page.evaluate(
        """time => new Date(time * 1000).toLocaleTimeString(
             "en", { hour: "2-digit", minute: "2-digit", timeZone: "Asia/Shanghai" })""",
        reply[0]["time"],
    )
    expect(stamp).to_have_text(shown)
    expect(chat.messages().locator("time")).to_have_count(chat.messages().count())


@LANGUAGES
def test_copying_an_answer_says_so_to_screen_readers(visit, contexts, site, lang):
    context = contexts(lang=lang)
    context.grant_permissions(["clipboard-read", "clipboard-write"], origin=site.origin)
    chat = visit(lang=lang, context=context)
    reply = chat.ask()
    chat.message(reply[0]["id"]).get_by_role("button", name=chat.word("copy_label")).click()
    expect(chat.status).to_have_text(chat.word("copied"))
    assert chat.page.evaluate("navigator.clipboard.readText()") == reply[0]["text"]


def test_a_forbidden_clipboard_says_what_to_do_instead(visit):
    chat = visit()
    chat.page.evaluate(
        "() => { navigator.clipboard.writeText = () => Promise.reject(new Error()); }"
    )
    chat.ask()
    chat.messages("assistant").first.locator("[part=copy]").click()
    expect(chat.root.get_by_role("alert")).to_have_text(chat.word("copy_failed"))


def test_enter_picks_a_word_while_an_input_method_composes(visit):
    chat = visit(lang="zh").open()
    keys = chat.page.context.new_cdp_session(chat.page)
    keys.send("Input.imeSetComposition", {"text": "hui", "selectionStart": 3, "selectionEnd": 3})
    for code in (229, 13):  # what Chromium sends, and what Safari sends
        enter = {"type": "rawKeyDown", "key": "Enter", "code": "Enter"}
        keys.send("Input.dispatchKeyEvent", {**enter, "windowsVirtualKeyCode": code})
    expect(chat.messages()).to_have_count(0)
    keys.send("Input.insertText", {"text": QUESTION["zh"]})
    expect(chat.input).to_have_value(QUESTION["zh"])
    expect(chat.messages()).to_have_count(0)
    chat.answered(lambda: chat.input.press("Enter"))
    expect(chat.messages("person")).to_have_count(1)


def test_enter_sends_and_shift_enter_makes_a_line(visit):
    chat = visit().open()
    chat.input.press_sequentially("can it")
    chat.input.press("Shift+Enter")
    chat.input.press_sequentially("get infected?")
    expect(chat.input).to_have_value("can it\nget infected?")
    expect(chat.messages()).to_have_count(0)
    chat.answered(lambda: chat.input.press("Enter"))
    expect(chat.input).to_have_value("")
    text = chat.messages("person").locator(".text")
    assert text.inner_text() == "can it\nget infected?"
    chat.input.press("Enter")
    chat.input.fill("   ")
    chat.input.press("Enter")
    expect(chat.messages("person")).to_have_count(1)
    # Near the end one hears how much room is left, once, and not at every key.
    chat.input.fill("a" * 1900)
    chat.input.press("a")
    expect(chat.root.locator("#left")).to_have_text(chat.word("left", count=99))
    expect(chat.root.locator("#left")).not_to_have_attribute("role", re.compile("."))
    expect(chat.status).to_have_text(chat.word("left", count=99))


@LANGUAGES
def test_a_counsellors_message_appears_under_their_name_and_counts_while_closed(visit, stack, lang):
    chat = visit(lang=lang)
    chat.ask()
    sender = jwt.decode(chat.token(), options={"verify_signature": False})["sub"]

    def counsellor(body):
        status, _ = stack.request("/chat/counsellor", {"conversation": sender, **body}, token=KEY)
        assert status == 200

    counsellor({"typing": True})
    expect(chat.root.locator("[part=typing]")).to_contain_text(chat.word("counsellor_writing"))
    text = {"en": "I read what you wrote.", "zh": "你写的，我看了。"}[lang]
    counsellor({"label": "Li Na", "text": text})
    said = chat.messages("counsellor")
    expect(said).to_contain_text(text)
    expect(said.locator("[part=author]")).to_have_text(chat.word("says", name="Li Na"))
    expect(said.locator("[part=author]")).to_be_visible()
    expect(chat.root.locator("[part=typing]")).to_have_count(0)
    chat.button("close").click()
    expect(chat.panel).to_be_hidden()
    counsellor({"label": "Li Na", "text": "Are you still there?"})
    expect(chat.launcher.locator("[part=badge]")).to_have_attribute("data-count", "1")
    expect(chat.launcher).to_have_accessible_name(chat.word("launcher_unread", count=1))
    chat.open()
    expect(said).to_have_count(2)
    chat.button("close").click()
    expect(chat.launcher.locator("[part=badge]")).to_have_count(0)


def test_the_pages_of_the_server_itself_have_a_chat(contexts, stack, site):
    page = contexts().new_page()
    page.goto(f"{stack.base}/chat/")
    chat = Chat(page, site, "en")
    expect(chat.input).to_be_visible()
    assert chat.say(QUESTION["en"])[0]["language"] == "en"
    page = contexts(lang="zh").new_page()
    page.goto(f"{stack.base}/demo/zh")
    chat = Chat(page, site, "zh").open()
    assert chat.say(QUESTION["zh"])[0]["language"] == "zh"


def test_the_configurator_writes_the_line_to_paste_and_shows_that_chat(contexts, stack, site):
    page = contexts().new_page()
    page.goto(f"{stack.base}/embed/")
    line, form = page.locator("#line"), page.locator("#choices")
    chat = Chat(page, site, "en")
    expect(chat.launcher).to_be_visible()
    expect(line).to_have_value(f'<script src="{stack.base}/chat/upright.js" async></script>')
    for name, value in (("language", "zh"), ("region", "GB"), ("position", "left")):
        form.locator(f"[name={name}]").select_option(value)
    form.locator("[name=theme]").select_option("dark")
    colours = form.locator("[name=accent] option").evaluate_all("all => all.map(one => one.value)")
    form.locator("[name=accent]").select_option(colours[-1])
    form.locator("[name=question]").fill('is "it" <safe>?')
    form.locator("[name=question]").press("Tab")
    expect(line).to_have_value(
        f'<script src="{stack.base}/chat/upright.js" data-language="zh" data-region="GB"'
        f' data-position="left" data-theme="dark" data-accent="{colours[-1]}"'
        ' data-question="is &quot;it&quot; &lt;safe&gt;?" async></script>'
    )
    chat = Chat(page, site, "zh")
    expect(chat.root.locator("[data-theme=dark]")).to_be_attached()
    assert chat.box(chat.launcher)["x"] < 200
    accent = "one => one.style.getPropertyValue('--upright-accent')"
    assert chat.root.evaluate(accent) == colours[-1]
    chat.open()
    expect(chat.panel.get_by_text(chat.word("opening_title"))).to_be_visible()
    expect(chat.root.get_by_role("button", name='is "it" <safe>?')).to_be_visible()
