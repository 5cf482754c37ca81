"""Repeated and nearly repeated training examples, and how varied each topic's examples are.

`make check-content` refuses what says the same twice: equal after normalising (case, width,
punctuation, spacing), or with nearly the same character n-grams (`NEAR`). `make diversity` writes
the fuller report, by sentence vectors too. Imports nothing of Rasa.

Two texts are compared by the Jaccard index of their sets of character n-grams; candidates come
from prefix filtering (Chaudhuri, Ganti, Kaushik 2006: two sets this similar share one of their
rarest members), so that 25,000 texts take seconds and no pair is missed.
"""

from __future__ import annotations

import contextlib
import hashlib
import math
import sys
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from actions.knowledge.schema import Language
from bot.content import ContentError, line_of, load_yaml
from bot.nlu.text import CJK_CHARACTER
from bot.paths import DATA, ROOT
from bot.safety.classifier import MAY_DISTRESS

# Jaccard index above which two examples count as one. At 0.8 the first pairs appear that differ
# in a word that matters ("no chinese please" and "chinese please"); typos of one letter in a
# sentence of ordinary length lie above 0.85.
NEAR = 0.87
# Cosine of sentence vectors above which the report lists a pair, inside a topic and across.
ALIKE, ALIKE_ACROSS = 0.93, 0.88
# An evaluation message this short ("ok", "hiya") cannot be kept out of training.
_TELLING = {"en": 12, "zh": 6}  # letters and digits
_MILD = ("safety.none", "safety.distress")
REPORT = ROOT / "results" / "diversity.md"
EVALUATION = ROOT / "tests" / "evaluation"


@dataclass(frozen=True)
class Example:
    """A training text: `group` is its intent, or `safety.<label>`."""

    file: Path
    line: int
    group: str
    text: str

    @property
    def language(self) -> Language:
        """The language, by script."""
        return "zh" if CJK_CHARACTER.search(self.text) else "en"

    @property
    def place(self) -> str:
        """File name and line, for a message."""
        return f"{self.file.parent.name}/{self.file.name}:{self.line}"


def same(text: str) -> str:
    """Return the key under which two texts are the same: NFKC, case-folded, letters and digits."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(filter(str.isalnum, folded))


def ngrams(key: str) -> frozenset[str]:
    """Return the character n-grams of a key: pairs where it holds Chinese, else triples."""
    n = 2 if CJK_CHARACTER.search(key) else 3
    return frozenset(key[i : i + n] for i in range(max(1, len(key) - n + 1)))


def jaccard(one: str, other: str) -> float:
    """Return the shared part of two texts' n-grams, from 0 to 1."""
    a, b = ngrams(same(one)), ngrams(same(other))
    return len(a & b) / len(a | b)


def read_all(data: Path = DATA) -> list[Example]:
    """Return every example of `nlu/` and `safety/`; files that cannot be read are left out.

    (Their own readers report them.)
    """
    found: list[Example] = []
    for file in sorted((data / "nlu").glob("*.yml")):
        with contextlib.suppress(ContentError, KeyError, TypeError, AttributeError):
            for entry in load_yaml(file)["nlu"]:
                first = line_of(entry, "examples") + 1
                for index, text in enumerate(str(entry["examples"]).splitlines()):
                    if text := text.removeprefix("- ").strip():
                        found.append(Example(file, first + index, str(entry["intent"]), text))
    for file in sorted((data / "safety").glob("examples*.yml")):
        with contextlib.suppress(ContentError, AttributeError):
            for label, kinds in load_yaml(file).items():
                for texts in kinds.values():
                    for index, text in enumerate(texts):
                        line = line_of(texts, index)
                        found.append(Example(file, line, f"safety.{label}", str(text)))
    return found


def near_pairs(keys: Sequence[str], threshold: float) -> Iterator[tuple[float, int, int]]:
    """Yield (Jaccard index, i, j) of every pair of `keys` at or above `threshold`."""
    grams = [ngrams(key) for key in keys]
    frequency = Counter(gram for each in grams for gram in each)
    rare = [sorted(each, key=lambda gram: (frequency[gram], gram)) for each in grams]
    holders: defaultdict[str, list[int]] = defaultdict(list)
    for i in sorted(range(len(keys)), key=lambda at: len(grams[at])):
        own, size = grams[i], len(grams[i])
        prefix = rare[i][: size - math.ceil(threshold * size) + 1]
        candidates = {
            j for gram in prefix for j in holders[gram] if len(grams[j]) >= threshold * size
        }
        for j in sorted(candidates):
            shared = len(own & grams[j])
            score = shared / (size + len(grams[j]) - shared)
            if score >= threshold:
                yield score, j, i
        for gram in prefix:
            holders[gram].append(i)


