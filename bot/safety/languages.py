"""Danger said in a language that Upright does not speak: recognised, and answered in it once.

`data/safety/other_languages.yml` is all there is to a language: how it is told from others, example
sentences, and vetted words. A message is compared with the examples of *all* these languages by
multilingual sentence vectors (`bot.nlu.encoder`), so that a language without an entry is helped by
its relatives; its answer is then in English. Imports nothing of Rasa.
"""

from __future__ import annotations

import logging
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from bot.content import ContentError, ContentReader
from bot.nlu.encoder import encode
from bot.nlu.text import clean, is_english_word, normalize
from bot.safety.sentences import sentences

__all__ = ["KINDS", "SAYS", "Danger", "OtherLanguage", "OtherLanguages", "spoken_templates"]

logger = logging.getLogger(__name__)

Kind = Literal["crisis", "imminent", "crisis_other", "emergency_now", "none"]
KINDS: tuple[Kind, ...] = ("crisis", "imminent", "crisis_other", "emergency_now", "none")
# The vetted words of a language: key in the data -> template; "{}" is the language's code.
SAYS: Mapping[str, str] = {
    "crisis": "utter_crisis_spoken_{}",
    "now": "utter_crisis_imminent_spoken_{}",
    "also": "utter_crisis_also_spoken_{}",
    "other": "utter_crisis_other_spoken_{}",
    "medical": "utter_emergency_spoken_{}",
    "goes_on": "utter_goes_on_spoken_{}",
}
_PLACEHOLDERS = {
    "crisis": {"lines", "emergency"},
    "now": {"emergency"},
    "also": {"lines"},
    "other": {"lines", "emergency"},
    "medical": {"emergency"},
    "goes_on": set[str](),
    "emergency": set[str](),
}
UNKNOWN = "unknown"  # no language that we know, and not English or Chinese either

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_NEAREST = 3  # examples of a kind whose similarity is averaged
# Chosen on tests/evaluation/safety/languages.yml among four values each.
_DOUBT = 0.04  # by which danger may be less alike than the harmless and still counts
_RATHER = 0.05  # by which a crisis may be less alike than signs after surgery and still counts
_ALIKE = 0.3  # similarity below which a message resembles nothing of ours
_FEW_WORDS = 3  # up to which one function word tells the language
_OF_LETTERS = 0.3  # share of the letters from which a script is the message's
_MOST_SENTENCES = 12
# English words that are function words elsewhere, or that people in danger type by themselves.
_ALSO_ENGLISH = frozenset({"die", "op", "dead", "kill", "suicide", "hospital", "man", "he", "post"})
_CHINESE_MARKS = re.compile("[，。！？、；]")
_IDEOGRAPHS = ("CJK",)


@dataclass(frozen=True)
class OtherLanguage:
    """One language: `code` ISO 639-1; the fields of the data file (explained at its head)."""

    code: str
    name: Mapping[str, str]
    scripts: frozenset[str]
    words: frozenset[str]
    vocabulary: frozenset[str]
    letters: frozenset[str]
    without: frozenset[str]
    lives: tuple[str, ...]
    places: Mapping[str, tuple[str, ...]]
    examples: Mapping[str, tuple[str, ...]]
    says: Mapping[str, str]


@dataclass(frozen=True)
class Danger:
    """What a message of another language speaks of.

    `kind`: one of `KINDS`; `language`: its code, or None where we have no words in it.
    """

    kind: Kind
    language: str | None


