"""What the website chat carries with it: `python -m bot widget-data`.

The words of its interface and the lines to call are bundled with the widget, so that both are
there before the server answers, and when it never does. Editors change `data/` only; this checks
the words and writes `widget/src/generated/data.json` for the widget's build.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from actions.knowledge.schema import LANGUAGES
from bot.content import ContentError, ContentReader, load_yaml
from bot.paths import DATA, ROOT
from bot.safety.hotlines import Hotline, Hotlines

WORDS = DATA / "widget" / "words.yml"
HOTLINES = DATA / "knowledge" / "hotlines.yml"
COUNTRIES = DATA / "knowledge" / "countries.yml"
TARGET = ROOT / "widget" / "src" / "generated" / "data.json"

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_NAME = re.compile(r"[a-z][a-z0-9_]*")

Both = tuple[str, ...]  # a text in each of LANGUAGES, in that order


class _WordsFile(ContentReader):
    """Reads the words; every method raises `ContentError` at the first mistake."""

    def read(self) -> tuple[dict[str, Both], list[Both]]:
        """Return the words by id, and the questions to start with."""
        if not isinstance(self._root, dict):
            raise ContentError(self._path, 1, "expected 'words:' and 'starters:'")
        self._check_keys(self._root, ("words", "starters"), ())
        words, starters = self._root["words"], self._root["starters"]
        if not isinstance(words, dict) or not words:
            self._fail(self._root, "words", "words is a list of 'id: {en: ..., zh: ...}'")
        if not isinstance(starters, list) or not starters:
            self._fail(self._root, "starters", "starters has at least one '- {en: ..., zh: ...}'")
        for name in words:
            if not isinstance(name, str) or not _NAME.fullmatch(name):
                self._fail(words, name, f"{name!r} is no id (small letters, digits, _)")
        return (
            {name: self._both(words, name) for name in words},
            [self._both(starters, index) for index in range(len(starters))],
        )

    def _both(self, parent: Any, key: Any) -> Both:
        value = parent[key]
        if not isinstance(value, dict) or set(value) != set(LANGUAGES):
            self._fail(parent, key, f"{key!r} needs exactly the languages {', '.join(LANGUAGES)}")
        for language in LANGUAGES:
            if not isinstance(value[language], str) or not value[language].strip():
                self._fail(value, language, f"{key!r} is empty or no text in {language!r}")
        texts = tuple(str(value[language]) for language in LANGUAGES)
        found = [sorted(_PLACEHOLDER.findall(text)) for text in texts]
        if any(other != found[0] for other in found):
            shown = " / ".join(", ".join(names) or "none" for names in found)
            self._fail(parent, key, f"the {{placeholders}} of {key!r} differ: {shown}")
        if any(not _NAME.fullmatch(name) for name in found[0]):
            self._fail(parent, key, f"a {{placeholder}} of {key!r} is no plain name")
        return texts


def widget_data(
    words: Path = WORDS, hotlines: Path = HOTLINES, countries: Path = COUNTRIES
) -> dict[str, Any]:
    """Return what the widget bundles.

    `words`: id -> texts, `starters`: texts, `countries`: code -> names, each text a list in the
    order of `languages`; `lines`: code -> the lines to show, the emergency number first, each
    [name, contact] or [name, contact, numbers to tap]: people load this on a phone, and field
    names would be a tenth of it. Raises `ContentError` at the first mistake.
    """
    texts, starters = _WordsFile(words).read()
    lines = _lines(Hotlines.load(hotlines))
    return {
        "languages": list(LANGUAGES),
        "words": texts,
        "starters": starters,
        "lines": lines,
        "countries": _names(countries, lines),
    }


def _lines(hotlines: Hotlines) -> dict[str, list[list[Any]]]:
    def shape(line: Hotline) -> list[Any]:
        texts = [[text[language] for language in LANGUAGES] for text in (line.name, line.contact)]
        return [*texts, list(line.dial)] if line.dial else texts

    emergency: dict[str, list[Any]] = {}
    crisis: dict[str, list[list[Any]]] = {}
    shown = [line for line in hotlines.all if line.show]
    always = {line.country for line in shown if line.kind == "crisis" and line.always_open}
    # Bundled, they are shown at any hour: confirmed ones first, and hours that are not said or are
    # over at night only where there is no other line (its contact names them).
    for line in sorted(shown, key=lambda line: not line.always_open):
        if line.kind == "crisis":
            if line.always_open or line.country not in always or _says_hours(line):
                crisis.setdefault(line.country, []).append(shape(line))
        else:
            emergency.setdefault(line.country, shape(line))
    for line in shown:  # a number of its own goes before one that merely covers a country
        for country in line.covers:
            emergency.setdefault(country, shape(line))
    return {
        code: [*([emergency[code]] if code in emergency else []), *crisis.get(code, [])]
        for code in sorted((emergency.keys() | crisis.keys()) - _NO_COUNTRY)
    }


def _says_hours(line: Hotline) -> bool:
    """Return whether a line of varying hours says so where it is shown."""
    return line.hours == "varies" and "hours" in line.contact["en"]


# Used in the file for the record, and for numbers that cover several countries.
_NO_COUNTRY = frozenset({"EU", "XX"})
_OWN_NAMES = frozenset({"HK", "MO"})


def _names(path: Path, codes: Iterable[str]) -> dict[str, Both]:
    """Return our names of the few that browsers name in an officialese of their own.

    All others a browser knows in both languages; each name here is carried by every phone.
    """
    known = load_yaml(path)
    names: dict[str, Both] = {}
    for code in sorted(_OWN_NAMES & known.keys() & set(codes)):
        first = tuple(str(known[code]["names"][language][0]) for language in LANGUAGES)
        names[code] = tuple(name.removeprefix("the ") for name in first)
    return names


def main(arguments: list[str]) -> int:
    """Write the file of the widget's build; print what is wrong and return 1 where it cannot."""
    target = Path(arguments[0]) if arguments else TARGET
    try:
        data = widget_data()
    except ContentError as error:
        print(error, file=sys.stderr)
        return 1
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(data, ensure_ascii=False, indent=1) + "\n", "utf-8")
    print(f"{len(data['words'])} words, {len(data['lines'])} countries: {target}")
    return 0
