"""How hard the texts are to read; `make check-content` refuses the hardest.

Readers are 15 to 35, on a phone, many in a second language: the aim is a reading age of about 12.

English: the Flesch-Kincaid grade (Kincaid et al. 1975) of each bubble, with textstat's syllables.
As in Flesch's own rules (1948), a colon, a semicolon and a dash in spaces end a unit of thought
like a full stop, and a figure counts as one short word.

Chinese has no formula of that standing. Two figures of each bubble:

- *difficulty*: words per sentence + hard words per 100 words. The Chinese language difficulty
  coefficient of Wang et al. 2020 (BMJ Open 10:e038091), who found 67 in printed leaflets of 13
  Chinese hospitals and call 20-30 intermediate and more difficult. Their word list (HSK grades)
  is made for foreign learners and holds neither 膝盖 nor 发烧; here a word is hard when it is
  neither among the 8,000 most frequent of jieba's list, nor used in 3 of our training messages
  (they are written as readers write), nor made of such words (付钱, 第三步). Doctors' words that
  are made of common characters (预后, 适应症) are listed in the file and count as hard.
- *clause*: mean number of characters between two punctuation marks, because on a phone it is the
  long unbroken clause that is read twice (voice guide: short clauses).

Names do not count against a text: see `data/knowledge/readability.yml`. Imports nothing of Rasa.
"""

from __future__ import annotations

import functools
import heapq
import logging
import re
import statistics
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from actions.knowledge import Knowledge, Topic
from actions.knowledge.base import KNOWLEDGE
from actions.knowledge.schema import LANGUAGES, Language
from bot.content import ContentError, line_of, load_yaml
from bot.duplicates import read_all
from bot.evidence import topic_file
from bot.paths import ROOT

LIMITS = KNOWLEDGE / "readability.yml"
# Shorter bubbles ("Nothing is kept.") say little about how hard the language is.
MIN_WORDS = {"en": 12, "zh": 20}  # Chinese: characters
COMMON_WORDS, COMMON_MESSAGES = 8000, 3
# A single character stands in many words; alone (垫, 聊) it needs more of them to be common.
COMMON_CHARACTERS, CHARACTER_MESSAGES = 5000, 30

_BRACKETS = re.compile(r"\s*[(（]([^()（）]*)[)）]")
_FIGURE = re.compile(r"[£$€]?\d+(?:[.,:]\d+)*(?:\s?%)?")
_ENDS_EN = re.compile(r"[.!?:;•]+(?=[\s”\"')]|$)|\s[–—-]\s|\n+")
_ENDS_ZH = re.compile(r"[。！？；：•\n]+|——")
_CLAUSE_ENDS = re.compile(r"[。！？；：，、•\n“”（）()\s]+|——")
_CHINESE = re.compile(r"[\u3400-\u9fff]")
_WORD_EN = re.compile(r"[A-Za-z][A-Za-z'’]*")
_NAME = {"en": "it", "zh": "它"}  # stands for a name


@dataclass(frozen=True)
class Bubble:
    """What is sent at once: its text, and where its first claim is written."""

    file: Path
    line: int
    place: str
    language: Language
    text: str
    topic: Topic | None = None


def bubbles_of(knowledge: Knowledge, domain: Path = ROOT / "domain.yml") -> Iterator[Bubble]:
    """Yield every bubble of the topics, and every fixed text, in both languages."""
    for topic in knowledge.topics.values():
        file = topic_file(topic)
        yield from _topic_bubbles(knowledge, topic, file, load_yaml(file))
    responses = (load_yaml(domain) or {}).get("responses") or {}
    for name, variants in responses.items():
        for index, variant in enumerate(variants):
            language: Language = variant["condition"][0]["value"]
            text = str(variant["text"]).strip().replace("{lines}", "\n")
            text = re.sub(r"\{\w+\}", _NAME[language], text)
            yield Bubble(domain, line_of(variants, index), name, language, text)


def _topic_bubbles(knowledge: Knowledge, topic: Topic, file: Path, node: Any) -> Iterator[Bubble]:
    parts = [("answer", "answer", node["answer"])]
    parts += [(name, name, at) for name, at in (node.get("facets") or {}).items()]
    parts += [(f"country:{c}", c, at) for c, at in (node.get("countries") or {}).items()]
    for facet, place, at in parts:
        first = 0
        bubbles = knowledge.bubbles(topic, facet)
        for index, claims in enumerate(bubbles):
            for language in LANGUAGES:
                texts = [claim.text(language) for claim in claims]
                if facet == "answer" and index == len(bubbles) - 1 and topic.invite:
                    texts.append(topic.invite.get(language))
                text = (" " if language == "en" else "").join(texts)
                yield Bubble(file, line_of(at, first), place, language, text, topic)
            first += len(claims)


# -- names -------------------------------------------------------------------------------------


