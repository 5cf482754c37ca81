"""Numbers without a unit: every number of a claim says what it counts or measures.

What may stand beside a number is data, `data/knowledge/units.yml`; how it is carried over is here:
along ranges and lists ("3 to 5 cm"), in ratios ("41 of 82"), by a sum of money named before.
Imports nothing of Rasa.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from actions.knowledge import Knowledge
from actions.knowledge.base import KNOWLEDGE
from actions.knowledge.schema import LANGUAGES, Language
from bot.content import ContentError, line_of, load_yaml
from bot.evidence import parts_of, topic_file

UNITS = KNOWLEDGE / "units.yml"
# Not inside a word: in G2 and PRECICE2 it is a name.
_NUMBER = re.compile(r"(?<![A-Za-z\d.,])(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d*\.\d+|\d+)(?![\d])")
_ATTACHED = r"[%°]|s\b|(?:st|nd|rd|th)\b|-(?:year|day|week|month|hour|cm|mm)\b"
_ADVICE = {
    "en": "the number {} has no unit (say of what: cm, people, in 100, dollars …): “{}”",
    "zh": "数字{}没有单位（写清是什么：厘米、人、%、万元……）：“{}”",
}


@dataclass(frozen=True)
class _Grammar:
    """Patterns of one language: where sentences end and how numbers stand together."""

    ends: str
    scale: str  # between a number and its unit
    range: str  # between the two ends of a range
    link: str  # between numbers that share the last one's unit, besides `range`
    ratio: str  # between two numbers that need none
    item: str  # before a number that begins an item of a list
    then: str  # after such a number


_GRAMMAR = {
    "en": _Grammar(
        ends=r"(?<=[.!?])\s",
        scale=r"\s*(?:hundred|thousand|million|billion|and a half)?\s*",
        range=r"\s+(?:to|and|or)\s+(?:about\s+)?|\s*[-–]\s*",
        link=r",\s+(?:or\s+|and\s+)?",
        ratio=r"\s+(?:out of|of|in)\s+(?:the\s+|those\s+)?|/",
        item=r"(?:[,;:(]\s*(?:and\s+|or\s+|from\s+)?|\b(?:and|or|instead of|compared with)\s+)",
        then="",
    ),
    "zh": _Grammar(
        ends=r"(?<=[。！？])",
        scale=r"\s*[百千万亿]*[多余几来]?[百千万亿]*\s*",
        range=r"[百千万亿]?\s*(?:到|至|和|或|[-–—~～])\s*约?",
        link=r"[百千万亿]?、[^，。；：\d]{0,6}?",
        ratio=r"/|分之|比",
        item=r"[，、；：（和或]\s*",
        then=r"[，、；：。（）到至和或]|中等|高|低|$",
    ),
}


class Units:
    """Finds the numbers without a unit in the texts of one language."""

    def __init__(self, language: Language, phones: Iterable[str] = (), file: Path = UNITS) -> None:
        words = load_yaml(file)[language]
        english = language == "en"
        grammar = _GRAMMAR[language]
        self._ends = re.compile(grammar.ends)
        self._range = re.compile(grammar.range)
        self._link = re.compile(f"{grammar.range}|{grammar.link}")
        self._ratio = re.compile(grammar.ratio)
        self._then = re.compile(grammar.then)
        self._phones = frozenset(phones)
        self._measured = _any_of(words["units"], english)
        self._money = _any_of(words["money"], english)
        self._pure = _any_of(words["pure"], english)
        if english:
            noun = rf"[“‘'\"]?(?!{_any_of(words['small'], english).pattern})[A-Za-z]"
            units = self._measured.pattern
            after = rf"{_ATTACHED}|{grammar.scale}(?:{units}|in\b(?! ?\w)|(?<=\s){noun})"
        else:
            units = _any_of([*words["units"], *words["money"], *words["counted"]], english).pattern
            after = rf"{grammar.scale}{units}"
        self._after = re.compile(after, re.IGNORECASE)
        self._before = re.compile(rf"{_any_of(words['before'], english).pattern}\s*$", re.I)
        self._ages = _any_of(words["ages"], english)
        about = _any_of(words["about"], english).pattern
        self._item = re.compile(rf"{grammar.item}(?:{about}\s*)*$", re.IGNORECASE)

    def missing(self, text: str) -> list[tuple[str, str]]:
        """Return (number, its sentence) of each number that has no unit."""
        alone = bool(self._pure.search(text)), bool(self._ages.search(text))
        return [
            (number, sentence.strip())
            for sentence in self._ends.split(text)
            for number in self._missing(sentence, *alone)
        ]

    def _missing(self, sentence: str, pure: bool, ages: bool) -> Iterator[str]:
        numbers = list(_NUMBER.finditer(sentence))
        right: list[bool] = []
        units: list[int] = []  # where a unit was named
        if named := self._measured.search(sentence):
            units.append(named.start())
        for number in numbers:
            if self._after.match(sentence, number.end()):
                units.append(number.end())
                right.append(True)
            else:
                carried = self._is_carried(number, min(units, default=len(sentence)))
                right.append(carried or self._stands_alone(number, pure, ages))
        between = [sentence[a.end() : b.start()] for a, b in itertools.pairwise(numbers)]
        for i, words in enumerate(between):
            if self._ratio.fullmatch(words):
                right[i] = right[i + 1] = True
        for i in reversed(range(len(between))):
            if self._link.fullmatch(between[i]):
                right[i] = right[i] or right[i + 1]
        for i, words in enumerate(between):
            if self._range.fullmatch(words):
                right[i + 1] = right[i + 1] or right[i]
        yield from (number[0] for number, is_right in zip(numbers, right) if not is_right)

    def _stands_alone(self, number: re.Match[str], pure: bool, ages: bool) -> bool:
        """Return whether the number needs no unit: a year, a telephone number, an age, a link."""
        digits = number[0]
        return bool(
            (digits.isdigit() and 1800 <= int(digits) <= 2100)
            or digits in self._phones
            or self._before.search(number.string[: number.start()])
            or (ages and digits.isdigit() and 10 <= int(digits) < 100)
            or (pure and _value(digits) < 10)
        )

    def _is_carried(self, number: re.Match[str], named: int) -> bool:
        """Return whether the sentence names the unit elsewhere (first at `named`).

        A sum of money may stand anywhere ("50,000 pounds in one report, 80,000 in another"), any
        other unit before an item of a list ("0.9 months with a frame, 1.5 with a nail").
        """
        before, after = number.string[: number.start()], number.string[number.end() :]
        large = _value(number[0]) >= 1000 or re.match(r"\s*[百千]?[万亿]", after)
        if large and self._money.search(number.string):
            return True
        is_item = self._item.search(before) and self._then.match(after)
        return named < number.start() and bool(is_item)


def _value(digits: str) -> float:
    return float(digits.replace(",", ""))


def _any_of(words: Iterable[str], english: bool) -> re.Pattern[str]:
    """Return a pattern of any of `words`; English ones as whole words."""
    parts = sorted((re.escape(str(word)) for word in words), key=len, reverse=True)
    if english:
        parts = [rf"(?<![A-Za-z]){p}(?![A-Za-z])" if p[-1].isalpha() else p for p in parts]
    return re.compile(f"(?:{'|'.join(parts) or '(?!)'})", re.IGNORECASE)


def check_units(knowledge: Knowledge, phones: Iterable[str] = ()) -> list[ContentError]:
    """Return a mistake for each number without a unit in a claim, at the line of its text.

    `phones`: telephone numbers, which need none.
    """
    units = {language: Units(language, phones) for language in LANGUAGES}
    mistakes = []
    for topic in knowledge.topics.values():
        file = topic_file(topic)
        try:
            node = load_yaml(file)
        except ContentError:
            continue  # not in its place: reported by its own reader
        for place, claims in parts_of(topic):
            for index, claim in enumerate(claims):
                entry = _node_of(node, place)[index]
                for language in LANGUAGES:
                    for number, sentence in units[language].missing(claim.text(language)):
                        reason = _ADVICE[language].format(number, sentence)
                        mistakes.append(ContentError(file, line_of(entry, language), reason))
    return mistakes


def _node_of(topic: Any, place: str) -> Any:
    """Return the YAML list of an answer, of a facet or of a country (a name of `parts_of`)."""
    if place == "answer":
        return topic[place]
    part, _, name = place.rpartition(":")
    return topic["countries" if part else "facets"][name]
