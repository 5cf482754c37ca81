"""Whether a conversation may be stored: its id says so, and nothing else has to be asked.

A conversation without consent to storage has an id with a mark; the tracker store and the spool
write nothing of it to any disk, in no process and after no restart.
"""

from __future__ import annotations

_UNSTORED = "~"  # not in the alphabet of ids that we mint


def conversation_id(name: str, stored: bool) -> str:
    """Return the id of a conversation called `name`."""
    return name.lstrip(_UNSTORED) if stored else _UNSTORED + name.lstrip(_UNSTORED)


def is_stored(sender: str) -> bool:
    """Return whether the conversation `sender` may be written to disk."""
    return not sender.startswith(_UNSTORED)
