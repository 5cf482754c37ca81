"""Mends misspelt English words towards the words of the training data; imports nothing of Rasa."""

from __future__ import annotations

import functools
import importlib.resources
import re
from collections import Counter
from collections.abc import Iterable, Mapping

from symspellpy import SymSpell, Verbosity

_LETTERS = re.compile(r"[a-z]+")
# What no nearest word mends: "alot" became "clot", "tonite" "polite".
_SPELT = {
    "abit": "a bit",
    "alot": "a lot",
    "aswell": "as well",
    "atall": "at all",
    "eachother": "each other",
    "incase": "in case",
    "infact": "in fact",
    "nite": "night",
    "tonite": "tonight",
}
_SHORT = 6  # a word below this length may differ by one edit, a longer one by two
_TRUSTED = 6  # a word unknown to the dictionary is one of ours when it occurs this often


@functools.lru_cache(maxsize=1)
def _dictionary() -> frozenset[str]:
    """Return the 82,000 English words that SymSpell ships."""
    name = "frequency_dictionary_en_82_765.txt"
    lines = importlib.resources.files("symspellpy").joinpath(name).read_text("utf-8-sig")
    return frozenset(line.split()[0] for line in lines.splitlines() if line)


class Speller:
    """Symmetric-delete spelling correction (SymSpell) with a vocabulary of its own.

    A word of the English dictionary, or of the vocabulary, is never changed; another becomes the
    nearest word of the vocabulary, if one is near. So "damge" becomes "damage", and a word that
    has nothing to do with the subject stays as it is. Chinese is left alone.
    """

    def __init__(self, counts: dict[str, int], shortest: int = 4) -> None:
        """`counts`: how often each known word occurs; `shortest`: letters of a word to mend."""
        self.counts = counts
        self._word = re.compile(f"[a-z]{{{shortest},}}")
        self._symspell = SymSpell(max_dictionary_edit_distance=2, prefix_length=7)
        for word, count in counts.items():
            self._symspell.create_dictionary_entry(word, count)

    @classmethod
    def of(cls, texts: Iterable[str]) -> Speller:
        """Build the vocabulary from normalised training texts: words that occur twice or more."""
        return cls.from_counts(Counter(word for text in texts for word in _LETTERS.findall(text)))

    @classmethod
    def from_counts(cls, counts: Mapping[str, int], shortest: int = 4) -> Speller:
        """Build the vocabulary from counted words, without rare ones that no dictionary has."""
        known = _dictionary()
        words = {w: n for w, n in counts.items() if len(w) >= shortest and n >= 2}
        return cls({w: n for w, n in words.items() if w in known or n >= _TRUSTED}, shortest)

    def __call__(self, text: str) -> str:
        """Return `text` (normalised, lower case) with misspelt words mended."""
        return self._word.sub(lambda match: self._mend(match.group()), text)

    def _mend(self, word: str) -> str:
        if word in _SPELT:
            return _SPELT[word]
        if word in self.counts or word in _dictionary():
            return word
        distance = 1 if len(word) < _SHORT else 2
        found = self._symspell.lookup(word, Verbosity.CLOSEST, max_edit_distance=distance)
        return str(found[0].term) if found else word
