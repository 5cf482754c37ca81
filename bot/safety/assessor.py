"""How much danger one message speaks of, decided by the rules in `data/safety/rules.yml`.

The assessor is the floor under every other safety measure: a plain library without network,
model or Rasa, so that the right words still go out when everything else is down. It works in
four steps:

1. Normalise: one spelling for what people write in many (full width, curly quotes, zero-width
   characters, look-alike letters, `su1cide`, `k i l l`, `diiiie`, `自 杀`, Traditional characters).
2. Strike out idioms and mentions (`exceptions`), then plain denials (`denials`).
3. Try the rules on what is left; the highest level that fires is the answer.
4. Ask whom it is about: the nearest person named before the match.

Patterns are written in a small language (explained at the head of `rules.yml`) in which nothing
can repeat without a bound, so that the time is linear in the length of the message.

Meaning of the levels: the state contract. Method: explicit phrases first and doubt resolved
upwards, with idioms left alone, as the VERA-MH rubric asks of a reply's detection step
(https://github.com/SpringCare/VERA-MH).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, Literal

from bot.content import ContentError, ContentReader

__all__ = ["MARKS", "Assessment", "Assessor", "RiskLevel", "normalise"]

Subject = Literal["self", "other"]


class RiskLevel(str, Enum):
    """Risk of one message; the meaning is fixed by the state contract (slot `risk_level`)."""

    NONE = "none"
    DISTRESS = "distress"
    CRISIS = "crisis"
    MEDICAL_EMERGENCY = "medical_emergency"

    @property
    def rank(self) -> int:
        """0 for none, 1 distress, 2 medical emergency, 3 crisis: compare levels by this."""
        return _RANKS[self]


_RANKS = {
    RiskLevel.NONE: 0,
    RiskLevel.DISTRESS: 1,
    RiskLevel.MEDICAL_EMERGENCY: 2,
    RiskLevel.CRISIS: 3,
}


@dataclass(frozen=True)
class Assessment:
    """What one message says about danger.

    `level` is the highest level that fired; `rule_ids` are all rules that fired, highest level
    first; `subject` says whether the danger is the writer's own (`self`, also where unclear) or
    that of somebody they speak about; `denied` is true for a plain denial ("I'm not suicidal")
    with no sign of crisis beside it; `marks` say more about the message (`MARKS`), whatever its
    level.
    """

    level: RiskLevel
    rule_ids: tuple[str, ...]
    subject: Subject
    denied: bool
    marks: frozenset[str] = frozenset()


# What a message may say besides its level; the reply takes up the person's own terms by it.
MARKS = (
    "imminent",  # about to act, means at hand, or already hurt
    "today",  # signs after surgery that need a doctor the same day, not this minute
    *("chest", "circulation", "clot", "infection", "nerve", "motor", "hardware", "fat"),  # signs
    *("burden", "height", "surgery", "rejected", "self_harm", "alone", "tired"),  # what hurts
    "hopeless",  # no way out, no point any more: a crisis once other signs came before it
    *("phone", "police", "useless", "effort", "nobody"),  # what makes asking for help hard
    "wait",  # asks whether an emergency can wait
    *("calm", "plan"),  # asks for something to calm down, for a safety plan
    *("coming", "safe"),  # help is on its way; the person is safe now
    "cleared",  # a doctor has looked at the signs and found nothing
    *("plain_no", "not_today"),  # nothing but a no; will not act on it now
    *("them", "own_wish"),  # another is spoken of; a wish of their own is
    "soon",  # nothing but a time that is close: an answer to "might you act on it today?"
    *("past", "well", "present"),  # told of the past; is well now; is there, or back, now
    *("serious", "lost"),  # means what they said; the other person cannot be reached
)


@dataclass(frozen=True)
class _Rule:
    id: str
    level: RiskLevel
    pattern: re.Pattern[str]
    needs: re.Pattern[str] | None  # must also occur somewhere in the message
    unless: re.Pattern[str] | None  # must not occur anywhere in the message
    unmasked: bool  # tried before exceptions and denials are struck out

    def matches(self, view: str) -> list[re.Match[str]]:
        found = list(self.pattern.finditer(view))
        if found and self.needs and not self.needs.search(view):
            return []
        if found and self.unless and self.unless.search(view):
            return []
        return found


class Assessor:
    """Assesses messages by one set of rules; immutable, safe to share between threads."""

    def __init__(
        self,
        rules: Iterable[_Rule],
        exceptions: Mapping[RiskLevel, re.Pattern[str]],
        denials: re.Pattern[str],
        people: re.Pattern[str],
        characters: Mapping[int, str],
        marks: Mapping[str, re.Pattern[str]],
    ) -> None:
        self._rules = sorted(rules, key=lambda rule: -rule.level.rank)
        self._levels = {rule.level for rule in self._rules}
        self._exceptions = exceptions
        self._denials = denials
        self._people = people
        self._characters = characters
        self._marks = marks

    @classmethod
    def load(cls, path: Path) -> Assessor:
        """Return the assessor for one rules file.

        Raises `ContentError` (file, line, reason) at the first thing that is not understood: an
        assessor that silently lost a rule would be worse than none.
        """
        return _RulesFile(path).read()

    @property
    def size(self) -> int:
        """Number of rules."""
        return len(self._rules)

    def hits(self, text: str) -> list[bool]:
        """Return what fired, in a fixed order: rules, marks, denial, another person, levels."""
        found = self.assess(text)
        return [
            *(rule.id in found.rule_ids for rule in self._rules),
            *(name in found.marks for name in sorted(self._marks)),
            found.denied,
            found.subject == "other",
            *(found.level is level for level in RiskLevel),
        ]

    def assess(self, text: str) -> Assessment:
        """Return the risk that `text`, one message of a person, speaks of.

        Total: accepts any string and never raises. Time is linear in the length of the text,
        and well below a millisecond for the usual message.
        """
        spaced = normalise(text, self._characters)
        whole = _close_up(spaced)
        views = {level: self._strike_out(spaced, level) for level in self._levels}
        denial = self._denials.search(self._without_exceptions(spaced, RiskLevel.CRISIS))
        fired: list[str] = []
        top = RiskLevel.NONE
        subjects: set[Subject | None] = set()
        for rule in self._rules:
            view = whole if rule.unmasked else views[rule.level]
            matches = rule.matches(view)
            if not matches:
                continue
            fired.append(rule.id)
            if rule.level.rank >= top.rank:
                top = rule.level
                subjects.update(self._subject(match) for match in matches)
        if denial and not fired:
            subjects.add(self._subject(denial))
        subject: Subject = "other" if "other" in subjects and "self" not in subjects else "self"
        denied = denial is not None and top is not RiskLevel.CRISIS
        marks = frozenset(name for name, pattern in self._marks.items() if pattern.search(whole))
        return Assessment(top, tuple(fired), subject, denied, marks)

    def _strike_out(self, spaced: str, level: RiskLevel) -> str:
        """Return `spaced`, closed up, without idioms, mentions and (for a crisis) denials."""
        left = self._without_exceptions(spaced, level)
        if level is RiskLevel.CRISIS:
            left = self._denials.sub(_STRUCK, left)
        closed = _close_up(left)
        # An idiom may itself have been written with spaces, so look again where they were.
        return closed if closed == left else self._without_exceptions(closed, level)

    def _without_exceptions(self, view: str, level: RiskLevel) -> str:
        exceptions = self._exceptions.get(level)
        return exceptions.sub(_STRUCK, view) if exceptions else view

    def _subject(self, match: re.Match[str]) -> Subject | None:
        """Return whom `match` is about, None where its clause names nobody.

        The writer, if the match itself names them ("better off without me"); else the last
        person named in the clause, up to the end of the match.
        """
        view, start = match.string, match.start()
        first = max(0, start - _REACH)
        clause = max(first, *(view.rfind(mark, first, start) + 1 for mark in ",."))
        last: Subject | None = None
        for person in self._people.finditer(view, clause, match.end()):
            last = "other" if str(person.lastgroup).startswith("other") else "self"
            if last == "self" and person.start() >= start:
                break
        return last


# --- normalising ---------------------------------------------------------------------------------

_REACH = 80  # characters before a match in which the person it is about is looked for
_STRUCK = "¤"  # stands where words were struck out; no pattern reaches across it
_CJK = "\u3400-\u4dbf\u4e00-\u9fff"

_LAUGHTER = dict.fromkeys(map(ord, "😂🤣😹😆"), " lol ")
_LOOK_ALIKES = str.maketrans("аеіоурсхкмтнвɑαορκτι", "aeioypcxkmthbaaopkti")
_LEET = str.maketrans("013457@$", "oieastas")
_INVISIBLE = {"Mn", "Me", "Cf", "Cs", "Co"}  # Unicode categories: accents, zero-width, surrogates

_APOSTROPHE = re.compile(r"(?<=[a-z])['`´ʹʼ‘’](?=[a-z])")
_SPEECH = re.compile(  # keeps the border between "she said" and what she said
    r"(?<=said|says|text|sent|ying)\s{0,3}[,:]?\s{0,3}[\"“‘'「『]"
    r"|(?<=[说道问发写讲着說講發寫問])\s{0,3}[,:]?\s{0,3}[\"“‘'「『]"
)
_LEET_LETTERS = re.compile(r"(?<=[a-z])[013457@$]{1,2}(?=[a-z])|(?<=\bk)!(?=l)|(?<=\bsu)!(?=c)")
_CENSORED = re.compile(r"(?<=[a-z])[*^_]{1,3}(?=[a-z])")
_SPELLED = re.compile(r"(?<![a-z0-9])[a-z](?:[ \t.*_-]{1,3}[a-z](?![a-z0-9])){2,}")
_REPEATED = re.compile(r"([a-z])\1+")
_POINT = re.compile(rf"(?<=[0-9{_CJK}])\.(?=[0-9{_CJK}])|(?<!\.)\.{{2,}}(?=\s{{0,3}}[{_CJK}])")
_STOP = re.compile(r"[!?。\n\r\u2028\u2029]")
_COMMA = re.compile(r"[;、—–]")
_OTHER = re.compile(r"[^\w.,:《》]|_")
_BORDER = re.compile(r"[ .,:]+")
_CJK_SPACE = re.compile(rf"(?<=[{_CJK}]) (?=[{_CJK}a-z0-9])|(?<=[a-z0-9]) (?=[{_CJK}])")


def normalise(text: str, characters: Mapping[int, str] | None = None) -> str:
    """Return `text` in the one spelling that patterns are matched against.

    Lower case; `characters` (code point -> text) replaced, usually Traditional to Simplified; no
    accents, zero-width characters or apostrophes; each run of one Latin letter cut to a single
    one (`kill` and `killll` both become `kil`); single letters with spaces or dots between them
    joined. Words are separated by one character: a space, `,` (a pause), `:` (before what
    somebody said) or `.` (the end of a sentence or line).
    """
    plain = unicodedata.normalize("NFKD", text.translate(_LAUGHTER).lower())
    if not plain.isascii():
        plain = "".join(char for char in plain if unicodedata.category(char) not in _INVISIBLE)
        plain = plain.translate(_LOOK_ALIKES).translate(characters or {})
    plain = _SPEECH.sub(":", _APOSTROPHE.sub("", plain))
    plain = _LEET_LETTERS.sub(lambda m: "i" if m[0] == "!" else m[0].translate(_LEET), plain)
    plain = _CENSORED.sub("", plain)
    plain = _SPELLED.sub(lambda m: "".join(filter(str.isalpha, m[0])), plain)
    plain = _REPEATED.sub(r"\1", plain)
    plain = _COMMA.sub(",", _STOP.sub(".", _POINT.sub(" ", plain)))
    plain = _BORDER.sub(lambda m: _strongest(m[0]), _OTHER.sub(" ", plain))
    return plain.strip(" .,:")


def _strongest(border: str) -> str:
    return next((mark for mark in ".:," if mark in border), " ")


def _close_up(spaced: str) -> str:
    """Return `spaced` without spaces beside Chinese characters (`自 杀` becomes `自杀`)."""
    return _CJK_SPACE.sub("", spaced)


# --- reading the rules ---------------------------------------------------------------------------

_LANGUAGES = ("en", "zh")
_SUBJECTS = ("self", "other")
_SECTIONS = ("characters", "words", "people", "exceptions", "denials", "rules", "marks")
_FIRING_LEVELS = [level.value for level in RiskLevel]

_FORBIDDEN = re.compile(r"[\\\[\]*+.{}<>=!_¤A-Z]|\?\?|\(\?|  ")
_WORDS = re.compile(r"\{([a-z_]+)\}")
_LATIN = re.compile("[a-z]")


class _RulesFile(ContentReader):
    """Reads one rules file; every method raises `ContentError` at the first mistake."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._words: dict[str, str] = {}
        self._ids: set[str] = set()

    def read(self) -> Assessor:
        if not isinstance(self._root, dict):
            raise ContentError(self._path, 1, f"needs the sections {', '.join(_SECTIONS)}")
        self._check_keys(self._root, _SECTIONS, ())
        characters = self._read_characters()
        self._read_words()
        exceptions: dict[RiskLevel, list[str]] = {}
        for entry in self._entries("exceptions", ("id", "level", "language", "patterns")):
            exceptions.setdefault(self._level(entry), []).append(
                self._regex(entry, "patterns", across=" ,:")
            )
        denials = [
            self._regex(entry, "patterns", across=" ")
            for entry in self._entries("denials", ("id", "language", "patterns"))
        ]
        people = [
            f"(?P<{self._choice(entry, 'who', _SUBJECTS)}_{index}>{self._regex(entry, 'patterns')})"
            for index, entry in enumerate(
                self._entries("people", ("id", "who", "language", "patterns"))
            )
        ]
        rules = [
            self._rule(entry)
            for entry in self._entries(
                "rules", ("id", "level", "language", "patterns"), ("needs", "unless", "unmasked")
            )
        ]
        marks: dict[str, list[str]] = {}
        for entry in self._entries("marks", ("id", "mark", "language", "patterns")):
            name = self._choice(entry, "mark", MARKS)
            marks.setdefault(name, []).append(self._regex(entry, "patterns"))
        return Assessor(
            rules,
            {level: re.compile("|".join(found)) for level, found in exceptions.items()},
            re.compile("|".join(denials)),
            re.compile("|".join(people)),
            characters,
            {name: re.compile("|".join(found)) for name, found in marks.items()},
        )

    def _rule(self, entry: Any) -> _Rule:
        unmasked = entry.get("unmasked", False)
        if not isinstance(unmasked, bool):
            self._fail(entry, "unmasked", "unmasked is true or false")
        return _Rule(
            id=entry["id"],
            level=self._level(entry),
            pattern=re.compile(self._regex(entry, "patterns")),
            needs=re.compile(self._regex(entry, "needs")) if "needs" in entry else None,
            unless=re.compile(self._regex(entry, "unless")) if "unless" in entry else None,
            unmasked=unmasked,
        )

    def _read_characters(self) -> dict[int, str]:
        pairs = self._root["characters"]
        if not isinstance(pairs, str):
            self._fail(self._root, "characters", "characters is one text of pairs such as 殺杀")
        table: dict[int, str] = {}
        for pair in pairs.split():
            if len(pair) != 2 or ord(pair[0]) in table:
                self._fail(self._root, "characters", f"{pair!r} is not one new pair such as 殺杀")
            table[ord(pair[0])] = pair[1]
        return table

    def _read_words(self) -> None:
        words = self._root["words"]
        if not isinstance(words, dict):
            self._fail(self._root, "words", "words maps a name to its alternatives")
        for name, text in words.items():
            if not isinstance(text, str):
                self._fail(words, name, f"{name!r} is one text of alternatives: one|two|three")
            self._words[str(name)] = f"({self._expand(words, name, text)})"

    def _entries(
        self, section: str, required: tuple[str, ...], optional: tuple[str, ...] = ()
    ) -> list[Any]:
        entries = self._root[section]
        if not isinstance(entries, list) or not entries:
            self._fail(self._root, section, f"{section} is a list with at least one entry")
        for index, entry in enumerate(entries):
            if not isinstance(entry, dict):
                self._fail(entries, index, f"each of {section} has the keys {', '.join(required)}")
            self._check_keys(entry, required, optional)
            if not isinstance(entry["id"], str) or entry["id"] in self._ids:
                self._fail(entry, "id", f"id {entry['id']!r} is not a text used only once")
            self._ids.add(entry["id"])
            self._choice(entry, "language", _LANGUAGES)
        return list(entries)

    def _level(self, entry: Any) -> RiskLevel:
        value = entry["level"]
        if value not in _FIRING_LEVELS:
            self._fail(entry, "level", f"unknown level {value!r} (use {', '.join(_FIRING_LEVELS)})")
        return RiskLevel(value)

    def _regex(self, entry: Any, key: str, *, across: str = " ,:.") -> str:
        """Return the alternation of the patterns `entry[key]` as a regular expression.

        `across`: what a space in a pattern matches; a rule also reaches across the end of a
        sentence, what is struck out does not.
        """
        patterns = entry[key]
        if not isinstance(patterns, list) or not patterns:
            self._fail(entry, key, f"{key} is a list with at least one pattern")
        within: list[str] = []
        anywhere: list[str] = []
        for index, pattern in enumerate(patterns):
            if not isinstance(pattern, str) or not pattern.strip():
                self._fail(patterns, index, f"{pattern!r} is not a pattern; put it in quotes")
            plain = self._expand(patterns, index, pattern)
            regex = _translate(plain, words=entry["language"] == "en", across=across)
            try:
                compiled = re.compile(regex)
            except re.error as error:
                self._fail(patterns, index, f"pattern {pattern!r} cannot be read ({error.msg})")
            if compiled.search("") or compiled.search("¤"):
                self._fail(patterns, index, f"pattern {pattern!r} would match any message")
            (within if _LATIN.search(plain) else anywhere).append(regex)
        # One test for the border of a word serves all patterns: most positions end there.
        if within:
            anywhere.insert(0, f"(?<![a-z0-9])(?:{'|'.join(within)})(?![a-z0-9])")
        return "|".join(anywhere)

    def _expand(self, node: Any, key: Any, pattern: str) -> str:
        """Return `pattern` with its {words} filled in and Latin letters cut to single ones."""
        for name in _WORDS.findall(pattern):
            if name not in self._words:
                self._fail(node, key, f"unknown words {{{name}}} in {pattern!r}")
        plain = _WORDS.sub(lambda found: self._words[found[1]], pattern.strip())
        forbidden = _FORBIDDEN.search(plain)
        if forbidden:
            self._fail(node, key, f"{forbidden[0]!r} is not allowed in the pattern {pattern!r}")
        return _REPEATED.sub(r"\1", plain)


def _translate(plain: str, *, words: bool, across: str) -> str:
    """Return a pattern (see the head of `rules.yml`) as a regular expression.

    `words`: the gap `~3` counts words (English), else characters (Chinese). Gaps never reach
    across a comma, the end of a sentence or struck-out words.
    """
    border = f"[{across}]"
    regex = plain.replace("(", "(?:").replace("#", "[0-9]{1,6}")
    regex = regex.replace("^", "(?<![^.,:])").replace("$", "(?![^.,:])")
    if words:
        gap = "(?: [^ .,:¤]{1,24}){0,%s}" + border
        return re.sub(" ~([0-9]) | ", lambda m: gap % m[1] if m[1] else border, regex)
    return re.sub("~([0-9])", r"[^.,:¤]{0,\1}", regex)
