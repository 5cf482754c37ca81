"""`make check-content`: say in an editor's words what is wrong in the content files."""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from actions.knowledge import Knowledge
from actions.knowledge.base import knowledge_folder, read_knowledge
from actions.knowledge.schema import LANGUAGES, Language
from bot.content import ContentError, line_of, load_yaml
from bot.duplicates import (
    check_duplicates,
    check_evaluation,
    check_sealed,
    read_all,
    read_development,
    read_sealed,
)
from bot.evidence import check_evidence, check_facets
from bot.nlu.text import CJK_CHARACTER
from bot.paths import DATA, ROOT
from bot.readability import check_readability
from bot.safety.classifier import read_examples
from bot.safety.hotlines import Hotline, Hotlines
from bot.safety.runtime import load_assessor, load_hotlines, load_languages, load_regions
from bot.units import check_units
from bot.words import Words, check_words, load_labels, read_responses

MIN_EXAMPLES = 10  # of a topic, in each language
# Parts of a topic that are never said: what people call things, ids.
_NOT_SAID = frozenset({"names", "id", "sources", "evidence"})
# Days since somebody saw a line's own page: warn, and refuse a release.
WARN_DAYS, REFUSE_DAYS = 90, 180


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
    attempt(read_examples)
    languages = attempt(load_languages)
    hotlines = attempt(load_hotlines)
    responses = attempt(lambda: read_responses(ROOT / "domain.yml"))
    labels = attempt(load_labels)
    unreadable = bool(mistakes)
    if hotlines and responses and labels and languages and not mistakes:
        words = Words(knowledge, responses, labels, hotlines, languages.languages)
        attempt(lambda: check_words(words, ROOT / "domain.yml"))
    mistakes += check_wording(
        [
            *sorted((knowledge_folder() / "topics").rglob("*.yml")),
            DATA / "knowledge" / "labels.yml",
            ROOT / "domain.yml",
            *sorted((DATA / "pages").glob("*.yml")),
            DATA / "widget" / "words.yml",
        ]
    )
    phones = {number for line in hotlines.all for number in line.dial} if hotlines else ()
    mistakes += attempt(lambda: check_units(knowledge, phones)) or []
    mistakes += check_spoken(DATA / "safety" / "other_languages.yml")
    in_examples, examples = check_examples(knowledge)
    mistakes += in_examples
    mistakes += check_evidence(knowledge) + check_facets(knowledge)
    if not unreadable:
        mistakes += check_readability(knowledge)
    texts = read_all()
    mistakes += check_duplicates(texts)
    mistakes += check_evaluation(texts, read_development())
    mistakes += check_sealed(texts, read_sealed())
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
            entries = list(load_yaml(file)["nlu"])
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


def check_wording(files: Iterable[Path]) -> list[ContentError]:
    """Return every use of a word of `data/knowledge/wording.yml` in the texts of `files`."""
    rules = load_yaml(DATA / "knowledge" / "wording.yml")
    patterns = {
        language: [(*_wording(language, rule), rule["reason"]) for rule in rules[language]]
        for language in LANGUAGES
    }
    mistakes: list[ContentError] = []

    def walk(node: Any, file: Path, line: int) -> None:
        if isinstance(node, dict):
            for key, value in node.items():
                if key in _NOT_SAID:
                    continue
                walk(value, file, line_of(node, key) or line)
        elif isinstance(node, list):
            for index, value in enumerate(node):
                walk(value, file, line_of(node, index) or line)
        elif isinstance(node, str):
            language: Language = "zh" if CJK_CHARACTER.search(node) else "en"
            for pattern, allowed, reason in patterns[language]:
                # An allowed phrase leaves a gap, so that its neighbours do not grow together.
                if match := pattern.search(allowed.sub(" / ", node)):
                    mistakes.append(ContentError(file, line, f"{match[0]!r}: {reason}"))

    for file in files:
        try:
            root = load_yaml(file)
        except ContentError:
            continue  # reported by its own reader
        walk(root.get("responses", {}) if file.name == "domain.yml" else root, file, 0)
    return mistakes


def check_spoken(file: Path) -> list[ContentError]:
    """Return exclamation marks in the words of other languages; their other words are not ours.

    These texts have one language each, so there is no second one to compare them with; that each
    language has every text with its placeholders is checked when the file is read.
    """
    try:
        root = load_yaml(file)
    except ContentError:
        return []  # reported by its own reader
    reason = "no exclamation marks"
    return [
        ContentError(file, line_of(entry["says"], key), reason)
        for entry in root.values()
        for key, text in entry["says"].items()
        if re.search("[!！]", text)
    ]


def _wording(language: str, rule: dict[str, Any]) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Return the patterns of a rule's words and of the phrases that it allows."""

    def any_of(words: Iterable[str], end: str = r"\b") -> str:
        letters = [rf"\b{re.escape(w)}{end}" if w[0].isalpha() else re.escape(w) for w in words]
        return "|".join(letters if language == "en" else map(re.escape, words))

    said = [any_of(rule.get("words", ())), any_of(rule.get("stems", ()), r"\w*")]
    allowed = any_of(rule.get("allow", ())) or "(?!)"
    return (
        re.compile("|".join(filter(None, said)), re.IGNORECASE),
        re.compile(allowed, re.IGNORECASE),
    )


def unchecked_lines(hotlines: Hotlines, days: int, today: date) -> list[Hotline]:
    """Return the lines that we show whose own page nobody has seen for `days`, or ever."""
    return [
        line
        for line in hotlines.all
        if line.show
        and (line.checked is None or (today - date.fromisoformat(line.checked)).days >= days)
    ]


def countries_without_emergency(hotlines: Hotlines, knowledge: Knowledge) -> list[str]:
    """Return the countries with a line or with this surgery that lack an emergency number."""
    named = {line.country for line in hotlines.all if line.show} - {"EU", "XX"}
    named |= {code for topic in knowledge.topics.values() for code in topic.countries}
    return sorted(code for code in named if hotlines.emergency(code, "en") is None)


def release(arguments: list[str]) -> int:
    """`make release-check`: what must not go out to people yet; 1 if there is anything."""
    del arguments
    mistakes, counts = find_mistakes()
    hotlines, knowledge = load_hotlines(), read_knowledge(None, [])
    reasons = [str(mistake) for mistake in mistakes]
    for line in unchecked_lines(hotlines, REFUSE_DAYS, date.today()):
        state = f"last checked {line.checked}" if line.checked else "its own page was never seen"
        reasons.append(f"data/knowledge/hotlines.yml: {line.id}: {state}")
    for code in countries_without_emergency(hotlines, knowledge):
        reasons.append(f"{code}: no sourced emergency number; a deployment there is refused")
    unreviewed = sum(topic.reviewed == "unreviewed" for topic in knowledge.topics.values())
    if unreviewed:
        reasons.append(f"{unreviewed} topics are unreviewed")
    print("\n".join(reasons), file=sys.stderr)
    print(f"{counts}; {len(reasons)} reasons against a release")
    return 1 if reasons else 0


def main(arguments: list[str]) -> int:
    """Print every mistake with file, line and reason; return 1 if there is one."""
    mistakes, counts = find_mistakes()
    for mistake in mistakes:
        print(mistake, file=sys.stderr)
    if not mistakes and (stale := unchecked_lines(load_hotlines(), WARN_DAYS, date.today())):
        print(f"warning: {len(stale)} hotlines not checked for {WARN_DAYS} days (or never)")
    print(f"{counts}; {len(mistakes)} mistakes")
    return 1 if mistakes else 0