def _levelled(question: Example, example: Example) -> bool:
    """Return whether `example` says how much distress is in a question that may carry some.

    The risk classifier does not read these topics' questions themselves.
    """
    return question.group.startswith(MAY_DISTRESS) and example.group in _MILD


def check_duplicates(examples: Sequence[Example]) -> list[ContentError]:
    """Return a mistake for each example that another one repeats, named at the later place."""
    mistakes: list[ContentError] = []
    first: dict[str, Example] = {}
    for example in examples:
        key = same(example.text)
        if not key:
            continue
        if (other := first.setdefault(key, example)) is not example and not _levelled(
            other, example
        ):
            mistakes.append(_repeated(example, other, "the same as"))
    keys = list(first)
    for score, i, j in near_pairs(keys, NEAR):
        earlier, later = first[keys[min(i, j)]], first[keys[max(i, j)]]
        mistakes.append(_repeated(later, earlier, f"nearly the same ({score:.2f}) as"))
    return sorted(mistakes, key=lambda mistake: (str(mistake.file), mistake.line))


def _repeated(example: Example, other: Example, how: str) -> ContentError:
    reason = f"'{example.text}' is {how} '{other.text}' ({other.place}, {other.group})"
    same_group = example.group == other.group
    advice = "keep one" if same_group else f"here under {example.group}: keep the right one"
    return ContentError(example.file, example.line, f"{reason}; {advice}")


def read_development(folder: Path = EVALUATION) -> Iterator[str]:
    """Yield the messages of the development parts; sealed files are never opened.

    Single messages (`text`) of `development*.yml`, and of other packs what marks itself
    `part: development`.
    """
    for file in sorted(folder.rglob("*.yml")):
        if "sealed" not in file.name:
            part = None if file.name.startswith("development") else "development"
            yield from _messages(load_yaml(file) or (), part)


def read_sealed(folder: Path = EVALUATION) -> Iterator[tuple[Path, frozenset[bytes]]]:
    """Yield (file, hashes of its messages) of the sealed parts; the messages are not kept.

    `sealed*.yml`, and of other packs what marks itself `part: sealed`. Very short messages are
    left out, as in `check_evaluation`.
    """
    for file in sorted(folder.rglob("*.yml")):
        sealed = file.name.startswith("sealed")
        content = load_yaml(file) or ()
        if isinstance(content, dict) and not sealed:
            continue
        hashes = frozenset(
            _hash(text) for text in _messages(content, None if sealed else "sealed") if _tells(text)
        )
        if hashes:
            yield file, hashes


def _messages(content: Any, part: str | None) -> Iterator[str]:
    """Yield the messages of a pack; with `part`, only of entries that mark themselves so."""
    if isinstance(content, dict):  # by language and kind, all of one part
        for kinds in content.values():
            yield from (str(text) for texts in kinds.values() for text in texts)
        return
    for entry in content:
        if part and entry.get("part") != part:
            continue
        yield from (str(turn["say"]) for turn in entry.get("turns", ()) if "say" in turn)
        if "text" in entry:
            yield str(entry["text"])


def _hash(text: str) -> bytes:
    return hashlib.blake2b(same(text).encode(), digest_size=16).digest()


def _tells(text: str) -> bool:
    """Return whether a message is long enough to be kept out of training (`_TELLING`)."""
    return len(same(text)) >= _TELLING["zh" if CJK_CHARACTER.search(text) else "en"]


def check_evaluation(examples: Iterable[Example], messages: Iterable[str]) -> list[ContentError]:
    """Return a mistake for each example that is also an evaluation message.

    Very short ones (`_TELLING`) are let through: nobody can train without "yes" and "hello".
    """
    held_out = {same(message) for message in messages}
    return [
        ContentError(
            example.file,
            example.line,
            f"'{example.text}' is also a message of tests/evaluation; training must not see it",
        )
        for example in examples
        if _tells(example.text) and same(example.text) in held_out
    ]


def check_sealed(
    examples: Iterable[Example], sealed: Iterable[tuple[Path, frozenset[bytes]]]
) -> list[ContentError]:
    """Return a mistake for each sealed file with messages that are examples too: only how many.

    Neither the message nor the example is named, since that would open the sealed part.
    """
    trained = {_hash(example.text) for example in examples}
    return [
        ContentError(
            file,
            0,
            f"sealed messages that are also training examples: {shared}; whoever keeps the sealed "
            "part takes them out of it",
        )
        for file, hashes in sealed
        if (shared := len(hashes & trained))
    ]


