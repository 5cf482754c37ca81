"""Events for clients that listen: what comes later than the reply, resumable by event id.

In memory, for one server process: several processes need a balancer that keeps a person with one
of them. What is lost here (a restart, too many events) is not lost to the person: the listener
hears `reset` and reads the history again.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import OrderedDict, deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

_KEPT = 200  # events of one conversation
_MOST = 10_000  # conversations
Event = tuple[str, str, dict[str, Any]]


@dataclass
class _Box:
    # Ids of another process, or of a box that was dropped, mean nothing here.
    epoch: str = field(default_factory=lambda: secrets.token_hex(4))
    number: int = 0
    events: deque[tuple[int, str, dict[str, Any]]] = field(
        default_factory=lambda: deque(maxlen=_KEPT)
    )
    news: asyncio.Event = field(default_factory=asyncio.Event)
    listeners: int = 0


class Outbox:
    """Publishes events by conversation and lets any number of clients listen."""

    def __init__(self) -> None:
        self._boxes: OrderedDict[str, _Box] = OrderedDict()
        self._closed = False

    def publish(self, sender: str, event: str, data: dict[str, Any]) -> None:
        """Add an event to a conversation."""
        box = self._box(sender)
        box.number += 1
        box.events.append((box.number, event, data))
        self._wake(box)

    def last(self, sender: str) -> str:
        """Return the id of the latest event of a conversation."""
        box = self._box(sender)
        return f"{box.epoch}-{box.number}"

    def forget(self, sender: str, tell: bool = True) -> None:
        """Drop a conversation's events and end its listeners; `tell`: that it has ended."""
        if sender in self._boxes:
            if tell:
                self.publish(sender, "ended", {})
            self._wake(self._boxes.pop(sender))

    def close(self) -> None:
        """End all listening, as when the server stops."""
        self._closed = True
        for box in self._boxes.values():
            self._wake(box)

    async def listen(self, sender: str, after: str | None, pause: float) -> AsyncIterator[Event]:
        """Yield (id, event, data) from after the event `after` on, or from now on.

        Yields ("", "", {}) whenever nothing came for `pause` seconds, so that the caller can keep
        the connection alive. Ends after `ended` and when the outbox is closed.
        """
        box = self._box(sender)
        box.listeners += 1
        try:
            seen = box.number
            if after is not None:
                seen = self._number(box, after)
                if seen < 0:
                    seen = box.number
                    yield f"{box.epoch}-{seen}", "reset", {}
            while not self._closed:
                gone = self._boxes.get(sender) is not box
                news = box.news
                for number, event, data in list(box.events):
                    if number > seen:
                        seen = number
                        yield f"{box.epoch}-{number}", event, data
                        if event == "ended":
                            return
                if box.number > seen:  # more came than is kept
                    seen = box.number
                    yield f"{box.epoch}-{seen}", "reset", {}
                if gone:
                    return
                try:
                    await asyncio.wait_for(news.wait(), pause)
                except asyncio.TimeoutError:
                    yield "", "", {}
        finally:
            box.listeners -= 1

    def _number(self, box: _Box, after: str) -> int:
        """Return the number of an event id, -1 where what followed it is not known any more."""
        epoch, _, number = after.rpartition("-")
        if epoch != box.epoch or not number.isdecimal() or int(number) > box.number:
            return -1
        oldest = box.events[0][0] if box.events else box.number + 1
        return int(number) if int(number) >= oldest - 1 else -1

    def _box(self, sender: str) -> _Box:
        box = self._boxes.setdefault(sender, _Box())
        self._boxes.move_to_end(sender)
        if len(self._boxes) > _MOST:
            idle = next((key for key, old in self._boxes.items() if not old.listeners), None)
            self._boxes.pop(idle or next(iter(self._boxes)))
        return box

    @staticmethod
    def _wake(box: _Box) -> None:
        box.news.set()
        box.news = asyncio.Event()
