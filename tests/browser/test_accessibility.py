"""For everybody: automatic checks, keyboard only, screen readers, large text, less motion."""

import json
import re

import jwt
import pytest
from playwright.sync_api import expect

from bot.paths import ROOT
from tests.browser.chat import CRISIS, QUESTION, WORDS, Chat, answer_with
from tests.browser.conftest import KEY

AXE = ROOT / "widget" / "node_modules" / "axe-core" / "axe.min.js"
REPORTS = ROOT / "results" / "axe"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_AXE = """tags => axe.run({ runOnly: { type: "tag", values: tags },
  resultTypes: ["violations", "incomplete"] })"""
TALK = {
    "en": [QUESTION["en"], "how common is that?", "source?", "can my nerves be damaged?", "hi"],
    "zh": [QUESTION["zh"], "有多常见？", "出处呢", "会伤到神经吗", "你好"],
}


def axe(chat, name):
    """Run axe, keep its report, and return the broken rules with where they are broken."""
    report = chat.page.evaluate(_AXE, RULES)
    assert len(report["passes"]) > 10  # it ran
    short = {key: report[key] for key in ("violations", "incomplete", "testEngine")}
    short["passes"] = [rule["id"] for rule in report["passes"]]
    REPORTS.mkdir(parents=True, exist_ok=True)
    file = REPORTS / f"{name}.json"
    file.write_text(json.dumps(short, ensure_ascii=False, indent=1), "utf-8")
    return [
        (name, rule["id"], rule["help"], [node["html"][:120] for node in rule["nodes"]])
        for rule in report["violations"]
    ]


# What is narrower or lower than 44 px; a label counts as part of its box. Links in the text of a
# source are as high as their line, and a box is as high as its label.
SMALL = """root => [...root.shadowRoot.querySelectorAll(
    "button, a, select, input, summary, textarea")]
  .filter(one => one.checkVisibility() && !one.closest("[hidden]"))
  .map(one => [one.outerHTML.slice(0, 80), one.getBoundingClientRect(),
               (one.closest("label") ?? one).getBoundingClientRect()])
  .filter(([what, , box]) => (box.width < 44 || box.height < 44) && !/^<a [^>]*https:/.test(what))
  .map(([what]) => what)"""
WORDS_OF_A_STEP = [
    {"type": "paragraph", "text": "One thing you could try."},
    {"type": "step", "text": "Breathe out slowly.", "number": 1, "of": 3},
    {"type": "own", "label": "I notice it by", "text": "my shoulders"},
    {"type": "download", "title": "My plan", "name": "plan.txt", "content": "1. Breathe"},
]


@pytest.mark.parametrize("theme, lang, size", [("light", "en", "desktop"), ("dark", "zh", "phone")])
def test_no_rule_of_axe_is_broken_in_any_state(visit, stack, watch, theme, lang, size):
    watch.may_fail = True
    chat = visit(lang=lang, size=size, theme=theme, region="GB", leave_url="/elsewhere")
    chat.page.evaluate(AXE.read_text("utf-8"))  # as a test tool, past the page's policy
    broken = []

    def check(state):
        broken.extend(axe(chat, f"{theme}-{lang}-{size}-{state}"))

    check("closed")
    chat.open()
    check("open")
    for text in TALK[lang]:
        chat.say(text)
    chat.messages("assistant").first.locator("summary").click()
    check("long conversation")
    chat.say(CRISIS[lang])
    expect(chat.log.locator("[part=hotline]").first).to_be_visible()
    check("crisis card")
    chat.settings()
    chat.button("delete").click()
    check("settings")
    chat.button("help").click()
    check("help")
    chat.button("close_help").click()
    sender = jwt.decode(chat.token(), options={"verify_signature": False})["sub"]
    said = {"conversation": sender, "label": "Li Na", "text": "I read what you wrote."}
    chat.button("close").click()
    stack.request("/chat/counsellor", said, token=KEY)
    expect(chat.launcher.locator("[part=badge]")).to_be_visible()
    check("unread")
    chat.open()
    expect(chat.messages("counsellor")).to_be_visible()
    check("counsellor")
    step = {"id": "step", "author": "assistant", "language": lang, "time": 1.7e9, "template": "x"}
    answer_with(chat.page, [{**step, "text": "x", "blocks": WORDS_OF_A_STEP}])
    chat.say("hi")
    check("step")
    chat.page.unroute("**/chat/messages")
    chat.page.route("**/chat/messages", lambda route: route.fulfill(status=400))
    chat.type("hello?")
    expect(chat.messages("person").get_by_role("alert")).to_be_visible()
    check("refused")
    chat.page.unroute("**/chat/messages")
    chat.page.route("**/chat/messages", lambda route: route.abort())
    chat.type("hello?")
    expect(chat.root.locator("#offline")).to_be_visible()
    check("error")
    chat.request(stack, "/chat/conversation", method="DELETE")
    expect(chat.root.locator(".notice").get_by_text(chat.word("ended"))).to_be_visible()
    check("ended")
    assert broken == []


