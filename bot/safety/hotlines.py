"""Which help lines to name to a person, from `data/knowledge/hotlines.yml`.

A line is never guessed from the language somebody writes in: without a known region the answer
holds examples, each with its country. Lines of low confidence and directories stay in the file
for the record and are never chosen.
"""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timezone
from enum import Enum
from pathlib import Path
from typing import Any, Literal

from bot.content import ContentError, ContentReader

__all__ = ["Hotline", "HotlineChoice", "Hotlines", "OpenState", "Opening"]

Language = Literal["en", "zh"]
Kind = Literal["crisis", "emergency", "directory"]

MOST_LINES = 2
MOST_EXAMPLES = 3

# Shown as examples where the region is unknown; ids of the data file, the most useful first.
_EXAMPLES: Mapping[Language, tuple[str, ...]] = {
    "en": ("us_988", "ca_988", "gb_samaritans"),
    "zh": ("cn_12356", "cn_beijing", "cn_emergency"),
}

# By these local hours a line whose times vary is named before a line that is confirmed to be
# open; outside of them after it. This only orders the lines; nothing is said about their hours.
_DAY = (time(8), time(22))


class OpenState(Enum):
    """Whether a line answers at a given moment; `UNKNOWN` where its hours vary."""

    OPEN = "open"
    UNKNOWN = "unknown"
    CLOSED = "closed"


@dataclass(frozen=True)
class Opening:
    """Hours of some weekdays. `days`: 0 Monday to 6 Sunday; `end` is None for midnight."""

    days: frozenset[int]
    start: time
    end: time | None


@dataclass(frozen=True)
class Hotline:
    """One line to call.

    `country` is ISO 3166-1 alpha-2 (EU and XX are used for the record); `name` and `contact`
    (how to reach it) are keyed by language; `languages` are ISO 639 codes, empty where no source
    names them; `hours` is "24/7", "varies" or openings in the time zone `tz`; `covers` are
    further countries of an emergency number; `dial` are the numbers that a telephone can call, as
    people write them; `checked` is the date on which somebody looked at
    the line's own page, or None.
    """

    id: str
    country: str
    kind: Kind
    show: bool
    name: Mapping[Language, str]
    contact: Mapping[Language, str]
    languages: tuple[str, ...]
    hours: Literal["24/7", "varies"] | tuple[Opening, ...]
    tz: str | None
    covers: tuple[str, ...]
    source: str
    seen: str
    checked: str | None
    confidence: Literal["high", "medium", "low"]
    note: str
    dial: tuple[str, ...] = ()

    @property
    def always_open(self) -> bool:
        """Whether a source confirms 24 hours on every day."""
        return self.hours == "24/7"

    def state(self, now: datetime) -> OpenState:
        """Return whether the line answers at `now` (without a time zone it is read as UTC)."""
        if self.hours == "24/7":
            return OpenState.OPEN
        if self.hours == "varies":
            return OpenState.UNKNOWN
        local = _local(now, self.tz)
        if local is None:
            return OpenState.UNKNOWN
        here = local.time()
        for opening in self.hours:
            today = local.weekday() in opening.days and opening.start <= here
            if today and (opening.end is None or here < opening.end):
                return OpenState.OPEN
        return OpenState.CLOSED


@dataclass(frozen=True)
class HotlineChoice:
    """What to name to one person now.

    `lines`: at most 2 lines of the region, those open now first and none that is closed now.
    `emergency`: the words for the region's emergency number, or None (then say "your local
    emergency number"). `region`: as asked for. `examples`: only without a known region, at most 3
    lines, to be labelled with their countries.
    """

    lines: tuple[Hotline, ...]
    emergency: str | None
    region: str | None
    examples: tuple[Hotline, ...]


