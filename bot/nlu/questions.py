"""Cuts a message that asks several things into its questions; imports nothing of Rasa."""

from __future__ import annotations

import re

from bot.nlu.text import CJK_CHARACTER

MOST = 3
_BORDER = re.compile(
    r"(?<=[?？!！。;；\n])\s*|(?<=[a-z])[.]\s+|\s*[,，、]\s*(?:and\s+|also\s+|plus\s+)?"
    r"|\s+(?:and|also|plus|as well as)\s+(?=(?:how|what|when|where|which|who|why|is|are|can|could"
    r"|do|does|did|will|would|should|if)\b)|(?:还有|以及|另外|顺便|再问)[，,]?"
)
_ASKS = re.compile(
    r"[?？]|\b(?:how|what|whats|when|where|which|who|why|is|are|can|could|do|does|will|would"
    r"|should|any)\b|吗|么|嘛|呢|多少|多久|多大|多高|几|怎么|怎样|咋|如何|什么|啥|哪|会不会|能不能|是不是"
    r"|可不可以|有没有|为什么|为啥|谁"
)


def split(text: str) -> list[str]:
    """Return the parts of `text` that ask something, in order; fewer than two: nothing to split.

    `text` is normalised (lower case). Parts too short to stand alone are left out.
    """
    parts = [part.strip() for part in _BORDER.split(text) if part and part.strip()]
    asking = [part for part in parts if _ASKS.search(part) and _long_enough(part)]
    return asking if 2 <= len(asking) <= MOST and len(parts) <= MOST + 1 else []


def asks(text: str) -> bool:
    """Return whether normalised `text` has a question mark or a question word."""
    return bool(_ASKS.search(text))


def _long_enough(part: str) -> bool:
    return len(CJK_CHARACTER.findall(part)) >= 3 or len(part.split()) >= 2