def test_no_rule_of_axe_is_broken_on_the_pages_of_the_server(contexts, stack, site, watch):
    watch.may_fail = True  # past the policy the browser also looks for an icon
    page = contexts("phone", bypass_csp=True).new_page()  # for axe itself
    page.goto(f"{stack.base}/chat/")
    chat = Chat(page, site, "en")
    expect(chat.input).to_be_visible()
    page.evaluate(AXE.read_text("utf-8"))
    chat.say(QUESTION["en"])
    broken = axe(chat, "page")
    for name in ("demo", "embed", "safety"):
        for lang in ("", "zh"):
            page.goto(f"{stack.base}/{name}/{lang}")
            page.evaluate(AXE.read_text("utf-8"))
            if name != "safety":
                expect(chat.launcher).to_be_visible()
            broken += axe(chat, f"{name}{lang and '-'}{lang}")
    assert broken == []


def test_whatever_is_pressed_is_large_enough(visit):
    chat = visit(size="phone", region="CN")
    small = chat.root.evaluate(SMALL)
    chat.open()
    small += chat.root.evaluate(SMALL)
    chat.say(CRISIS["en"])
    small += chat.root.evaluate(SMALL)
    chat.button("help").click()
    small += chat.root.evaluate(SMALL)
    chat.button("settings").click()
    expect(chat.button("delete")).to_be_visible()
    small += chat.root.evaluate(SMALL)
    assert small == []


def focus(chat):
    """Return what has the focus, and check that this can be seen where it is."""
    at = chat.focused(
        """(() => { const s = getComputedStyle(at), box = at.getBoundingClientRect();
        const name = at.getAttribute("aria-label") || at.innerText || at.id;
        return { id: at.id, tag: at.localName, part: at.getAttribute("part"), name: name.trim(),
          seen: s.outlineStyle !== "none" && parseFloat(s.outlineWidth) >= 2,
          inside: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
          of: !!at.getRootNode().host }; })()"""
    )
    if at["of"] and at["tag"] != "h3":  # a heading is only where reading begins
        assert at["seen"], at
        assert at["inside"], at
    return at


def tab_to(chat, wanted, keys="Tab"):
    """Press a key until the focus is on something; return what was on the way."""
    way = []
    for _ in range(40):
        chat.page.keyboard.press(keys)
        at = focus(chat)
        way.append(at)
        if wanted(at):
            return way
    raise AssertionError([(at["tag"], at["id"], at["name"]) for at in way])


@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_everything_works_with_the_keyboard_alone(visit, size):
    chat = visit(size=size, region="GB")
    keyboard = chat.page.keyboard
    tab_to(chat, lambda at: at["id"] == "launcher")
    keyboard.press("Enter")
    expect(chat.input).to_be_focused()
    focus(chat)
    keyboard.type(QUESTION["en"])
    chat.answered(lambda: keyboard.press("Enter"))
    expect(chat.input).to_be_focused()
    # Back through the conversation: sources unfold, a suggestion is taken.
    tab_to(chat, lambda at: at["tag"] == "summary", "Shift+Tab")
    keyboard.press("Enter")
    expect(chat.log.locator("details[open] li").first).to_be_visible()
    tab_to(chat, lambda at: at["part"] == "choice")
    chat.answered(lambda: keyboard.press("Enter"))
    expect(chat.messages("person")).to_have_count(2)
    # Up to the header.
    tab_to(chat, lambda at: at["id"] == "settings", "Shift+Tab")
    keyboard.press("Enter")
    expect(chat.root.locator("#sheet-title")).to_be_focused()
    tab_to(chat, lambda at: at["tag"] == "select")
    keyboard.press("ArrowDown")
    expect(chat.root.locator("select[name=language]")).to_have_value("en")
    keyboard.press("Escape")
    expect(chat.sheet).to_be_hidden()
    expect(chat.root.locator("#settings")).to_be_focused()
    tab_to(chat, lambda at: at["id"] == "help", "Shift+Tab")
    keyboard.press("Enter")
    way = tab_to(chat, lambda at: at["part"] == "call")
    assert any(at["part"] == "country" for at in way)
    keyboard.press("Escape")
    keyboard.press("Escape")
    expect(chat.panel).to_be_hidden()
    expect(chat.launcher).to_be_focused()
    focus(chat)


