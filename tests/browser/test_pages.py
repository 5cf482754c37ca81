"""The chat on pages of others: strict, hostile, right to left, with two of them."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.chat import QUESTION, Chat, answer_with
from tests.browser.conftest import KEY, SIZES

HOSTILE = {
    "script": "<script>document.title = 'pwned'</script>",
    "image": "<img src=x onerror=\"document.title = 'pwned'\">",
    "svg": "<svg><script>document.title='pwned'</script><animate onbegin=alert(1)></svg>",
    "closing tags": "</p></article></dialog></textarea><script>alert(1)</script>",
    "frame": "<iframe srcdoc='<script>parent.document.title=1</script>'></iframe>",
    "link": "javascript:document.title='pwned'",
    "markdown": "[call](javascript:alert(1)) ![x](http://evil.example/x.png) **bold** `code`",
    "template": "${document.title = 1} {{constructor.constructor('alert(1)')()}} #{7*7} <%=7%>",
    "marker": "<!--?lit$0--> {{lit-0}} <!----> \"'>`",
    "style": "<style>*{display:none!important}</style><link rel=stylesheet href=//evil.example>",
    "form": "<form action=http://evil.example><input autofocus onfocus=alert(1)></form>",
    "right to left": "\u202egnp.exe\u202c \u2067abc\u2069 \u061cمرحبا",
    "zero width": "a\u200bb\u200c\u200d\ufeff\u2060c",
    "long word": "verylong" * 60,
    "long Chinese": "很长的一句话没有标点" * 30,
    "emoji": "👩‍👩‍👧‍👦🇨🇳👍🏽❤️‍🔥",
    "combining": "z̷͖̓a̸l̵g̶o̶" * 20,
    "entities": "&lt;b&gt; &amp; &#106;avascript: %3Cscript%3E",
}
_LINK = "https://evil.example/?javascript:alert(1)"


def every_kind(text):
    """Return messages of a server gone wrong: a text in every place of every block."""
    blocks = [
        {"type": "paragraph", "text": text},
        {"type": "list", "items": [text, text]},
        {"type": "figure", "text": text, "value": text[:5], "unit": text[5:9]},
        {
            "type": "source",
            **{name: text for name in ("id", "citation", "year", "locator", "kind")},
        },
        {"type": "choices", "items": [{"title": text, "payload": text}]},
        {
            "type": "hotline",
            **{name: text for name in ("id", "name", "contact", "country")},
            "dial": [text, _LINK, "javascript:1"],
        },
        {"type": "step", "text": text, "number": text, "of": text},
        {"type": "download", "title": text, "name": text, "content": text},
        {"type": "no such type", "text": text},
    ]
    one = {"id": f"1{text}", "author": "assistant", "language": "en", "time": 1.7e9}
    answer = {**one, "template": "x", "text": text, "blocks": blocks}
    label = {"id": f"2{text}", "author": "counsellor", "label": text[:80], "template": None}
    return [answer, {**answer, **label, "blocks": blocks[:1]}]


# What is in the chat's tree that nobody of us put there.
STRANGE = """root => {
  const known = new Set(`div section dialog header h2 h3 p ul ol li strong b i span button svg path
    a details summary article time label select option input form textarea style upright-log
    upright-composer upright-message upright-opening upright-lines upright-settings`.split(/\\s+/));
  const found = [];
  for (const one of root.shadowRoot.querySelectorAll("*")) {
    if (!known.has(one.localName)) found.push(one.outerHTML);
    for (const { name, value } of one.attributes) {
      if (/^(on|src|action|formaction)/.test(name)) found.push(`${name}=${value}`);
      const ours = /^(tel:[+\\d]*$|http:\\/\\/127[^?]*\\/safety\\/)/;
      if (name === "href" && !ours.test(value)) found.push(value);
    }
  }
  return found;
}"""


def texts(locator):
    return locator.evaluate_all("all => all.map(one => one.textContent)")


def test_hostile_texts_stay_text_wherever_they_stand(visit):
    chat = visit().open()
    title, address = chat.page.title(), chat.page.url
    current = []
    chat.page.route(
        "**/chat/messages",
        lambda route: route.fulfill(
            json={"messages": every_kind(current[-1])},
            headers={"Access-Control-Allow-Origin": "*"},
        ),
    )
    for count, text in enumerate(HOSTILE.values(), 1):
        current.append(text)
        chat.answered(lambda text=text: chat.type(text))
        said = chat.messages("assistant").last
        assert texts(chat.messages("person").last.locator(".text")) == [text.strip()]
        assert texts(said.locator("p.text:not(.figure)"))[:1] == [text]
        assert texts(said.locator("[part=figure]")) == [text]
        assert texts(said.locator("ul li")) == [text, text]
        assert texts(said.locator("[part=choice]")) == [text]
        assert texts(said.locator(".line-name")) == [text]
        assert text in texts(said.locator("details li"))[0]
        label = chat.messages("counsellor").last.locator("[part=author]")
        assert texts(label) == [chat.word("says", name=text[:80])]
        expect(chat.messages("person")).to_have_count(count)
    assert chat.root.evaluate(STRANGE) == []
    wide = chat.log.evaluate("log => log.scrollWidth - log.clientWidth")
    assert wide <= 0
    for link in chat.log.locator("a").all():
        assert re.fullmatch(r"tel:\+?\d*", link.get_attribute("href"))
    assert (chat.page.title(), chat.page.url) == (title, address)
    assert len(chat.page.context.pages) == 1


def test_a_persons_own_words_are_shown_back_as_text(visit):
    chat = visit().open()
    own = {"type": "own", "label": "I notice it by", "text": HOSTILE["image"]}
    answer_with(chat.page, [{**every_kind("x")[0], "blocks": [own]}])
    chat.say("hi")
    expect(chat.messages("assistant")).to_contain_text("I notice it by", timeout=500)
    expect(chat.messages("assistant")).to_contain_text(HOSTILE["image"], timeout=500)
    assert chat.root.evaluate(STRANGE) == []


def test_hostile_texts_come_back_from_the_real_server_as_text(visit, stack):
    import jwt

    chat = visit().open()
    everything = "\n".join(HOSTILE[name] for name in HOSTILE if "long" not in name)[:1900]
    chat.say(everything)
    sender = jwt.decode(chat.token(), options={"verify_signature": False})["sub"]
    said = {"conversation": sender, "label": HOSTILE["image"], "text": HOSTILE["script"]}
    assert stack.request("/chat/counsellor", said, token=KEY)[0] == 200
    expect(chat.messages("counsellor")).to_contain_text(HOSTILE["script"])
    chat.page.reload()
    expect(chat.messages("counsellor")).to_contain_text(HOSTILE["script"])
    expect(chat.messages("person")).to_contain_text(HOSTILE["svg"])
    assert chat.root.evaluate(STRANGE) == []
    assert chat.page.title() == "All about legs"


@pytest.mark.parametrize("size", ["phone", "desktop"])
def test_under_a_strict_policy_everything_works(visit, size):
    """Violations are errors of the console, on which every test fails."""
    chat = visit("csp", size=size)
    chat.ask()
    chat.settings()
    chat.choose("size", "3")
    chat.choose("theme", "dark")
    with chat.page.expect_download():
        chat.button("export_text").click()
    chat.button("help").click()
    expect(chat.sheet.get_by_label(chat.word("country"))).to_be_visible()
    chat.button("close_help").click()
    chat.button("close").click()
    expect(chat.launcher).to_be_focused()


def test_a_site_may_pin_the_script_by_its_hash(site, stack, contexts):
    page = contexts().new_page()
    page.goto(site.url("integrity", lang="en"))
    expect(Chat(page, site, "en").launcher).to_be_visible(timeout=2000)


def looks(chat):
    """Return what a page must not change: sizes and type of launcher, panel and text."""
    launcher = chat.box(chat.launcher)
    chat.open()
    type_ = """one => { const s = getComputedStyle(one); return [s.fontSize, s.letterSpacing,
      s.textTransform, s.lineHeight, s.visibility, s.pointerEvents, s.direction]; }"""
    return {
        "launcher": launcher,
        "panel": chat.box(chat.panel),
        "title": chat.root.locator("#title").evaluate(type_),
        "opening": chat.root.get_by_text(chat.word("opening_program")).evaluate(type_),
        "input": chat.box(chat.input),
        "send": chat.box(chat.button("send")),
    }


@pytest.mark.parametrize(
    "page, size", [("hostile", "phone"), ("hostile", "desktop"), ("small-root", "desktop")]
)
def test_the_styles_of_a_page_do_not_reach_the_chat(visit, page, size):
    usual, here = visit(size=size), visit(page, size=size)
    assert looks(here) == looks(usual)


def test_on_a_page_with_hostile_styles_one_can_chat(visit):
    chat = visit("hostile")
    chat.ask()
    expect(chat.messages("assistant").first).to_be_visible()


def test_two_chats_of_a_page_are_apart(visit):
    first = visit("two")
    second = Chat(first.page, first.site, "en", "upright-chat#second")
    first = Chat(first.page, first.site, "en", "upright-chat#first")
    assert first.box(first.launcher)["x"] < 200
    assert second.box(second.launcher)["x"] > 900
    first.ask()
    second.open()
    expect(second.messages()).to_have_count(0)
    second.say("how much does it cost?")
    expect(first.messages("person")).to_have_count(1)
    expect(first.messages("person")).to_contain_text(QUESTION["en"])
    expect(second.messages("person")).to_have_count(1)
    tokens = first.page.evaluate(
        "Object.entries(sessionStorage).filter(([k]) => k.endsWith(':session')).map(([, v]) => v)"
    )
    assert len({*tokens}) == 2
    first.page.reload()
    expect(first.messages("person")).to_have_text(re.compile("infected"))
    expect(second.messages("person")).to_have_text(re.compile("cost"))


def test_on_a_page_that_runs_from_right_to_left_our_words_run_as_they_are_read(visit):
    chat = visit(dir="rtl", size="phone")
    width = SIZES["phone"]["width"]
    box = chat.box(chat.launcher)
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width
    reply = chat.ask()
    bubble = chat.message(reply[0]["id"]).locator("[part=bubble]")
    assert bubble.evaluate("one => getComputedStyle(one).direction") == "ltr"
    panel = chat.box(chat.panel)
    assert panel["x"] >= 0
    assert panel["x"] + panel["width"] <= width
    # Words of a language that runs the other way do, and say which it is; what is ours does not.
    text = "اتصل بالرقم 112 الآن"
    own = {"type": "own", "label": "I notice it by", "text": text}
    blocks = [{"type": "paragraph", "text": text}, {"type": "list", "items": [text]}, own]
    said = {"id": "ar", "author": "assistant", "language": "en", "time": 1.7e9, "template": "x"}
    answer_with(chat.page, [{**said, "tongue": "ar", "text": text, "blocks": blocks}])
    chat.say(text)
    look = """all => all.map(one => [one.getAttribute("lang"), getComputedStyle(one).direction,
      getComputedStyle(one).unicodeBidi])"""
    foreign = chat.message("ar").locator(".text, li").evaluate_all(look)
    assert [one[:2] for one in foreign] == [["ar", "rtl"]] * 3
    label = chat.message("ar").locator("[part=own] .count")
    assert label.evaluate_all(look)[0][:2] == [None, "ltr"]
    assert chat.message("ar").locator("[part=bubble]").get_attribute("lang") == "en"
    mine = chat.messages("person").last.locator(".text")
    assert mine.evaluate_all(look)[0][1:] == ["rtl", "plaintext"]
