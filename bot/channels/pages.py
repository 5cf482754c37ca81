"""Public pages: `/safety`, made from the same data and thresholds that the assistant uses."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from rasa.core.channels.channel import InputChannel
from sanic import Blueprint, response
from sanic.request import Request
from sanic.response import HTTPResponse

from actions.knowledge.schema import LANGUAGES, Language
from bot.channels.files import HEADERS, STATIC
from bot.content import ContentError, load_yaml
from bot.paths import DATA
from bot.safety.classifier import read_examples
from bot.safety.model import CHINESE, THRESHOLDS
from bot.safety.runtime import load_assessor, load_hotlines
from bot.words import load_words

# Templates shown as examples of what is said, with the words around them from the same data.
_SHOWN = (
    *("utter_crisis_ask_plain", "utter_crisis_lines", "utter_crisis_imminent"),
    *("utter_crisis_other", "utter_crisis_barrier", "utter_emergency_now"),
    *("utter_emergency_today", "utter_crisis_safe"),
)


class PublicPages(InputChannel):
    """Serves `/safety/` (English) and `/safety/zh`; takes no messages."""

    @classmethod
    def name(cls) -> str:
        """Return the channel's name."""
        return "safety"

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> PublicPages:
        """Create the channel; it has no options."""
        return cls()

    def url_prefix(self) -> str:
        """Return the address of the page."""
        return "/safety"

    def blueprint(self, on_new_message: Any) -> Blueprint:
        """Return the routes."""
        routes = Blueprint("public_pages")

        @routes.get("/")
        async def english(_: Request) -> HTTPResponse:
            return response.html(safety_page("en"), headers=HEADERS)

        @routes.get("/zh")
        async def chinese(_: Request) -> HTTPResponse:
            return response.html(safety_page("zh"), headers=HEADERS)

        @routes.get("/page.css")
        async def style(_: Request) -> HTTPResponse:
            body = (STATIC / "page.css").read_bytes()
            return response.raw(body, headers=HEADERS, content_type="text/css; charset=utf-8")

        return routes


def safety_page(language: Language) -> str:
    """Return the page as HTML."""
    words = load_page_words()
    templates = Environment(
        loader=FileSystemLoader(STATIC), autoescape=True, undefined=StrictUndefined
    )
    known = load_words()
    values = known.safety_values(None, language)
    said = [known.render(name, values, language)["text"] for name in _SHOWN]
    numbers = {
        "rules": load_assessor().size,
        "examples": len(read_examples()),
        "crisis": (CHINESE if language == "zh" else THRESHOLDS).crisis,
        "emergency": THRESHOLDS.emergency,
        "distress": THRESHOLDS.distress,
        "after_distress": THRESHOLDS.crisis_after_distress,
    }
    return templates.get_template("safety.html").render(
        language="zh-CN" if language == "zh" else "en",
        other="/safety/" if language == "zh" else "/safety/zh",
        t=_in_language(words, language),
        how=words["how"][language].format(**numbers),
        said=said,
        lines=[_row(line, language) for line in load_hotlines().all if line.show],
        figures=_figures(words, language),
    )


def _row(line: Any, language: Language) -> tuple[str, str, str, str, str]:
    words = load_page_words()
    hours = "24/7" if line.always_open else words["varies"][language]
    if not isinstance(line.hours, str):
        hours = words["limited"][language]
    country = load_words().knowledge.country_name(line.country, language)
    return country, line.name[language], line.contact[language], hours, line.checked or ""


def _figures(words: Mapping[str, Any], language: Language) -> list[tuple[str, list[str]]]:
    """Return the rows of measured figures: name, and share with interval by language."""
    file = DATA / "safety" / "figures.json"
    if not file.exists():
        return []
    measured = json.loads(file.read_text("utf-8"))["measures"]
    rows = []
    for name, label in words["measures"].items():
        cells = [measured[lang][name] for lang in LANGUAGES]
        rows.append((label[language], [_share(cell) for cell in cells]))
    return rows


def _share(cell: Mapping[str, Any]) -> str:
    low, high = cell["interval"]
    share = 100 * cell["right"] / cell["n"]
    return f"{share:.1f} % ({100 * low:.1f}–{100 * high:.1f}, n={cell['n']})"


def _in_language(node: Any, language: Language) -> Any:
    """Return the words with every {en, zh} pair replaced by one language's text."""
    if isinstance(node, dict):
        if set(node) == set(LANGUAGES):
            return node[language]
        return {key: _in_language(value, language) for key, value in node.items()}
    return [_in_language(item, language) for item in node]


@functools.lru_cache(maxsize=1)
def load_page_words() -> dict[str, Any]:
    """Return the words of the page. Raises ContentError where a text has one language only."""
    file = DATA / "safety" / "page.yml"
    words: dict[str, Any] = load_yaml(file)
    _check(words, file)
    return words


def _check(node: Any, file: Any) -> None:
    if isinstance(node, list):
        for item in node:
            _check(item, file)
    elif isinstance(node, dict):
        if set(node) & set(LANGUAGES):
            if set(node) != set(LANGUAGES) or not all(isinstance(t, str) for t in node.values()):
                raise ContentError(file, getattr(node, "line", 0), "a text needs en and zh")
            return
        for item in node.values():
            _check(item, file)
    else:
        raise ContentError(file, 0, f"{node!r} has no language")