def test_on_a_phone_the_focus_stays_in_the_open_chat_and_on_a_desktop_it_may_go_on(visit):
    phone = visit(size="phone").open()
    for _ in range(25):
        phone.page.keyboard.press("Tab")
        assert phone.focused("at.localName === 'body' || at.getRootNode() !== document")
    desktop = visit().open()
    tab_to(desktop, lambda at: not at["of"], "Shift+Tab")


def test_a_phone_on_its_side_has_the_whole_screen_and_keeps_the_focus(visit):
    chat = visit(size="phone", region="GB").open()
    chat.input.fill("can it")
    chat.page.set_viewport_size({"width": 740, "height": 360})
    expect(chat.panel).to_have_js_property("offsetHeight", 360)
    assert chat.box(chat.panel) == {"x": 0, "y": 0, "width": 740, "height": 360}
    expect(chat.input).to_be_focused()
    # The keyboard takes the lower half: the panel ends above it, and what one writes is seen.
    chat.page.evaluate(
        """() => { Object.defineProperty(visualViewport, "height", { value: 190 });
          visualViewport.dispatchEvent(new Event("resize")); }"""
    )
    expect(chat.panel).to_have_js_property("offsetHeight", 190)
    field = chat.box(chat.input)
    assert field["y"] + field["height"] <= 190
    chat.button("help").click()
    country = chat.sheet.get_by_label(chat.word("country"))
    country.focus()
    # To a wide screen: a panel in the corner again, with the focus where it was.
    chat.page.set_viewport_size({"width": 1280, "height": 800})
    expect(country).to_be_focused()
    assert chat.box(chat.panel)["width"] < 500
    expect(chat.input).to_have_value("can it")


def tree(chat):
    """Return the browser's accessibility tree in reading order: role, name, properties."""
    session = chat.page.context.new_cdp_session(chat.page)
    nodes = {n["nodeId"]: n for n in session.send("Accessibility.getFullAXTree")["nodes"]}
    session.detach()
    found = []

    def walk(node):
        if not node["ignored"]:
            properties = {p["name"]: p["value"].get("value") for p in node.get("properties", [])}
            name = node.get("name", {}).get("value", "")
            found.append((node["role"]["value"], name, properties))
        for child in node.get("childIds", []):
            walk(nodes[child])

    walk(next(node for node in nodes.values() if not node.get("parentId")))
    return found


@pytest.mark.parametrize("lang, size", [("zh", "desktop"), ("en", "phone")])
def test_a_screen_reader_meets_names_and_messages_in_their_order(visit, lang, size):
    chat = visit(lang=lang, size=size)
    closed = tree(chat)
    launcher = [one for one in closed if one[:2] == ("button", chat.word("launcher"))]
    assert [one[2]["expanded"] for one in launcher] == [False]
    reply = chat.ask()
    chat.say(TALK[lang][1])
    nodes = tree(chat)
    roles = [(role, name) for role, name, _ in nodes]
    assert ("dialog", chat.word("region_label")) in roles
    log = next(one for one in nodes if one[0] == "log")
    assert log[1] == chat.word("log")
    assert log[2]["live"] == "polite"
    assert ("textbox", chat.word("composer")) in roles
    for word in ("help", "leave", "settings", "close", "send"):
        assert roles.count(("button", chat.word(word))) == 1, word
    controls = {"button", "link", "textbox", "checkbox", "combobox", "DisclosureTriangle"}
    assert [role for role, name in roles if role in controls and not name.strip()] == []
    # Who says what, in text, in the order in which it was said.
    heard = [name for role, name in roles if role == "StaticText"]
    you, upright = (chat.word("says", name=chat.word(name)) for name in ("person", "assistant"))
    at = 0
    for expected in (you, QUESTION[lang], upright, you, TALK[lang][1], upright):
        assert expected in heard[at:], expected
        at = heard.index(expected, at) + 1
    together = " ".join(heard)
    first = reply[0]["blocks"][0].get("text") or reply[0]["text"]
    assert re.sub(r"\s", "", first) in re.sub(r"\s", "", together)
    # Header, conversation, writing: the order on the screen.
    order = [("button", chat.word("help")), ("log", chat.word("log"))]
    places = [roles.index(one) for one in [*order, ("textbox", chat.word("composer"))]]
    assert places == sorted(places)