class Hotlines:
    """All lines of the data file. Immutable; every method is pure and never raises but `get`."""

    def __init__(self, lines: tuple[Hotline, ...]) -> None:
        self._by_id = {line.id: line for line in lines}
        shown = [line for line in lines if line.show]
        self._crisis: dict[str, list[Hotline]] = {}
        self._emergency: dict[str, Hotline] = {}
        for line in shown:
            if line.kind == "crisis":
                self._crisis.setdefault(line.country, []).append(line)
        for line in shown:
            if line.kind == "emergency":
                self._emergency.setdefault(line.country, line)
        for line in shown:  # a number of its own goes before one that merely covers a country
            for country in line.covers:
                self._emergency.setdefault(country, line)

    @classmethod
    def load(cls, path: Path) -> Hotlines:
        """Return the lines of one file. Raises `ContentError` at the first mistake in it."""
        return cls(_HotlinesFile(path).read())

    @property
    def all(self) -> tuple[Hotline, ...]:
        """Every line of the file, hidden ones included, in the file's order."""
        return tuple(self._by_id.values())

    def get(self, line_id: str) -> Hotline:
        """Return the shown line with this id. Raises KeyError for any other id."""
        line = self._by_id[line_id]
        if not line.show:
            raise KeyError(line_id)
        return line

    def emergency(self, region: str | None, language: Language) -> str | None:
        """Return the words for the emergency number of `region`, None where it is not known."""
        line = self.emergency_line(region)
        return line.contact[language] if line else None

    def emergency_line(self, region: str | None) -> Hotline | None:
        """Return the emergency number of `region`, None where it is not known."""
        return self._emergency.get(region) if region else None

    def choose(self, region: str | None, language: Language, now: datetime) -> HotlineChoice:
        """Return the lines to name.

        `region`: ISO 3166-1 alpha-2 or None; `language`: of the reply; `now`: aware (a naive time
        is read as UTC). A line with limited or varying hours comes with a line of that region
        that is confirmed to be open day and night, where there is one.
        """
        known = region in self._crisis or region in self._emergency
        return HotlineChoice(
            lines=tuple(self._lines(region, language, now)) if region else (),
            emergency=self.emergency(region, language),
            region=region,
            examples=() if known else self._examples(language),
        )

    def examples(self, spoken: str) -> tuple[Hotline, ...]:
        """Return examples for somebody of unknown region who writes in another language.

        Lines that answer in that language (ISO 639 code), one a country, before the English ones.
        """
        speaking = {
            line.country: line
            for lines in self._crisis.values()
            for line in reversed(lines)
            if spoken in line.languages and line.always_open
        }
        known = [line for line in self._examples("en") if line.country not in speaking]
        return (*speaking.values(), *known)[:MOST_EXAMPLES]

    def _lines(self, region: str, language: Language, now: datetime) -> list[Hotline]:
        ranked = sorted(
            self._crisis.get(region, ()),
            key=lambda line: (_order(line, now), _language_order(line, language)),
        )
        answering = [line for line in ranked if line.state(now) is not OpenState.CLOSED]
        chosen = answering[:MOST_LINES]
        if chosen and not any(line.always_open for line in chosen):
            chosen[1:] = [line for line in answering if line.always_open][:1] or chosen[1:]
        return chosen

    def _examples(self, language: Language) -> tuple[Hotline, ...]:
        found = (self._by_id.get(line_id) for line_id in _EXAMPLES[language])
        return tuple(line for line in found if line and line.show)[:MOST_EXAMPLES]


def _order(line: Hotline, now: datetime) -> int:
    state = line.state(now)
    if state is OpenState.UNKNOWN:
        local = _local(now, line.tz)
        by_day = local is not None and _DAY[0] <= local.time() < _DAY[1]
        return 0 if by_day else 1
    return 0 if state is OpenState.OPEN else 2


def _language_order(line: Hotline, language: Language) -> int:
    """Return 0 for a line that speaks the language, 1 where not known, 2 where it does not."""
    if not line.languages:
        return 1
    return 0 if language in line.languages else 2


def _local(now: datetime, tz: str | None) -> datetime | None:
    """Return `now` in the zone, None where the machine does not know the zone."""
    if tz is None:
        return None
    aware = now if now.tzinfo else now.replace(tzinfo=timezone.utc)
    try:
        return aware.astimezone(zoneinfo.ZoneInfo(tz))
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OverflowError):
        return None


# --- reading the file ----------------------------------------------------------------------------

_LANGUAGES: tuple[Language, ...] = ("en", "zh")
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_KINDS = ("crisis", "emergency", "directory")
_CONFIDENCES = ("high", "medium", "low")
_REQUIRED = (
    *("id", "country", "kind", "show", "name", "contact", "languages", "hours"),
    *("source", "seen", "checked", "confidence", "note"),
)
_OPTIONAL = ("tz", "covers", "dial")
_NUMBER = re.compile(r"\+?[0-9][0-9 -]*")


