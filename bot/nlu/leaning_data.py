"""Reads the messages that lean on what was said before; imports nothing of Rasa."""

from __future__ import annotations

from pathlib import Path

from actions.knowledge.schema import LANGUAGES
from bot.content import ContentError, line_of, load_yaml
from bot.paths import DATA


def read_leaning(folder: Path = DATA / "dialogue") -> list[str]:
    """Return the examples of `leaning.<language>.yml`: named lists of messages.

    Raises ContentError (file, line, reason) where a list is missing in one language or an example
    is no text.
    """
    found: list[str] = []
    sections: dict[str, set[str]] = {}
    for language in LANGUAGES:
        file = folder / f"leaning.{language}.yml"
        root = load_yaml(file)
        if not isinstance(root, dict):
            raise ContentError(file, 1, "expected named lists of messages")
        sections[language] = set(root)
        for name, texts in root.items():
            for index, text in enumerate(texts or ()):
                if not isinstance(text, str) or not text.strip():
                    raise ContentError(file, line_of(texts, index), "an example is a text")
                found.append(text)
            missing = set(root) ^ sections["en"]
            if missing:
                reason = f"lists in one language only: {', '.join(sorted(missing))}"
                raise ContentError(file, line_of(root, name), reason)
    return found
