"""The project's training examples and the evaluation items, as plain values; imports no Rasa."""

from __future__ import annotations

import math
import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from actions.knowledge import load_knowledge
from actions.knowledge.schema import LANGUAGES
from bot.content import load_yaml
from bot.nlu.text import CJK_CHARACTER
from bot.paths import DATA

_HERE = Path(__file__).parent
# The figures of each sealed part's first run are in docs/evaluation.md. Nobody tunes to them. The
# third set covers all topics of the contract; the first two, the 54 that existed then.
PARTS = (
    "development",
    "sealed",
    "sealed2",
    "development3",
    "sealed3",
    "development4",
    "sealed4",
    "development5",
    "sealed5",
)
DEVELOPMENT = tuple(part for part in PARTS if part.startswith("development"))
_DIALOGUES_ONLY = ("development4", "development5", "sealed5")
_SEED = 20261122


@dataclass(frozen=True)
class Example:
    """One training example."""

    text: str
    intent: str
    language: str


def read(part: str) -> list[dict[str, Any]]:
    """Return the items of one of `PARTS`, with their language."""
    items = []
    for language in LANGUAGES:
        file = _HERE / f"{part}.{language}.yml"
        if not file.exists() and part in _DIALOGUES_ONLY:
            continue
        for item in yaml.safe_load(file.read_text("utf-8")):
            items.append({**item, "language": language})
    return items


def training_examples() -> list[Example]:
    """Return what a full training learns from, as `bot.importer` merges it; no text twice.

    Raises ContentError for a broken file.
    """
    found: dict[tuple[str, str], Example] = {}
    for file in sorted((DATA / "nlu").glob("*.yml")):
        for entry in load_yaml(file)["nlu"]:
            for line in str(entry["examples"]).splitlines():
                _add(found, line.removeprefix("- ").strip(), entry["intent"])
    for topic in load_knowledge().topics.values():
        for lang in LANGUAGES:
            names = getattr(topic.names, lang)[:1]
            for text in (topic.title.get(lang), topic.question.get(lang), *names):
                _add(found, text, topic.intent)
    return list(found.values())


def _add(found: dict[tuple[str, str], Example], text: str, intent: str) -> None:
    if text:
        language = "zh" if CJK_CHARACTER.search(text) else "en"
        found.setdefault((text, intent), Example(text, intent, language))


def sample(examples: Iterable[Example], share: float, seed: int = _SEED) -> list[Example]:
    """Return `share` (0 to 1) of the examples of each intent in each language, at least one.

    The order of a group depends on the seed alone, so that a smaller share lies within a larger
    one. Raises ValueError for a share that is none.
    """
    if not 0 < share <= 1:
        raise ValueError(f"a share lies above 0 and up to 1, not {share}")
    groups: defaultdict[tuple[str, str], list[Example]] = defaultdict(list)
    for example in examples:
        groups[example.intent, example.language].append(example)
    chosen = []
    for key, members in sorted(groups.items()):
        random.Random(f"{seed} {key}").shuffle(members)
        chosen += members[: math.ceil(share * len(members))]
    return chosen


def topic_items(parts: Sequence[str]) -> list[dict[str, Any]]:
    """Return the items of `parts` that ask a topic and nothing else."""
    return [item for part in parts for item in read(part) if "expect" not in item]


def out_of_scope_items(parts: Sequence[str]) -> list[dict[str, Any]]:
    """Return the items of `parts` that the assistant knows nothing about."""
    items = [item for part in parts for item in read(part)]
    return [item for item in items if item.get("expect") == "out_of_scope"]


def intents_of(item: dict[str, Any]) -> set[str]:
    """Return the intents that are right for an item that asks a topic."""
    return {"ask_" + topic.replace(".", "_") for topic in (item["topic"], *item.get("also", ()))}
