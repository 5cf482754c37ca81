"""Mends misspelt English words towards the words of the training data; imports nothing of Rasa."""

from __future__ import annotations

import functools
import importlib.resources
import re
from collections import Counter
from collections.abc import Iterable

from symspellpy import SymSpell, Verbosity

_WORD = re.compile(r"[a-z]{4,}")
# Two words written as one, which no single word can mend ("alot" became "clot").
_RUN_TOGETHER = {
    "abit": "a bit",
    "alot": "a lot",
    "aswell": "as well",
    "atall": "at all",
    "eachother": "each other",
    "incase": "in case",
    "infact": "in fact",
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

    def __init__(self, counts: dict[str, int]) -> None:
        self.counts = counts
        self._symspell = SymSpell(max_dictionary_edit_distance=2, prefix_length=7)
        for word, count in counts.items():
            self._symspell.create_dictionary_entry(word, count)

    @classmethod
    def of(cls, texts: Iterable[str]) -> Speller:
        """Build the vocabulary from normalised training texts: words that occur twice or more."""
        counted = Counter(word for text in texts for word in _WORD.findall(text))
        known = _dictionary()
        return cls({w: n for w, n in counted.items() if n >= 2 and (w in known or n >= _TRUSTED)})

    def __call__(self, text: str) -> str:
        """Return `text` (normalised, lower case) with misspelt words mended."""
        return _WORD.sub(lambda match: self._mend(match.group()), text)

    def _mend(self, word: str) -> str:
        if word in _RUN_TOGETHER:
            return _RUN_TOGETHER[word]
        if word in self.counts or word in _dictionary():
            return word
        distance = 1 if len(word) < _SHORT else 2
        found = self._symspell.lookup(word, Verbosity.CLOSEST, max_edit_distance=distance)
        return str(found[0].term) if found else word