class _HotlinesFile(ContentReader):
    """Reads the data file; every method raises `ContentError` at the first mistake."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        # Asked once: each call walks the time zone folders of the machine.
        self._zones = zoneinfo.available_timezones()

    def read(self) -> tuple[Hotline, ...]:
        entries = self._root.get("hotlines") if isinstance(self._root, dict) else None
        if not isinstance(entries, list) or not entries:
            raise ContentError(self._path, 1, "needs a list 'hotlines' with at least one line")
        lines = []
        seen: set[str] = set()
        for index, entry in enumerate(entries):
            if not isinstance(entry, dict):
                self._fail(entries, index, f"each line has the keys {', '.join(_REQUIRED)}")
            line = self._line(entry)
            if line.id in seen:
                self._fail(entry, "id", f"repeated id {line.id!r}")
            seen.add(line.id)
            lines.append(line)
        return tuple(lines)

    def _line(self, entry: Any) -> Hotline:
        self._check_keys(entry, _REQUIRED, _OPTIONAL)
        if not isinstance(entry["show"], bool):
            self._fail(entry, "show", "show is true or false")
        if entry["show"] and (entry["confidence"] == "low" or entry["kind"] == "directory"):
            self._fail(entry, "show", "lines of low confidence and directories are not shown")
        tz = entry.get("tz")
        if tz is not None and self._zones and tz not in self._zones:
            self._fail(entry, "tz", f"unknown time zone {tz!r} (use one such as Asia/Shanghai)")
        return Hotline(
            id=self._text(entry, "id"),
            country=self._text(entry, "country"),
            kind=self._choice(entry, "kind", _KINDS),
            show=entry["show"],
            name=self._both(entry, "name"),
            contact=self._both(entry, "contact"),
            languages=self._texts(entry, "languages"),
            hours=self._hours(entry),
            tz=tz,
            covers=self._texts(entry, "covers") if "covers" in entry else (),
            source=self._text(entry, "source"),
            seen=self._text(entry, "seen"),
            checked=None if entry["checked"] is None else str(entry["checked"]),
            confidence=self._choice(entry, "confidence", _CONFIDENCES),
            note=str(entry["note"] or ""),
            dial=self._dial(entry),
        )

    def _dial(self, entry: Any) -> tuple[str, ...]:
        """Read the numbers to call; each stands in the words for both languages."""
        if "dial" not in entry:
            return ()
        numbers = self._texts(entry, "dial")
        if len(set(numbers)) != len(numbers):
            self._fail(entry, "dial", "a number is named twice")
        for number in numbers:
            if not _NUMBER.fullmatch(number):
                self._fail(entry, "dial", f"{number!r} is not a telephone number")
            if any(number not in entry["contact"][language] for language in _LANGUAGES):
                self._fail(entry, "dial", f"{number!r} is not in the contact of both languages")
        return numbers

    def _hours(self, entry: Any) -> Any:
        hours = entry["hours"]
        if hours in ("24/7", "varies"):
            return str(hours)
        if not isinstance(hours, list) or not hours or "tz" not in entry:
            self._fail(entry, "hours", "hours is 24/7, varies, or a list of {days, from, to} + tz")
        return tuple(self._opening(hours, index) for index in range(len(hours)))

    def _opening(self, hours: Any, index: int) -> Opening:
        try:
            opening = hours[index]
            days = frozenset(_DAYS.index(day) for day in opening["days"])
            start = time.fromisoformat(opening["from"])
            end = None if opening["to"] == "24:00" else time.fromisoformat(opening["to"])
        except (KeyError, TypeError, ValueError):
            self._fail(hours, index, 'an opening is {days: [mon], from: "08:00", to: "24:00"}')
        if not days or (end is not None and end <= start):
            self._fail(hours, index, "an opening has a day and ends after it starts, by midnight")
        return Opening(days, start, end)

    def _text(self, entry: Any, key: str) -> str:
        value = entry[key]
        if not isinstance(value, str) or not value.strip():
            self._fail(entry, key, f"{key} is a text (put it in quotes)")
        return str(value)

    def _texts(self, entry: Any, key: str) -> tuple[str, ...]:
        value = entry[key]
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            self._fail(entry, key, f"{key} is a list of texts")
        return tuple(str(item) for item in value)

    def _both(self, entry: Any, key: str) -> dict[Language, str]:
        value = entry[key]
        if not isinstance(value, dict) or set(value) != set(_LANGUAGES):
            self._fail(entry, key, f"{key} has exactly the languages {', '.join(_LANGUAGES)}")
        return {language: self._text(value, language) for language in _LANGUAGES}
