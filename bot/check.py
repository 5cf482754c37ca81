"""`make check-content`: say in an editor's words what is wrong in the content files."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from typing import Any

import yaml

from actions.knowledge import Knowledge
from actions.knowledge.base import read_knowledge
from actions.knowledge.schema import LANGUAGES
from bot.content import ContentError, line_of, load_yaml
from bot.nlu.text import CJK_CHARACTER
from bot.paths import DATA, ROOT
from bot.safety.runtime import load_assessor, load_hotlines, load_regions
from bot.words import Words, check_words, load_labels, read_responses

MIN_EXAMPLES = 10  # of a topic, in each language


def find_mistakes() -> tuple[list[ContentError], str]:
    """Return every mistake in the content files, and a line that counts what was read."""
    mistakes: list[ContentError] = []

    def attempt(load: Callable[[], Any]) -> Any:
        try:
            return load()
        except ContentError as error:
            mistakes.append(error)
            return None

    knowledge = read_knowledge(None, mistakes)
    attempt(load_assessor)
    attempt(load_regions)
    hotlines = attempt(load_hotlines)
    responses = attempt(lambda: read_responses(ROOT / "domain.yml"))
    labels = attempt(load_labels)
    if hotlines and responses and labels and not mistakes:
        words = Words(knowledge, responses, labels, hotlines)
        attempt(lambda: check_words(words, ROOT / "domain.yml"))
    in_examples, examples = check_examples(knowledge)
    mistakes += in_examples
    claims = sum(
        len(part)
        for topic in knowledge.topics.values()
        for part in (topic.answer, *topic.facets.values(), *topic.countries.values())
    )
    counts = (
        f"{len(knowledge.topics)} topics, {claims} claims, {len(knowledge.sources)} sources, "
        f"{examples} examples"
    )
    return mistakes, counts


def check_examples(knowledge: Knowledge) -> tuple[list[ContentError], int]:
    """Return the mistakes in `data/nlu/` and the number of its texts.

    Intents must be known, a text may stand under one intent only, and each topic needs
    `MIN_EXAMPLES` in each language.
    """
    mistakes: list[ContentError] = []
    domain = yaml.safe_load((ROOT / "domain.yml").read_text("utf-8"))
    known = {*knowledge.by_intent, *(next(iter(intent)) for intent in domain["intents"])}
    seen: dict[str, str] = {}
    counts: Counter[tuple[str, str]] = Counter()
    for file in sorted((DATA / "nlu").glob("*.yml")):
        if file.suffixes[0].lstrip(".") not in LANGUAGES:
            mistakes.append(ContentError(file, 0, "name it <area>.en.yml or <area>.zh.yml"))
        try:
            entries = load_yaml(file)["nlu"]
        except ContentError as error:
            mistakes.append(error)
            continue
        except (KeyError, TypeError):
            mistakes.append(ContentError(file, 1, "expected 'nlu:' with intents"))
            continue
        for entry in entries:
            intent, line = str(entry.get("intent")), line_of(entry)
            if intent not in known:
                reason = f"intent '{intent}' has no topic file and is no dialogue act"
                mistakes.append(ContentError(file, line, reason))
            for text in str(entry.get("examples") or "").splitlines():
                text = text.removeprefix("- ").strip()
                if not text:
                    continue
                counts[intent, "zh" if CJK_CHARACTER.search(text) else "en"] += 1
                other = seen.setdefault(text.lower(), intent)
                if other != intent:
                    reason = f"'{text}' is an example of {intent} and of {other}"
                    mistakes.append(ContentError(file, line, reason))
    for intent, topic in knowledge.by_intent.items():
        for lang in LANGUAGES:
            if counts[intent, lang] < MIN_EXAMPLES:
                file = DATA / "nlu" / f"{topic.area}.{lang}.yml"
                reason = f"{counts[intent, lang]} {lang} examples of {intent}"
                mistakes.append(ContentError(file, 0, f"{reason}, at least {MIN_EXAMPLES} needed"))
    return mistakes, len(seen)


def main(arguments: list[str]) -> int:
    """Print every mistake with file, line and reason; return 1 if there is one."""
    mistakes, counts = find_mistakes()
    for mistake in mistakes:
        print(mistake, file=sys.stderr)
    print(f"{counts}; {len(mistakes)} mistakes")
    return 1 if mistakes else 0
