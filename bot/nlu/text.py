"""Plain text functions shared by the graph components; imports nothing of Rasa.

Tokens: spaCy's blank `en` pipeline for Latin script and its blank `zh` pipeline with jieba for
Chinese, run by run, so that code-mixed text ("LON 和 internal nail 哪个好") is cut well too.
"""

from __future__ import annotations

import functools
import logging
import re
import unicodedata
from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from opencc import OpenCC
    from spacy.language import Language as SpacyPipeline

Language = Literal["en", "zh"]

_CJK = r"\u2e80-\u2fdf\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
CJK_CHARACTER = re.compile(f"[{_CJK}]")
_KANA = re.compile(r"[\u3041-\u3096\u30a1-\u30fa\uff66-\uff9d]")
_SCRIPT_RUN = re.compile(f"[{_CJK}]+|[^{_CJK}]+")
_LATIN_WORD = re.compile(r"[a-zA-ZÀ-ɏ]+(?:['’][a-zA-Z]+)?")
_WORD = re.compile(r"\w", re.UNICODE)

# Words that a person writing Chinese also types; they tell nothing about the language.
_AMBIGUOUS = frozenset(
    [
        "ok",
        "okay",
        "k",
        "hi",
        "hello",
        "hey",
        "bye",
        "thx",
        "thanks",
        "thank",
        "no",
        "yes",
        "yep",
        "lol",
        "haha",
        "cm",
        "mm",
        "kg",
        "usd",
        "rmb",
        "ll",
        "lon",
        "latn",
        "precice",
        "stryde",
        "fitbone",
        "nail",
        "bmi",
        "bdd",
        "dna",
        "ct",
        "mri",
        "vs",
        "app",
        "pdf",
        "vip",
        "ps",
        "btw",
        "source",
        "sources",
        "more",
        "emo",
        "diss",
        "pua",
    ]
)


@functools.lru_cache(maxsize=1)
def _pipelines() -> tuple[SpacyPipeline, SpacyPipeline]:
    import jieba
    import spacy

    jieba.setLogLevel(logging.WARNING)
    segmenter = {"@tokenizers": "spacy.zh.ChineseTokenizer", "segmenter": "jieba"}
    return spacy.blank("en"), spacy.blank("zh", config={"nlp": {"tokenizer": segmenter}})


@functools.lru_cache(maxsize=1)
def _english_words() -> frozenset[str]:
    from spacy.lang.en.stop_words import STOP_WORDS

    return frozenset(STOP_WORDS) | frozenset(
        [
            "want",
            "need",
            "get",
            "got",
            "hurt",
            "pain",
            "risk",
            "cost",
            "tall",
            "short",
            "height",
            "surgery",
            "leg",
            "legs",
            "bone",
            "doctor",
            "im",
            "i'm",
            "dont",
            "don't",
            "cant",
            "can't",
            "whats",
            "what's",
            "help",
            "please",
            "feel",
            "sad",
            "think",
            "know",
        ]
    )


def clean(text: str) -> str:
    """Return `text` without lone surrogates, which JSON can carry and UTF-8 cannot; same length."""
    return text.encode("utf-8", "replace").decode("utf-8")


def tokenize(text: str) -> list[tuple[str, int]]:
    """Return the tokens of `text` as (word, start offset); white space is no token.

    Each word stands in `text` (cleaned) at its offset, and offsets rise.
    """
    english, chinese = _pipelines()
    tokens: list[tuple[str, int]] = []
    for run in _SCRIPT_RUN.finditer(clean(text)):
        pipeline = chinese if CJK_CHARACTER.match(run.group()) else english
        for token in pipeline.make_doc(run.group()):
            word = token.text.strip()
            if word:
                tokens.append((word, run.start() + token.idx + token.text.index(word)))
    return tokens


def is_english_word(word: str) -> bool:
    """Return whether a lower-case word is one of the commonest of English."""
    return word in _english_words()


def is_japanese(text: str) -> bool:
    """Return whether `text` holds Japanese syllables, more than a borrowed one in Chinese."""
    kana = len(_KANA.findall(text))
    return kana >= 2 and kana * 4 >= len(CJK_CHARACTER.findall(text))


def detect_language(text: str) -> Language | None:
    """Return the language of `text`, or None where it does not tell ("ok", "5cm", an emoji).

    Chinese characters decide, unless English function words outnumber them ("what does 断骨增高
    mean"); Latin script alone is English when it holds a common English word or four words.
    """
    words = [word.lower() for word in _LATIN_WORD.findall(text)]
    common = [w for w in words if w in _english_words() and w not in _AMBIGUOUS]
    cjk = len(CJK_CHARACTER.findall(text))
    if cjk and is_japanese(text):
        return None
    if cjk:
        return "en" if len(common) >= 2 and len(words) > cjk / 2 else "zh"
    telling = [word for word in words if word not in _AMBIGUOUS]
    if len(telling) >= 4 or (common and len(telling) >= 2):
        return "en"
    return None


def has_words(text: str) -> bool:
    """Return whether `text` holds a letter, a digit or a Chinese character at all."""
    return bool(_WORD.search(text))


@functools.lru_cache(maxsize=1)
def _converter() -> OpenCC:
    from opencc import OpenCC

    return OpenCC("t2s")


def simplified(text: str) -> str:
    """Return `text` with Traditional Chinese made Simplified; Japanese is left as it is.

    OpenCC's tables, phrases first: enough to understand a message, and never shown to anybody.
    """
    if not CJK_CHARACTER.search(text) or _KANA.search(text):
        return text
    return str(_converter().convert(text))


def normalize(text: str) -> str:
    """Return `text` in NFKC, lower case and simplified characters, with single spaces and at most
    three equal letters."""
    text = unicodedata.normalize("NFKC", clean(text)).lower().replace("’", "'")
    text = simplified(text)
    text = re.sub(r"(.)\1{3,}", r"\1\1\1", text)
    return re.sub(r"\s+", " ", text).strip()


class Neutralizer:
    """Replace the operation's many names by a neutral word.

    Measured in the design probe: the name swamps the sentence vector, so that "limb lengthening
    surgery nerve damage" lands on the overview topic. Longest name first; Latin names only as
    whole words; a message that is nothing but the name keeps it.
    """

    def __init__(self, names: Iterable[str]) -> None:
        ordered = sorted({normalize(name) for name in names if name}, key=len, reverse=True)
        latin = [re.escape(n) for n in ordered if not CJK_CHARACTER.search(n)]
        chinese = [re.escape(n) for n in ordered if CJK_CHARACTER.search(n)]
        self._latin = re.compile(rf"(?<![a-z])(?:{'|'.join(latin) or '(?!)'})(?![a-z])")
        self._chinese = re.compile("|".join(chinese) or "(?!)")

    def __call__(self, text: str) -> str:
        """Return normalised text with every name of the operation replaced."""
        plain = normalize(text)
        neutral = self._latin.sub("the surgery", self._chinese.sub("手术", plain))
        neutral = re.sub(r"\bthe the surgery\b", "the surgery", neutral)
        rest = neutral.replace("the surgery", "").replace("手术", "")
        return neutral if has_words(rest) else plain