def test_the_log_itself_stays_while_messages_come(visit):
    """Screen readers hear only what is added to a live region that was there before."""
    chat = visit().open()
    chat.log.evaluate("one => { one.dataset.before = 'yes'; }")
    chat.say(QUESTION["en"])
    expect(chat.log).to_have_attribute("data-before", "yes")
    first = chat.messages().first
    first.evaluate("one => { one.dataset.before = 'yes'; }")
    chat.say("how common is that?")
    expect(first).to_have_attribute("data-before", "yes")  # and does not read old ones again


def test_who_asked_for_less_motion_sees_none(visit):
    moving = "one => [one, ...one.querySelectorAll('*')].flatMap(e => e.getAnimations()).length"
    for motion, expected in (("reduce", False), ("no-preference", True)):
        chat = visit(options={"reduced_motion": motion}).open()
        chat.page.route("**/chat/messages", lambda route: None)
        chat.type(QUESTION["en"])
        expect(chat.root.locator("[part=typing]")).to_be_visible()
        assert bool(chat.root.locator("[part=typing]").evaluate(moving)) is expected


def test_with_forced_colours_edges_and_the_focus_can_be_seen(visit):
    chat = visit(options={"forced_colors": "active"})
    edge = """one => { const s = getComputedStyle(one);
      return s.borderTopStyle === "solid" && parseFloat(s.borderTopWidth) >= 1
        && s.borderTopColor !== s.backgroundColor; }"""
    assert chat.launcher.evaluate(edge)
    reply = chat.ask()
    assert chat.messages("person").locator("[part=bubble]").evaluate(edge)
    assert chat.message(reply[0]["id"]).locator("[part=bubble]").evaluate(edge)
    assert chat.input.evaluate(edge)
    assert chat.button("send").evaluate(edge)
    chat.page.keyboard.press("Tab")
    focus(chat)
    chat.page.keyboard.press("Shift+Tab")
    focus(chat)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_text_of_twice_the_size_fits_a_phone(visit, lang):
    chat = visit(lang=lang, size="phone", region="CN")
    session = chat.page.context.new_cdp_session(chat.page)
    session.send("Page.setFontSizes", {"fontSizes": {"standard": 32, "fixed": 32}})
    chat.page.reload()
    wide = """root => [document.documentElement, ...root.shadowRoot.querySelectorAll(
      ".panel, .header, .log, .sheet, .composer, [part=bubble]")]
      .filter(one => one.checkVisibility() && one.scrollWidth > one.clientWidth + 1)
      .map(one => one.outerHTML.slice(0, 60))"""
    out = """root => [...root.shadowRoot.querySelectorAll("button, a, select, textarea")]
      .filter(one => one.checkVisibility()).map(one => [one.outerHTML.slice(0, 80),
        one.getBoundingClientRect()]).filter(([, box]) => box.width
        && (box.left < 0 || box.right > innerWidth + 1)).map(([what]) => what)"""
    assert chat.root.evaluate(wide) == []
    chat.open()
    title = chat.root.locator("#title")
    assert title.evaluate("one => parseFloat(getComputedStyle(one).fontSize)") >= 32
    reply = chat.ask()
    assert reply
    chat.say(CRISIS[lang])
    assert chat.root.evaluate(wide) + chat.root.evaluate(out) == []
    # The conversation keeps room to be read in.
    assert chat.box(chat.log)["height"] >= 200
    chat.settings()
    assert chat.root.evaluate(wide) + chat.root.evaluate(out) == []
    chat.button("help").click()
    assert chat.root.evaluate(wide) + chat.root.evaluate(out) == []
    expect(chat.panel.get_by_text(WORDS["help_danger"][lang])).to_be_visible()
