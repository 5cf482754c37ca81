"""`make check-content`: say in an editor's words what is wrong in the content files."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import yaml

from actions.knowledge.base import read_knowledge
from actions.knowledge.schema import LANGUAGES
from bot.content import ContentError, line_of, load_yaml
from bot.paths import DATA, ROOT
from bot.safety.runtime import load_assessor, load_hotlines, load_regions
from bot.words import Words, check_words, load_labels, read_responses


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
    examples = _check_examples(set(knowledge.by_intent), mistakes)
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


def _check_examples(topics: set[str], mistakes: list[ContentError]) -> int:
    """Check `data/nlu/`: known intents, no text under two intents; return the number of texts."""
    domain = yaml.safe_load((ROOT / "domain.yml").read_text("utf-8"))
    known = topics | {next(iter(intent)) for intent in domain["intents"]}
    seen: dict[str, str] = {}
    for file in sorted((DATA / "nlu").glob("*.yml")):
        if file.suffixes[0].lstrip(".") not in LANGUAGES:
            mistakes.append(ContentError(file, 0, "name it <area>.en.yml or <area>.zh.yml"))
        try:
            entries = load_yaml(file)["nlu"]
        except (ContentError, KeyError, TypeError) as error:
            known_error = error if isinstance(error, ContentError) else None
            mistakes.append(known_error or ContentError(file, 1, "expected 'nlu:' with intents"))
            continue
        for entry in entries:
            intent, line = str(entry.get("intent")), line_of(entry)
            if intent not in known:
                reason = f"intent '{intent}' has no topic file and is no dialogue act"
                mistakes.append(ContentError(file, line, reason))
            for text in str(entry.get("examples") or "").splitlines():
                text = text.removeprefix("- ").strip()
                other = seen.setdefault(text.lower(), intent)
                if text and other != intent:
                    reason = f"'{text}' is an example of {intent} and of {other}"
                    mistakes.append(ContentError(file, line, reason))
    return len(seen)


def main(arguments: list[str]) -> int:
    """Print every mistake with file, line and reason; return 1 if there is one."""
    mistakes, counts = find_mistakes()
    for mistake in mistakes:
        print(mistake, file=sys.stderr)
    print(f"{counts}; {len(mistakes)} mistakes")
    return 1 if mistakes else 0
