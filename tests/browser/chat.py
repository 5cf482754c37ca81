"""The chat as a person meets it: what is on the page, and what one does with it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import yaml
from playwright.sync_api import BrowserContext, Locator, Page, Response, Route, expect

from bot.paths import DATA
from tests.browser.site import Site
from tests.e2e.stack import Stack

_DATA = yaml.safe_load((DATA / "widget" / "words.yml").read_text("utf-8"))
WORDS: dict[str, dict[str, str]] = _DATA["words"]
STARTERS: list[dict[str, str]] = _DATA["starters"]
# A question with sources in its answer, by language.
QUESTION = {"en": "can it get infected?", "zh": "断骨增高会感染吗"}
CRISIS = {"en": "i want to kill myself", "zh": "我不想活了"}

# The element that has the focus, through shadow trees.
_ACTIVE = """() => { let at = document.activeElement;
  while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement; return at; }"""


class Watch:
    """What the pages of a test did; `may_fail`: the test makes requests fail."""

    def __init__(self, *bases: str) -> None:
        self.wrong: list[str] = []
        self.requests: list[tuple[str, str]] = []
        self.failed: list[str] = []
        self.may_fail = False
        self._bases = tuple(f"{base}/" for base in bases)

    def add(self, context: BrowserContext) -> None:
        """Watch all pages of a context."""
        context.on("weberror", lambda error: self.wrong.append(f"uncaught: {error.error}"))
        context.on("console", self._console)
        context.on("dialog", self._dialog)
        context.on("request", lambda request: self.requests.append((request.method, request.url)))

    def _console(self, message: Any) -> None:
        if message.type == "error":
            # The browser's line about an answer of 4xx or none; other errors are faults.
            failed = message.text.startswith("Failed to load resource") or (
                "blocked by CORS policy" in message.text and self.may_fail
            )
            (self.failed if failed else self.wrong).append(message.text)

    def _dialog(self, dialog: Any) -> None:
        self.wrong.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def allow(self, base: str) -> None:
        """Let pages ask another server as well."""
        self._bases += (f"{base}/",)

    def check(self) -> None:
        """Fail for an error, a violation of a policy, or a request to somebody else."""
        strangers = [
            url
            for _, url in self.requests
            if not url.startswith((*self._bases, "blob:", "about:", "data:"))
        ]
        assert self.wrong == []
        assert strangers == []
        assert self.failed == [] or self.may_fail


class Chat:
    """One widget of a page."""

    def __init__(self, page: Page, site: Site, lang: str, selector: str = "upright-chat") -> None:
        self.page = page
        self.site = site
        self.lang = lang
        self.root = page.locator(selector)
        self.launcher = self.root.locator("#launcher")
        self.panel = self.root.locator("#panel")
        self.input = self.root.locator("#text")
        self.log = self.root.get_by_role("log")
        self.sheet = self.root.locator("#sheet")
        self.status = self.root.locator("#status")

    def word(self, name: str, /, **values: object) -> str:
        """Return a word of the interface in the page's language."""
        return WORDS[name][self.lang].format(**values)

    def button(self, name: str) -> Locator:
        """Return a button of the panel by its word."""
        return self.root.get_by_role("button", name=self.word(name), exact=True)

    def open(self) -> Chat:
        """Open the panel with the launcher."""
        self.launcher.click()
        expect(self.input).to_be_focused()
        return self

    def messages(self, author: str | None = None) -> Locator:
        """Return the messages shown, of one author or all."""
        kind = f"[data-author={author}]" if author else "[data-author]"
        return self.root.locator(f"article{kind}")

    def message(self, message_id: str) -> Locator:
        """Return the message with an id."""
        quoted = json.dumps(message_id, ensure_ascii=False)
        return self.root.locator(f"article[data-id={quoted}]")

    def ids(self) -> list[str]:
        """Return the ids of the messages shown, in order."""
        found = self.messages().evaluate_all("all => all.map(one => one.dataset.id)")
        return list(found)

    def answered(self, act: Callable[[], object]) -> list[dict[str, Any]]:
        """Do something that sends a message; return the reply once it is shown."""
        with self.page.expect_response(is_answer) as waiting:
            act()
        messages: list[dict[str, Any]] = waiting.value.json()["messages"]
        for message in messages:
            expect(self.message(message["id"])).to_be_attached()
        expect(self.root.locator("[part=typing]")).to_have_count(0)
        return messages

    def type(self, text: str) -> None:
        """Write and send, not waiting for an answer."""
        self.input.fill(text)
        self.input.press("Enter")

    def say(self, text: str) -> list[dict[str, Any]]:
        """Write and send; return the reply once it is shown."""
        return self.answered(lambda: self.type(text))

    def ask(self) -> list[dict[str, Any]]:
        """Open the chat if need be and ask the usual question."""
        if self.launcher.is_visible():
            self.open()
        return self.say(QUESTION[self.lang])

    def settings(self) -> Chat:
        """Open the settings."""
        self.button("settings").click()
        expect(self.sheet).to_be_visible()
        return self

    def choose(self, name: str, value: str) -> None:
        """Choose in a list of the settings."""
        self.sheet.locator(f"select[name={name}]").select_option(value)

    def kept(self) -> dict[str, Any]:
        """Return what the tab keeps, by the last part of its name."""
        items = self.page.evaluate("Object.entries(sessionStorage)")
        return {key.rpartition(":")[2]: json.loads(value) for key, value in items}

    def token(self) -> str:
        """Return the token of the conversation."""
        return str(self.kept()["session"]["token"])

    def request(
        self, stack: Stack, path: str, token: str = "", method: str | None = None
    ) -> tuple[int, Any]:
        """Ask the server as a page of the site would, with the tab's token or another."""
        token = token or self.token()
        return stack.request(path, token=token, method=method, origin=self.site.origin)

    def history(self, stack: Stack) -> list[str]:
        """Return the ids of the messages that the server has, in order."""
        status, answer = self.request(stack, "/chat/history")
        assert status == 200
        return [message["id"] for message in answer["messages"]]

    def focused(self, what: str) -> Any:
        """Evaluate an expression over `at`, the element that has the focus."""
        return self.page.evaluate(f"() => {{ const at = ({_ACTIVE})(); return {what}; }}")

    def look_away(self, hidden: bool = True) -> None:
        """Let the page believe that nobody sees it, or that somebody does again."""
        self.page.evaluate(
            """hidden => { Object.defineProperty(document, "hidden",
                 { value: hidden, configurable: true });
               document.dispatchEvent(new Event("visibilitychange")); }""",
            hidden,
        )

    def box(self, locator: Locator) -> dict[str, float]:
        """Return where something is, in pixels."""
        found = locator.bounding_box()
        assert found is not None
        return dict(found)


def is_answer(response: Response) -> bool:
    """Whether a response is the reply to a message."""
    return (
        response.url.endswith("/chat/messages")
        and response.request.method == "POST"
        and response.status == 200
    )


def answer_with(page: Page, messages: list[dict[str, Any]]) -> None:
    """Let the next messages be answered with `messages`, as if the server said them."""

    def fulfil(route: Route) -> None:
        headers = {"Access-Control-Allow-Origin": "*"}
        route.fulfill(json={"messages": messages}, headers=headers)

    page.route("**/chat/messages", fulfil)