# -- the report --------------------------------------------------------------------------------


def distinct(texts: Sequence[str], n: int = 2) -> float:
    """Return the share of different ones among all word n-grams (distinct-n, Li et al. 2016).

    Words are those of `bot.nlu.text.tokenize`; 0 where there is none.
    """
    from bot.nlu.text import tokenize

    grams: list[tuple[str, ...]] = []
    for text in texts:
        words = [word.lower() for word, _ in tokenize(text) if same(word)]
        grams += zip(*(words[i:] for i in range(n)))
    return len(set(grams)) / len(grams) if grams else 0.0


def report(examples: Sequence[Example]) -> str:
    """Return the report in Markdown: figures by group and language, and pairs that are alike."""
    from bot.nlu.encoder import encode
    from bot.nlu.text import normalize

    vectors = encode([normalize(example.text) for example in examples])
    lines = [
        "# Diversity of the training examples",
        "",
        f"{len(examples)} texts. *distinct-2*: share of different ones among the word pairs of a "
        "group's texts. *mean*, *nearest*: mean cosine of the sentence vectors of two texts of the "
        "group, and of a text and the one most like it (lower is more varied). *words*: mean "
        "length (Chinese: characters).",
        "",
        "| group | language | texts | words | distinct-2 | mean | nearest |",
        "|---|---|---|---|---|---|---|",
    ]
    groups: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for index, example in enumerate(examples):
        groups[example.group, example.language].append(index)
    pairs: list[tuple[float, int, int]] = []
    for (group, language), members in sorted(groups.items()):
        texts = [examples[i].text for i in members]
        length = np.mean([len(t) if language == "zh" else len(t.split()) for t in texts])
        mean = nearest = float("nan")
        if len(members) > 1:
            cosines = vectors[members] @ vectors[members].T
            np.fill_diagonal(cosines, -1.0)
            nearest = float(cosines.max(axis=1).mean())
            mean = float(cosines[np.triu_indices(len(members), 1)].mean())
            for a, b in zip(*np.nonzero(np.triu(cosines, 1) >= ALIKE)):
                pairs.append((float(cosines[a, b]), members[a], members[b]))
        lines.append(
            f"| {group} | {language} | {len(members)} | {length:.1f} | {distinct(texts):.2f} "
            f"| {mean:.2f} | {nearest:.2f} |"
        )
    lines += _listed("Alike inside a group", ALIKE, pairs, examples)
    lines += _listed("Alike across groups", ALIKE_ACROSS, _across(vectors, examples), examples)
    return "\n".join(lines) + "\n"


def _across(vectors: Any, examples: Sequence[Example]) -> list[tuple[float, int, int]]:
    """Return pairs of different intents (or of different labels) that are alike."""
    pairs: list[tuple[float, int, int]] = []
    for safety in (False, True):
        members = [
            i for i, each in enumerate(examples) if each.group.startswith("safety.") == safety
        ]
        for start in range(0, len(members), 1000):  # a block of rows at a time, for memory
            rows = members[start : start + 1000]
            cosines = vectors[rows] @ vectors[members].T
            for a, b in zip(*np.nonzero(cosines >= ALIKE_ACROSS)):
                i, j = rows[a], members[b]
                if i < j and examples[i].group != examples[j].group:
                    pairs.append((float(cosines[a, b]), i, j))
    return pairs


def _listed(
    title: str,
    threshold: float,
    pairs: list[tuple[float, int, int]],
    examples: Sequence[Example],
) -> list[str]:
    lines = ["", f"## {title}: cosine {threshold} or more ({len(pairs)} pairs)", ""]
    for score, i, j in sorted(pairs, reverse=True):
        one, other = examples[i], examples[j]
        lines.append(
            f"- {score:.2f} {one.group} “{one.text}” ({one.place}) · "
            f"{other.group} “{other.text}” ({other.place})"
        )
    return lines


def main(arguments: list[str]) -> int:
    """`make diversity`: write the report, print its size; 1 where an example is repeated."""
    del arguments
    examples = read_all()
    mistakes = check_duplicates(examples)
    for mistake in mistakes:
        print(mistake, file=sys.stderr)
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(report(examples), encoding="utf-8")
    print(f"{len(examples)} examples, {len(mistakes)} repeated; {REPORT.relative_to(ROOT)}")
    return 1 if mistakes else 0