class Names:
    """Takes out of a text the names that do not count."""

    def __init__(self, knowledge: Knowledge, more: dict[str, list[str]] | None = None) -> None:
        self._everywhere: dict[Language, re.Pattern[str]] = {}
        for language in LANGUAGES:
            names = list((more or {}).get(language) or ())
            names += [name for each in knowledge.countries.values() for name in each[language]]
            names += [n for thing in knowledge.things for n in getattr(thing.names, language)]
            self._everywhere[language] = _any_of(names, language)
        self._of_topic: dict[tuple[str, Language], re.Pattern[str]] = {}

    def __call__(self, bubble: Bubble) -> str:
        """Return the text with each name replaced by a pronoun and brackets taken out."""
        language, topic = bubble.language, bubble.topic
        text = _BRACKETS.sub("", bubble.text)
        if topic:
            key = (topic.id, language)
            if key not in self._of_topic:
                names = [topic.title.get(language), *getattr(topic.names, language)]
                self._of_topic[key] = _any_of([*names, *explained(topic, language)], language)
            text = self._of_topic[key].sub(_NAME[language], text)
        return self._everywhere[language].sub(_NAME[language], text)


def _any_of(names: Iterable[str], language: Language) -> re.Pattern[str]:
    ordered = sorted({re.escape(name) for name in names if name}, key=len, reverse=True)
    anyhow = "|".join(ordered) or "(?!)"
    return re.compile(rf"\b(?:{anyhow})s?\b" if language == "en" else anyhow, re.IGNORECASE)


def explained(topic: Topic, language: Language) -> list[str]:
    """Return the terms that a topic explains in brackets.

    "foot drop" in "an ankle that lifts weakly (foot drop)"; in "dysplasia (a bone condition)",
    where the brackets hold the explanation, the word before them.
    """
    terms: list[str] = []
    parts = (topic.answer, *topic.facets.values(), *topic.countries.values())
    for text in (claim.text(language) for claims in parts for claim in claims):
        for match in _BRACKETS.finditer(text):
            inside, before = match[1].strip(), text[: match.start()]
            if not inside or any(c.isdigit() for c in inside):
                continue
            if language == "en":
                terms += [inside] if len(inside.split()) <= 2 else before.split()[-1:]
            elif len(inside) <= 5:
                terms.append(inside)
            else:
                term = re.split(r"[，。、：；？的是叫]", before)[-1]
                terms += [term] if len(term) <= 6 else _jieba().lcut(term)[-1:]
    return [term.strip(".,;:") for term in terms if len(term) > 1]


# -- English -----------------------------------------------------------------------------------


@functools.lru_cache(maxsize=1)
def _textstat() -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # textstat imports pkg_resources
            import textstat
    except ImportError as error:
        reason = "textstat is missing: `make setup` installs it (the dev group of pyproject.toml)"
        raise SystemExit(reason) from error
    return textstat


@functools.lru_cache(maxsize=20000)
def _syllables(word: str) -> int:
    return max(1, int(_textstat().syllable_count(word)))


def grade(text: str) -> float:
    """Return the Flesch-Kincaid grade of an English text: years of school in the US.

    0.39 words per sentence + 11.8 syllables per word - 15.59; 0 for a text without words.
    """
    text = _FIGURE.sub("ten", text)
    counts = [len(_WORD_EN.findall(part)) for part in _ENDS_EN.split(text)]
    sentences = sum(count > 0 for count in counts)
    words = _WORD_EN.findall(text)
    if not words:
        return 0.0
    syllables = sum(_syllables(word.lower().replace("’", "'")) for word in words)
    return 0.39 * len(words) / sentences + 11.8 * syllables / len(words) - 15.59


# -- Chinese -----------------------------------------------------------------------------------


@functools.lru_cache(maxsize=1)
def _frequent() -> tuple[frozenset[str], frozenset[str]]:
    """Return the most frequent words of jieba's list, and the characters among the first ones."""
    rows = (Path(_jieba().__file__).parent / "dict.txt").read_text("utf-8").splitlines()
    pairs = (row.split(" ")[:2] for row in rows)
    ordered = heapq.nlargest(COMMON_WORDS, pairs, key=lambda pair: int(pair[1]))
    characters = (word for word, _ in ordered[:COMMON_CHARACTERS] if len(word) == 1)
    return frozenset(word for word, _ in ordered), frozenset(characters)


class CommonWords:
    """Tells which Chinese words readers of ours know; `jargon` are words that they do not."""

    def __init__(self, messages: Iterable[str], jargon: Iterable[str] = ()) -> None:
        self._words, self._characters = _frequent()
        self._messages = "\n".join(messages)
        self._jargon = re.compile("|".join(map(re.escape, jargon)) or "(?!)")
        self._known: dict[str, bool] = {}

    def jargon_in(self, text: str) -> list[str]:
        """Return each use of jargon in `text`."""
        return self._jargon.findall(text)

    def __contains__(self, word: str) -> bool:
        """Return whether `word` is common, used by readers, or made of such words."""
        if word not in self._known:
            self._known[word] = self._is_part(word) or self._is_made_of_parts(word)
        return self._known[word]

    def _is_part(self, word: str) -> bool:
        if len(word) == 1:
            often = self._messages.count(word) >= CHARACTER_MESSAGES
            return often or word in self._characters
        return word in self._words or self._messages.count(word) >= COMMON_MESSAGES

    def _is_made_of_parts(self, word: str) -> bool:
        return not word or any(
            self._is_part(word[:i]) and self._is_made_of_parts(word[i:])
            for i in range(len(word), 0, -1)
        )


