"""Load `data/knowledge/` into typed, immutable objects; look-ups are dictionary look-ups."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from actions.knowledge.schema import (
    FACETS,
    LANGUAGES,
    Claim,
    Language,
    Mentioned,
    NamedThing,
    Source,
    Text,
    Topic,
    limit,
    size,
)
from bot.content import ContentError, line_of, load_yaml

ROOT = Path(__file__).resolve().parents[2]
KNOWLEDGE = ROOT / "data" / "knowledge"

_M = TypeVar("_M", bound=BaseModel)
# In the locator of a source that we know of and cannot show; a claim may not rest on it.
_NO_ADDRESS = "no public address"
_MAX_QUESTION = {"en": 40, "zh": 16}  # characters: the label of a button


@dataclass(frozen=True)
class Knowledge:
    """The whole knowledge base.

    `topics`: id -> Topic; `sources`: id -> Source; `countries`: ISO code -> names per language,
    the usual one first, then big cities;
    `things`: name lists of techniques and of the operation itself.
    """

    topics: dict[str, Topic]
    sources: dict[str, Source]
    countries: dict[str, dict[Language, tuple[str, ...]]]
    things: tuple[NamedThing, ...]
    by_intent: dict[str, Topic] = field(default_factory=dict)

    def country_name(self, code: str, language: Language) -> str:
        """Return a country's name for people; the code itself where it is not listed."""
        names = self.countries.get(code, {}).get(language, ())
        return names[0] if names else code

    def bubbles(self, topic: Topic, facet: str) -> list[tuple[Claim, ...]]:
        """Return the claims of a facet packed into bubbles, the same in both languages.

        A facet may be "answer", one of `FACETS`, or "country:<ISO code>". Claims are added to a
        bubble while it stays within the voice guide's limit in English *and* in Chinese, and as
        long as they hold for the same (`for`).
        """
        if facet.startswith("country:"):
            claims = topic.countries.get(facet.partition(":")[2], ())
        else:
            claims = topic.claims(facet)
        packed: list[list[Claim]] = []
        for claim in claims:
            if packed and packed[-1][-1].fits == claim.fits and _fits([*packed[-1], claim]):
                packed[-1].append(claim)
            else:
                packed.append([claim])
        return [tuple(bubble) for bubble in packed]

    def in_order(self, topic: Topic, facet: str, mentioned: Mentioned) -> list[tuple[int, int]]:
        """Return (index, rank) of a facet's bubbles: those that fit first, misfits last."""
        ranks = [
            (index, claims[0].rank(mentioned))
            for index, claims in enumerate(self.bubbles(topic, facet))
        ]
        return sorted(ranks, key=lambda one: -one[1])

    def operation_names(self) -> Iterator[str]:
        """Yield every name of the operation itself, in both languages."""
        for thing in self.things:
            if thing.kind == "operation":
                yield from thing.names.en
                yield from thing.names.zh


def knowledge_folder() -> Path:
    """Return the content folder: `UPRIGHT_KNOWLEDGE`, or `data/knowledge/`."""
    return Path(os.environ.get("UPRIGHT_KNOWLEDGE", KNOWLEDGE))


def load_knowledge(path: Path | None = None) -> Knowledge:
    """Read and check the knowledge files under `path` (default `data/knowledge/`).

    The environment variable `UPRIGHT_KNOWLEDGE` names another folder. Time is linear in the
    number of files. Raises `ContentError` (file, line, reason) at the first mistake.
    """
    errors: list[ContentError] = []
    knowledge = read_knowledge(path, errors)
    if errors:
        raise errors[0]
    return knowledge


def read_knowledge(path: Path | None, errors: list[ContentError]) -> Knowledge:
    """Read what can be read and append every mistake to `errors`."""
    base = path or knowledge_folder()
    sources = {s.id: s for _, s in _entries(base / "sources.yml", Source, errors)}
    things = tuple(t for _, t in _entries(base / "names.yml", NamedThing, errors))
    countries = _countries(base / "countries.yml", errors)
    topics: dict[str, Topic] = {}
    files = sorted((base / "topics").glob("*/*.yml"))
    if not files:
        errors.append(ContentError(base / "topics", 0, "no topic files found"))
    raw: dict[str, tuple[Path, Any]] = {}
    for file in files:
        try:
            node = load_yaml(file)
            topic = _model(Topic, node, file)
        except ContentError as error:
            errors.append(error)
            continue
        if file.parent.name + "." + file.stem != topic.id:
            reason = f"id '{topic.id}' does not match its place; expected <area>/<name>.yml"
            errors.append(ContentError(file, line_of(node, "id"), reason))
        topics[topic.id] = topic
        raw[topic.id] = (file, node)
    known = Knowledge(
        topics, sources, countries, things, {topic.intent: topic for topic in topics.values()}
    )
    for topic_id, (file, node) in raw.items():
        errors.extend(_check_topic(known, topics[topic_id], file, node))
    return known


