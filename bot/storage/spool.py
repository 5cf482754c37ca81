"""What was said while the record could not be written: kept encrypted until it can.

One file a conversation (named by a hash), each line one Fernet token (AES-128-CBC with HMAC) of
JSON events. The store merges them into the record; see `bot.storage.tracker`. What belongs to a
conversation without consent to storage is kept in memory only. Imports nothing of Rasa.
"""

from __future__ import annotations

import functools
import hashlib
import hmac
import json
import logging
import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet, InvalidToken

from bot.paths import VAR
from bot.storage.consent import is_stored

logger = logging.getLogger(__name__)
Event = dict[str, Any]
_NEVER = "never"  # file of keyed hashes: conversations of children, of which nothing is kept
_MOST_IN_MEMORY = 2000  # conversations without consent


class Spool:
    """Encrypted events by conversation. Every method swallows disk errors and logs them."""

    def __init__(self, folder: Path, key: bytes) -> None:
        self._folder = folder
        self._fernet = Fernet(key)
        self._key = key
        self._never = self._marks()
        self._in_memory: OrderedDict[str, list[Event]] = OrderedDict()
        self._lock = threading.Lock()

    def add(self, sender: str, events: Iterable[Event]) -> None:
        """Keep events of a conversation."""
        batch = list(events)
        if not batch or self.is_never(sender):
            return
        if not is_stored(sender):
            self._remember(sender, batch)
            return
        token = self._fernet.encrypt(json.dumps({"sender": sender, "events": batch}).encode())
        try:
            with self._lock:
                self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
                with self._file(sender).open("ab") as file:
                    file.write(token + b"\n")
        except OSError:
            logger.exception("spool cannot be written; these events live in memory only")
            self._remember(sender, batch)

    def _remember(self, sender: str, batch: list[Event]) -> None:
        self._in_memory.setdefault(sender, []).extend(batch)
        if len(self._in_memory) > _MOST_IN_MEMORY:
            self._in_memory.popitem(last=False)

    def read(self, sender: str) -> list[Event]:
        """Return the events kept of a conversation, in order."""
        remembered = list(self._in_memory.get(sender, ()))
        if not is_stored(sender):
            return remembered
        entries = self._entries(self._file(sender))
        return [event for entry in entries for event in entry["events"]] + remembered

    def keep_only(self, sender: str, is_left: Callable[[Event], bool]) -> None:
        """Forget what was kept of a conversation but the events that are still left to record."""
        events = self.read(sender)
        left = [event for event in events if is_left(event)]
        if len(left) < len(events):
            self.drop(sender)
            self.add(sender, left)

    def drop(self, sender: str) -> None:
        """Forget what was kept of a conversation."""
        self._in_memory.pop(sender, None)
        if not is_stored(sender):
            return
        try:
            self._file(sender).unlink(missing_ok=True)
        except OSError:
            logger.exception("spool file cannot be removed")

    def never(self, sender: str) -> None:
        """Forget a conversation and keep nothing of it from now on, also after a restart."""
        self.drop(sender)
        if self.is_never(sender):
            return
        self._never.add(self._mark(sender))
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with (self._folder / _NEVER).open("a") as file:
                file.write(self._mark(sender) + "\n")
        except OSError:
            logger.exception("that a conversation is not to be kept is known to this process only")

    def is_never(self, sender: str) -> bool:
        """Return whether nothing of a conversation may be kept."""
        return self._mark(sender) in self._never

    def _mark(self, sender: str) -> str:
        return hmac.new(self._key, sender.encode(), hashlib.sha256).hexdigest()

    def _marks(self) -> set[str]:
        try:
            return set((self._folder / _NEVER).read_text().split())
        except OSError:
            return set()

    def senders(self) -> list[str]:
        """Return the conversations of which something is kept."""
        files = sorted(self._folder.glob("*.spool")) if self._folder.exists() else []
        found = [self._entries(file)[:1] for file in files]
        return [str(entries[0]["sender"]) for entries in found if entries]

    def _file(self, sender: str) -> Path:
        return self._folder / f"{hashlib.sha256(sender.encode()).hexdigest()[:32]}.spool"

    def _entries(self, file: Path) -> list[dict[str, Any]]:
        entries = []
        try:
            lines = file.read_bytes().splitlines() if file.exists() else []
        except OSError:
            logger.exception("spool cannot be read")
            return []
        for line in lines:
            try:
                entries.append(json.loads(self._fernet.decrypt(line)))
            except (InvalidToken, ValueError):
                logger.error("a spooled entry cannot be read with this key; it is left alone")
        return entries


def key() -> bytes:
    """Return the key of `UPRIGHT_KEY`, or one made once and kept in `var/key` (mode 600)."""
    given = os.environ.get("UPRIGHT_KEY")
    if given:
        return given.encode("ascii")
    file = VAR / "key"
    try:
        if not file.exists():
            file.parent.mkdir(exist_ok=True)
            file.touch(mode=0o600)
            file.write_bytes(Fernet.generate_key())
        return file.read_bytes().strip()
    except OSError:
        logger.exception("no place for a key; what is spooled cannot be read after a restart")
        return Fernet.generate_key()


@functools.lru_cache(maxsize=1)
def load_spool() -> Spool:
    """Return the process's spool (`UPRIGHT_SPOOL`, by default `var/spool`)."""
    return Spool(Path(os.environ.get("UPRIGHT_SPOOL") or VAR / "spool"), key())