@functools.lru_cache(maxsize=1)
def load_common_words() -> CommonWords:
    """Return the words that count as common, from jieba's list and the training messages."""
    messages = (example.text for example in read_all() if example.language == "zh")
    return CommonWords(messages, load_yaml(LIMITS).get("jargon") or ())


@functools.lru_cache(maxsize=1)
def _jieba() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it imports pkg_resources
        import jieba
    jieba.setLogLevel(logging.WARNING)
    return jieba


def difficulty(text: str, common: CommonWords) -> tuple[float, list[str]]:
    """Return words per sentence + hard words per 100 words, and the hard words."""
    sentences = [part for part in _ENDS_ZH.split(text) if _CHINESE.search(part)]
    words = [
        w for part in sentences for w in _jieba().lcut(part, HMM=False) if w.strip("，、“”（）() ")
    ]
    if not words:
        return 0.0, []
    hard = common.jargon_in(text)
    hard += [w for w in words if _CHINESE.search(w) and w not in common and w not in hard]
    return len(words) / len(sentences) + 100 * len(hard) / len(words), hard


def clause_length(text: str) -> float:
    """Return the mean number of characters of a clause; a figure or Latin word counts as one."""
    text = re.sub(r"[A-Za-z0-9.%]+", "字", text)
    clauses = [part for part in _CLAUSE_ENDS.split(text) if part]
    return statistics.mean(map(len, clauses)) if clauses else 0.0


# -- the check ---------------------------------------------------------------------------------


def measure(knowledge: Knowledge) -> Iterator[tuple[Bubble, dict[str, float], list[str]]]:
    """Yield (bubble, measured values by name, hard words) of all bubbles long enough to tell."""
    names = Names(knowledge, load_yaml(LIMITS).get("names"))
    common = load_common_words()
    for bubble in bubbles_of(knowledge):
        text = names(bubble)
        if bubble.language == "en":
            if len(text.split()) >= MIN_WORDS["en"]:
                yield bubble, {"grade": grade(text)}, []
        elif len(_CHINESE.findall(text)) >= MIN_WORDS["zh"]:
            value, hard = difficulty(text, common)
            yield bubble, {"difficulty": value, "clause": clause_length(text)}, hard


_ADVICE = {
    "grade": "school grade {value:.1f}, at most {limit:g}: shorter sentences, shorter words",
    "difficulty": "中文难度 {value:.1f}，最多 {limit:g}：句子短一点，词换常用的{hard}",
    "clause": "平均每个分句 {value:.1f} 个字，最多 {limit:g}：断开",
}


def check_readability(knowledge: Knowledge) -> list[ContentError]:
    """Return a mistake for each bubble above a limit of `readability.yml`."""
    limits = load_yaml(LIMITS)["limits"]
    mistakes = []
    for bubble, values, hard in measure(knowledge):
        for name, value in values.items():
            limit = float(limits[bubble.language][name])
            if value > limit:
                listed = f"（{'、'.join(dict.fromkeys(hard))}）" if hard else ""
                advice = _ADVICE[name].format(value=value, limit=limit, hard=listed)
                reason = f"{bubble.place}: {advice}: “{bubble.text[:40]}…”"
                mistakes.append(ContentError(bubble.file, bubble.line, reason))
    return mistakes


def distribution(knowledge: Knowledge) -> str:
    """Return a table of the measured values: median, 90th, 95th, 99th percentile, most."""
    import numpy as np

    values: dict[str, list[float]] = {}
    for _, measured, _ in measure(knowledge):
        for name, value in measured.items():
            values.setdefault(name, []).append(value)
    rows = ["measure      bubbles   mean  median   p90   p95   p99   most"]
    for name, each in values.items():
        percentiles = np.percentile(each, [50, 90, 95, 99, 100])
        cells = " ".join(f"{value:6.1f}" for value in (np.mean(each), *percentiles))
        rows.append(f"{name:12} {len(each):6}  {cells}")
    return "\n".join(rows)


def main(arguments: list[str]) -> int:
    """`python -m bot readability [N]`: the distribution, and the N hardest bubbles of each."""
    from actions.knowledge import load_knowledge

    knowledge = load_knowledge()
    print(distribution(knowledge))
    most = int(arguments[0]) if arguments else 0
    measured = list(measure(knowledge))
    for name in ("grade", "difficulty", "clause"):
        of_name = sorted((m for m in measured if name in m[1]), key=lambda m: -m[1][name])
        for bubble, values, hard in of_name[:most]:
            error = ContentError(bubble.file, bubble.line, f"{name} {values[name]:.1f}")
            print(f"{error} {bubble.text} {' '.join(hard)}")
    return 0