@dataclass
class OtherLanguages:
    """All languages of the data file; safe to share between threads."""

    languages: Mapping[str, OtherLanguage]
    _by_script: dict[str, list[OtherLanguage]] = field(default_factory=dict)
    _examples: tuple[NDArray[np.float32], NDArray[np.str_]] | None = None

    def __post_init__(self) -> None:
        for language in self.languages.values():
            for script in language.scripts:
                self._by_script.setdefault(script, []).append(language)

    @classmethod
    def load(cls, path: Path) -> OtherLanguages:
        """Return the languages of one file. Raises `ContentError` at the first mistake in it."""
        return cls(_LanguagesFile(path).read())

    def identify(self, text: str) -> str | None:
        """Return the code of the language, `UNKNOWN`, or None for English, Chinese and no words.

        Script first, then function words. Total: any string, never raises; in doubt None, so that
        English and Chinese messages are read as ever.
        """
        letters = Counter(
            script
            for script in map(_script, unicodedata.normalize("NFC", clean(text)))
            if script is not None
        )
        total = sum(letters.values())
        if not total:
            return None
        kana = letters["HIRAGANA"] + letters["KATAKANA"]
        if kana and (kana < 2 or kana * 5 < total):
            letters["HIRAGANA"] = letters["KATAKANA"] = 0  # a borrowed の in a Chinese message
        elif kana:
            letters["HIRAGANA"] += letters.pop("CJK", 0)
        script, count = letters.most_common(1)[0]
        if script not in (*_IDEOGRAPHS, "LATIN") and count < total * _OF_LETTERS:
            script = "LATIN"
        if script in _IDEOGRAPHS:
            return None
        if script != "LATIN":
            return self._of_script(script, text)
        return self._of_words(text) if "CJK" not in letters else None

    def _of_script(self, script: str, text: str) -> str:
        written = set(unicodedata.normalize("NFC", text.lower()))
        fitting = [one for one in self._by_script.get(script, ()) if not one.without & written]
        if len(fitting) <= 1:
            return fitting[0].code if fitting else UNKNOWN
        words = _words(text)
        return max(fitting, key=lambda one: _score(one, words)).code

    def _of_words(self, text: str) -> str | None:
        """Return the Latin-script language whose function words outnumber the English ones."""
        words = _words(text)
        if not words or _CHINESE_MARKS.search(text):
            return None  # pinyin
        english = sum(is_english_word(word) or word in _ALSO_ENGLISH for word in words)
        written = set(unicodedata.normalize("NFC", text.lower()))
        scores = {
            one.code: _score(one, words) + bool(one.letters & written)
            for one in self._by_script.get("LATIN", ())
        }
        best = max(scores, key=lambda code: scores[code], default=None)
        enough = 1.0 if len(words) <= _FEW_WORDS else 1.5
        if best is not None and scores[best] >= enough and scores[best] > english:
            return best
        return None if english or len(words) < 2 else UNKNOWN

    def assess(self, text: str, code: str) -> Danger:
        """Return what a message of language `code` (or `UNKNOWN`) speaks of, sentence by sentence.

        The nearest examples decide. Raises whatever the encoder raises.
        """
        parts = list(dict.fromkeys([text, *sentences(text)[:_MOST_SENTENCES]]))
        vectors, kinds = self._encoded()
        alike = encode([normalize(part) for part in parts]) @ vectors.T
        found = {_kind(row, kinds) for row in alike}
        language = None if code == UNKNOWN else code
        for kind in ("imminent", "crisis", "crisis_other", "emergency_now"):
            if kind in found:
                return Danger(kind, language)  # type: ignore[arg-type]
        return Danger("none", language)

    def warm_up(self) -> None:
        """Encode the examples now and not at the first message that needs them."""
        self._encoded()

    def _encoded(self) -> tuple[NDArray[np.float32], NDArray[np.str_]]:
        if self._examples is None:
            pairs = [
                (kind, normalize(text))
                for language in self.languages.values()
                for kind, texts in language.examples.items()
                for text in texts
            ]
            kinds = np.array([kind for kind, _ in pairs], dtype=np.str_)
            self._examples = encode([text for _, text in pairs]), kinds
        return self._examples


def spoken_templates(languages: Iterable[OtherLanguage]) -> dict[str, tuple[str, str]]:
    """Return template -> (code, text) of every vetted text in another language."""
    return {
        template.format(language.code): (language.code, language.says[key])
        for language in languages
        for key, template in SAYS.items()
    }


def _kind(alike: NDArray[np.float32], kinds: NDArray[np.str_]) -> Kind:
    """Return the kind of one sentence from its similarity to every example."""
    nearest = {
        group: float(np.sort(alike[np.isin(kinds, members)])[-_NEAREST:].mean())
        for group, members in _GROUPS.items()
    }
    danger = "crisis" if nearest["crisis"] >= nearest["emergency"] - _RATHER else "emergency"
    if max(nearest["crisis"], nearest["emergency"]) < max(_ALIKE, nearest["none"] - _DOUBT):
        return "none"
    if danger == "emergency":
        return "emergency_now"
    members = np.isin(kinds, _GROUPS["crisis"])
    top = np.argsort(alike[members])[-_NEAREST:]
    votes = Counter(map(str, kinds[members][top])).most_common(1)[0]
    return votes[0] if votes[1] > 1 else "crisis"  # type: ignore[return-value]


