"""Every text that may be sent, by hash and language: `python -m bot registry`.

A text with values (numbers, lines, names of countries, the person's own words) is listed as its
template; what is sent is checked by rendering it again (`bot.words`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from actions.knowledge.schema import LANGUAGES
from bot.words import Words, load_words


def entries(words: Words) -> Iterator[tuple[str, str, str]]:
    """Yield (language, SHA-256, template or topic/facet/index) of every sendable text."""
    for name, variants in sorted(words.responses.items()):
        spoken = words.spoken(name)
        if spoken:
            yield spoken, _hash(str(variants["en"]["text"])), name
            continue
        for language in LANGUAGES:
            yield language, _hash(str(variants[language]["text"])), name
    for topic in words.knowledge.topics.values():
        facets = ("answer", *topic.facets, *(f"country:{code}" for code in topic.countries))
        for facet in facets:
            for index in range(len(words.knowledge.bubbles(topic, facet))):
                values = {"topic": topic.id, "facet": facet, "index": index, "offer": []}
                for language in LANGUAGES:
                    text = words.render("kb_claims", values, language)["text"]
                    yield language, _hash(text), f"{topic.id}/{facet}/{index}"


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def main(arguments: list[str]) -> int:
    """Print the registry."""
    del arguments
    for language, digest, name in entries(load_words()):
        print(f"{language}\t{digest}\t{name}")
    return 0