def _check_topic(known: Knowledge, topic: Topic, file: Path, node: Any) -> Iterator[ContentError]:
    """Yield what the schema alone cannot see: unknown ids and sizes."""
    for other in topic.related:
        if other not in known.topics or other == topic.id:
            yield ContentError(file, line_of(node, "related"), f"unknown related topic '{other}'")
    places: list[tuple[str, tuple[Claim, ...], Any]] = [
        ("answer", topic.answer, node.get("answer"))
    ]
    for part in ("facets", "countries"):
        for name, claims in getattr(topic, part).items():
            places.append((name, claims, node[part][name]))
    for _, claims, at in places:
        for index, claim in enumerate(claims):
            for source in claim.sources:
                cited = line_of(at[index], "sources")
                if source not in known.sources:
                    reason = f"unknown source '{source}' (add it to data/knowledge/sources.yml)"
                    yield ContentError(file, cited, reason)
                elif _NO_ADDRESS in known.sources[source].locator:
                    reason = f"source '{source}' has no public address, so no reader can check it"
                    reason += "; rest the claim on another source, or say that none was found"
                    yield ContentError(file, cited, reason)
            yield from _too_long(file, line_of(at, index), "claim", claim)
            for kind in ("technique", "segment") if claim.fits else ():
                ids = {thing.id for thing in known.things if thing.kind == kind}
                for value in getattr(claim.fits, kind):
                    if value not in ids:
                        reason = f"unknown {kind} '{value}' (use {', '.join(sorted(ids))})"
                        yield ContentError(file, line_of(at[index]["for"]), reason)
    for code in topic.countries:
        if code not in known.countries:
            reason = f"country '{code}' is not in data/knowledge/countries.yml"
            yield ContentError(file, line_of(node["countries"], code), reason)
    invite = (topic.invite,) if topic.invite else ()
    yield from _too_long(file, line_of(node, "answer"), "answer", *topic.answer, *invite)
    for language in LANGUAGES:
        label = topic.question.get(language)
        if len(label) > _MAX_QUESTION[language]:
            reason = f"question.{language} has {len(label)} characters, {_MAX_QUESTION[language]}"
            yield ContentError(file, line_of(node, "question"), reason + " at most")


def _too_long(file: Path, line: int, what: str, *texts: Claim | Text) -> Iterator[ContentError]:
    for language in LANGUAGES:
        total = _total(texts, language)
        if total > limit(language):
            unit = "English words" if language == "en" else "Chinese characters"
            yield ContentError(file, line, f"{what} has {total} {unit}, at most {limit(language)}")


def _total(texts: Iterable[Claim | Text], language: Language) -> int:
    return sum(size(getattr(text, language), language) for text in texts)


def _fits(claims: list[Claim]) -> bool:
    return all(_total(claims, language) <= limit(language) for language in LANGUAGES)


def _countries(
    file: Path, errors: list[ContentError]
) -> dict[str, dict[Language, tuple[str, ...]]]:
    try:
        node = load_yaml(file) or {}
    except ContentError as error:
        errors.append(error)
        return {}
    result: dict[str, dict[Language, tuple[str, ...]]] = {}
    for code, entry in node.items():
        names = entry.get("names", entry) if isinstance(entry, dict) else None
        if not isinstance(names, dict) or not all(names.get(lang) for lang in LANGUAGES):
            errors.append(ContentError(file, line_of(node, code), f"{code} needs names en and zh"))
            continue
        cities = entry.get("cities") or {}
        result[str(code)] = {lang: (*names[lang], *cities.get(lang, ())) for lang in LANGUAGES}
    return result


def _entries(file: Path, model: type[_M], errors: list[ContentError]) -> Iterator[tuple[int, _M]]:
    """Yield (line, entry) of a YAML list; a repeated id is a mistake."""
    try:
        node = load_yaml(file) or []
    except ContentError as error:
        errors.append(error)
        return
    if not isinstance(node, list):
        errors.append(ContentError(file, 1, "expected a list of entries, each starting with '- '"))
        return
    seen: set[str] = set()
    for index, item in enumerate(node):
        try:
            entry = _model(model, item, file, line_of(node, index))
        except ContentError as error:
            errors.append(error)
            continue
        key = str(getattr(entry, "id", index))
        if key in seen:
            errors.append(ContentError(file, line_of(node, index), f"repeated id '{key}'"))
        seen.add(key)
        yield line_of(node, index), entry


def _model(model: type[_M], node: Any, file: Path, line: int = 1) -> _M:
    """Build `model` from a YAML node; the first mistake becomes a `ContentError` with its line."""
    if not isinstance(node, dict):
        raise ContentError(file, line, "expected 'key: value' lines")
    try:
        return model.parse_obj(node)
    except ValidationError as error:
        # A misspelt key makes two errors; the unknown key is the one that explains the other.
        first = min(error.errors(), key=lambda one: one["type"] != "value_error.extra")
        at, line = node, line_of(node) or line
        for key in first["loc"]:
            line = line_of(at, key) or line
            try:
                at = at[key]
            except (KeyError, IndexError, TypeError):
                break
        where = ".".join(str(key) for key in first["loc"] if key != "__root__")
        message = first["msg"].replace("extra fields not permitted", "unknown key")
        raise ContentError(file, line, f"{where}: {message}" if where else message) from error


__all__ = ["FACETS", "KNOWLEDGE", "Knowledge", "load_knowledge", "read_knowledge"]
