"""Public pages in both languages: `/safety`, `/demo` and `/embed`.

Each is a template of `static/`, words of `data/pages/`, and values from the same data and
thresholds that the assistant uses.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from rasa.core.channels.channel import InputChannel
from sanic import Blueprint, response
from sanic.request import Request
from sanic.response import HTTPResponse

from actions.knowledge.schema import LANGUAGES, Language
from bot.channels.files import HEADERS, STATIC, file_response
from bot.content import ContentError, load_yaml
from bot.paths import DATA
from bot.safety.classifier import read_examples
from bot.safety.model import THRESHOLDS
from bot.safety.runtime import load_assessor, load_hotlines
from bot.words import load_words

# Templates shown as examples of what is said, with the words around them from the same data.
_SHOWN = (
    *("utter_crisis_ask_plain", "utter_crisis_lines", "utter_crisis_imminent"),
    *("utter_crisis_other", "utter_crisis_barrier", "utter_emergency_now"),
    *("utter_emergency_today", "utter_crisis_safe"),
)
_TAGS: Mapping[Language, str] = {"en": "en", "zh": "zh-Hans"}


@dataclass(frozen=True)
class Page:
    """A page at `/<name>/` (English) and `/<name>/zh`, with further files of `static/`.

    `values` gives what the template needs beside its words: of (language, words, site's origin).
    """

    name: str
    values: Callable[[Language, Mapping[str, Any], str], dict[str, Any]]
    files: tuple[str, ...] = ()

    def address(self, language: Language) -> str:
        """Return the page's path in a language."""
        return f"/{self.name}/" + ("zh" if language == "zh" else "")

    def render(self, language: Language, origin: str = "https://your.host") -> str:
        """Return the page as HTML. `origin`: of this server, as the visitor reaches it."""
        other: Language = "en" if language == "zh" else "zh"
        words = load_page_words(self.name)
        templates = Environment(
            loader=FileSystemLoader(STATIC), autoescape=True, undefined=StrictUndefined
        )
        return templates.get_template(f"{self.name}.html").render(
            language=_TAGS[language],
            short=language,
            other=self.address(other),
            other_language=_TAGS[other],
            origin=origin,
            t=_in_language(words, language),
            **{page.name: page.address(language) for page in PAGES if page is not self},
            **self.values(language, words, origin),
        )


class PublicPages(InputChannel):
    """Serves the pages; takes no messages."""

    @classmethod
    def name(cls) -> str:
        """Return the channel's name."""
        return "pages"

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> PublicPages:
        """Create the channel; it has no options."""
        return cls()

    def url_prefix(self) -> str:
        """Return what the addresses of the pages begin with."""
        return "/"

    def blueprint(self, on_new_message: Any) -> Blueprint:
        """Return the routes."""
        routes = Blueprint("public_pages")
        for page in PAGES:
            for language in LANGUAGES:
                routes.add_route(
                    functools.partial(_serve, page=page, language=language),
                    page.address(language),
                    name=f"{page.name}_{language}",
                )
            for file in page.files:
                routes.add_route(
                    functools.partial(_file, name=file), f"/{page.name}/{file}", name=file
                )
        return routes


async def _serve(request: Request, page: Page, language: Language) -> HTTPResponse:
    origin = f"{request.scheme}://{request.host}"
    return response.html(page.render(language, origin), headers=HEADERS)


async def _file(request: Request, name: str) -> HTTPResponse:
    return file_response(request, name)


def _safety(language: Language, words: Mapping[str, Any], origin: str) -> dict[str, Any]:
    known = load_words()
    values = known.safety_values(None, language)
    said = [known.render(name, values, language)["text"] for name in _SHOWN]
    numbers = {
        "rules": load_assessor().size,
        "examples": len(read_examples()),
        "crisis": THRESHOLDS.crisis,
        "emergency": THRESHOLDS.emergency,
        "distress": THRESHOLDS.distress,
        "after_distress": THRESHOLDS.crisis_after_distress,
    }
    return {
        "how": words["how"][language].format(**numbers),
        "said": said,
        "lines": [_row(words, line, language) for line in load_hotlines().all if line.show],
        "figures": _figures(words, language),
    }


def _demo(language: Language, words: Mapping[str, Any], origin: str) -> dict[str, Any]:
    known = load_words()
    facts = []
    for topic_id in words["facts"]:
        topic = known.knowledge.topics[topic_id]
        place = {"topic": topic_id, "facet": "answer", "index": 0}
        answer = known.render("kb_claims", place, language)
        sources = "; ".join(f"{s['citation']} ({s['year']})" for s in answer["sources"])
        texts = [claim.text(language) for claim in known.claims(place)]
        joined = (" " if language == "en" else "").join(texts)
        facts.append((topic.question.get(language), joined, sources))
    return {"facts": facts, "colon": ": " if language == "en" else "："}


def _embed(language: Language, words: Mapping[str, Any], origin: str) -> dict[str, Any]:
    known = load_words()
    codes = {line.country for line in load_hotlines().all if line.show} - {"EU", "XX"}
    names = [(code, known.knowledge.country_name(code, language)) for code in codes]
    return {"regions": sorted(names, key=lambda pair: pair[0])}


PAGES = (
    Page("safety", _safety, ("page.css",)),
    Page("demo", _demo),
    Page("embed", _embed, ("embed.js",)),
)


def _row(words: Mapping[str, Any], line: Any, language: Language) -> tuple[str, str, str, str, str]:
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
        if set(node) == set(LANGUAGES) and isinstance(node["en"], str):
            return node[language]
        return {key: _in_language(value, language) for key, value in node.items()}
    if isinstance(node, list):
        return [_in_language(item, language) for item in node]
    return node


@functools.cache
def load_page_words(name: str) -> dict[str, Any]:
    """Return the words of a page. Raises ContentError where a text has one language only."""
    file = DATA / "pages" / f"{name}.yml"
    words: dict[str, Any] = load_yaml(file)
    _check(words, file)
    return words


# Not words: ids of topics.
_IDS = ("facts",)


def _check(node: Any, file: Path) -> None:
    if isinstance(node, list):
        for item in node:
            _check(item, file)
    elif isinstance(node, dict):
        if "en" in node and isinstance(node["en"], str):
            if set(node) != set(LANGUAGES) or not all(isinstance(t, str) for t in node.values()):
                raise ContentError(file, getattr(node, "line", 0), "a text needs en and zh")
            return
        for key, item in node.items():
            if key not in _IDS:
                _check(item, file)
    else:
        raise ContentError(file, 0, f"{node!r} has no language")
