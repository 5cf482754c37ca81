"""Cuts a message into sentences, in any script."""

from __future__ import annotations

import re

__all__ = ["sentences"]

# A full stop between digits ("6.5 cm") and an initial ("U.S.") ends nothing.
_END = re.compile(r"(?<=[!?。！？；;…\n؟])\s*|(?<=[^\W\d_]{2}[.])\s+|(?<=\d[.])\s+(?=[^\W\d])|\n+")
_LEAST = 2  # letters of a sentence


def sentences(text: str) -> list[str]:
    """Return the sentences of `text` in order; [] for one without letters. Linear, never raises."""
    parts = (part.strip() for part in _END.split(text))
    return [part for part in parts if sum(map(str.isalpha, part)) >= _LEAST]