_GROUPS: Mapping[str, list[str]] = {
    "crisis": ["crisis", "imminent", "crisis_other"],
    "emergency": ["emergency_now"],
    "none": ["none"],
}


def _script(char: str) -> str | None:
    """Return the script of a letter by its Unicode name ("CYRILLIC"), None for anything else."""
    if not char.isalpha():
        return None
    return unicodedata.name(char, "UNKNOWN").split(" ")[0].split("-")[0]


def _words(text: str) -> list[str]:
    plain = unicodedata.normalize("NFC", clean(text)).lower().replace("’", "'")
    return _WORD.findall(plain)


def _score(language: OtherLanguage, words: list[str]) -> float:
    """Function words count whole, words of the examples half."""
    return sum(
        1.0 if word in language.words else 0.5 if word in language.vocabulary else 0.0
        for word in words
    )


# --- reading the file ----------------------------------------------------------------------------

_REQUIRED = ("name", "scripts", "words", "lives", "places", "examples", "says")
_PLACEHOLDER = re.compile(r"\{(\w*)\}")


class _LanguagesFile(ContentReader):
    """Reads the data file; every method raises `ContentError` at the first mistake."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)

    def read(self) -> dict[str, OtherLanguage]:
        if not isinstance(self._root, dict) or not self._root:
            raise ContentError(self._path, 1, "needs language codes, each with its fields")
        return {str(code): self._language(str(code)) for code in self._root}

    def _language(self, code: str) -> OtherLanguage:
        if not re.fullmatch("[a-z]{2,3}", code) or code in ("en", "zh"):
            self._fail(self._root, code, "a code of two small letters, not en or zh")
        entry = self._root[code]
        if not isinstance(entry, dict):
            self._fail(self._root, code, f"needs the keys {', '.join(_REQUIRED)}")
        self._check_keys(entry, _REQUIRED, ("letters", "without"))
        examples = entry["examples"]
        if not isinstance(examples, dict) or set(examples) != set(KINDS):
            self._fail(entry, "examples", f"examples has the kinds {', '.join(KINDS)}")
        texts = {kind: self._list(examples, kind, least=2) for kind in KINDS}
        lives = self._list(entry, "lives")
        for index, phrase in enumerate(lives):
            if phrase.count("{place}") != 1:
                self._fail(entry["lives"], index, "a phrase has {place} once")
        places = entry["places"]
        if not isinstance(places, dict):
            self._fail(entry, "places", "places are country codes with names")
        known = {word for group in texts.values() for text in group for word in _words(text)}
        words = frozenset(word.lower() for word in self._list(entry, "words"))
        return OtherLanguage(
            code=code,
            name={lang: str(entry["name"][lang]) for lang in ("en", "zh")},
            scripts=frozenset(self._list(entry, "scripts", least=1)),
            words=words,
            vocabulary=frozenset(word for word in known if not is_english_word(word)),
            letters=frozenset(str(entry.get("letters") or "")),
            without=frozenset(str(entry.get("without") or "")),
            lives=tuple(lives),
            places={str(region): tuple(self._list(places, region)) for region in places},
            examples={kind: tuple(group) for kind, group in texts.items()},
            says=self._says(entry),
        )

    def _says(self, entry: Any) -> dict[str, str]:
        says = entry["says"]
        if not isinstance(says, dict) or set(says) != set(_PLACEHOLDERS):
            self._fail(entry, "says", f"says has the texts {', '.join(_PLACEHOLDERS)}")
        for key, wanted in _PLACEHOLDERS.items():
            text = says[key]
            if not isinstance(text, str) or not text.strip():
                self._fail(says, key, f"{key} is a text")
            if set(_PLACEHOLDER.findall(text)) != wanted:
                self._fail(says, key, f"{key} has the placeholders {sorted(wanted) or 'none'}")
        return {key: str(text).strip() for key, text in says.items()}

    def _list(self, entry: Any, key: Any, least: int = 0) -> list[str]:
        value = entry[key]
        fine = isinstance(value, list) and all(isinstance(one, str) and one for one in value)
        if not fine or len(value) < least:
            self._fail(entry, key, f"{key} is a list of at least {least} texts in quotes")
        return [str(one) for one in value]
