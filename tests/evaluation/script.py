"""Which script a Chinese message is written in.

A character set of the time before Unicode is a list of the characters of one script: GB 2312
(1980) holds the simplified forms and Big5 (1984) the traditional ones. A character that only one
of them holds speaks for that script; those in both tell nothing. Both are codecs of Python.
"""

from __future__ import annotations

import functools
from typing import Any, Literal

Script = Literal["hans", "hant"]
SCRIPTS: tuple[Script, ...] = ("hans", "hant")


def detect_script(text: str) -> Script | None:
    """Return the script that more characters speak for, None where none does or both do alike.

    A rare character that both scripts share may be missing from GB 2312, so one alone can deceive;
    that is why the majority counts.
    """
    votes = [_vote(character) for character in text]
    simplified, traditional = votes.count("hans"), votes.count("hant")
    if simplified == traditional:
        return None
    return "hans" if simplified > traditional else "hant"


def script_of(item: dict[str, Any]) -> Script | None:
    """Return the script of an evaluation item; its own field `script` comes before detection.

    Chinese that does not tell counts as simplified, as most of it is; English has none. Raises
    ValueError for an unknown script.
    """
    if item["language"] != "zh":
        return None
    named: Script | None = item.get("script")
    if named is not None and named not in SCRIPTS:
        raise ValueError(f"unknown script {named!r} of {item['text']!r}")
    return named or detect_script(item["text"]) or "hans"


@functools.cache
def _vote(character: str) -> Script | None:
    if character < "\u3400":  # Latin letters, digits and signs
        return None
    simplified, traditional = _encodes(character, "gb2312"), _encodes(character, "big5")
    if simplified == traditional:
        return None
    return "hans" if simplified else "hant"


def _encodes(character: str, codec: str) -> bool:
    try:
        character.encode(codec)
    except UnicodeEncodeError:
        return False
    return True
