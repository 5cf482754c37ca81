"""The tracker store: Rasa's SQL store that loses nothing in an outage and forgets children.

- Database read-only, locked or gone: the conversation goes on in memory and its new events wait
  in the encrypted spool; they reach the record with the next turn or the next start. A removed
  SQLite file is made anew. Stock Rasa falls back to memory and the record is lost.
- Without consent (`bot.storage.consent`) nothing is stored; under 14 what was stored is erased
  and nothing is stored any more. Such a conversation lives in memory only, for a day at most.
- A turn costs the same however long the conversation is: after `QUIET_TURNS` messages a new Rasa
  session begins unnoticed, with all slots; a turn reads the latest session only.
"""

from __future__ import annotations

import json
import logging
import time
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any

import sqlalchemy as sa
from rasa.core.brokers.broker import EventBroker
from rasa.core.tracker_store import SQLTrackerStore
from rasa.shared.core.constants import ACTION_LISTEN_NAME, ACTION_SESSION_START_NAME
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import (
    ActionExecuted,
    Event,
    SessionStarted,
    SlotSet,
    UserUttered,
    deserialise_events,
)
from rasa.shared.core.trackers import DialogueStateTracker
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from bot.storage.consent import is_stored
from bot.storage.spool import load_spool

logger = logging.getLogger(__name__)
QUIET_TURNS = 12  # messages after which a new session begins
_MOST_HELD = 500  # conversations whose latest session is kept beside the database
_PAUSE_SECONDS = 3.0  # after a failure the database is left alone for so long
_MOST_IN_MEMORY = 5000  # conversations without consent, of children, and of an outage
_MOST_GONE = 10_000  # erased conversations of which nothing late is written
_MEMORY_SECONDS = 24 * 3600  # how long a conversation without consent lives

_store: ConversationStore | None = None


def current_store() -> ConversationStore | None:
    """Return the store of this process, None before Rasa has made it."""
    return _store


@dataclass
class _Remembered:
    """A conversation in memory: events of earlier sessions, and of the present one."""

    past: list[Event] = field(default_factory=list)
    present: list[Event] = field(default_factory=list)
    since: float = field(default_factory=time.monotonic)

    def keep(self, events: Sequence[Event]) -> None:
        """Take the events of a tracker that began with the present session."""
        start = 0
        for index, event in enumerate(events):
            if isinstance(event, SessionStarted):
                start = max(index - 1, 0)
        self.past += events[:start]
        self.present = list(events[start:])


_Row = tuple[int, float]  # id and timestamp of an event's row


@dataclass
class _Read:
    """The latest session of a stored conversation, and the last row of it."""

    row: _Row
    events: list[Event]


class ConversationStore(SQLTrackerStore):
    """`tracker_store: {type: bot.storage.tracker.ConversationStore, ...}` in `endpoints.yml`."""

    def __init__(
        self,
        domain: Domain | None = None,
        event_broker: EventBroker | None = None,
        **kwargs: Any,
    ) -> None:
        # Rasa's loader of custom stores names it `host`, the SQL store means an address by it.
        kwargs.pop("host", None)
        super().__init__(domain=domain, event_broker=event_broker, **kwargs)
        self._memory: OrderedDict[str, _Remembered] = OrderedDict()
        self._unsaved: OrderedDict[str, str] = OrderedDict()
        self._latest: OrderedDict[str, _Read] = OrderedDict()
        self._gone: OrderedDict[str, None] = OrderedDict()
        self._spool = load_spool()
        self._blind: set[str] = set()
        self._drained = False
        self._down_until = 0.0
        global _store
        _store = self

    async def retrieve(self, sender_id: str) -> DialogueStateTracker | None:
        """Return the conversation, with what was spooled; called at the start of a turn."""
        if not self._drained:
            self._drained = True
            await self._drain()
        tracker = await self._latest_session(sender_id)
        if tracker is not None:
            self._begin_quietly(tracker)
        return tracker

    async def _latest_session(self, sender_id: str) -> DialogueStateTracker | None:
        if self._in_memory_only(sender_id):
            return self._merge(sender_id, self._remembered(sender_id, whole=False))
        try:
            tracker = await self._read(sender_id, whole=False)
        except (SQLAlchemyError, OSError) as error:
            self._failed("read", error)
            self._blind.add(sender_id)
            return self._from_memory(sender_id)
        if not (sender_id in self._unsaved or self._spool.read(sender_id)):
            return tracker
        merged = self._merge(sender_id, tracker)
        if merged is None:
            return None
        await self.save(merged)
        if sender_id in self._unsaved:
            return merged
        # Read again: what is stored now may begin with a later session.
        return await self._read(sender_id, whole=False)

    async def retrieve_full_tracker(self, conversation_id: str) -> DialogueStateTracker | None:
        """Return the whole record, spooled events included, without writing anything."""
        if self._in_memory_only(conversation_id):
            remembered = self._remembered(conversation_id, whole=True)
            return self._merge(conversation_id, remembered)
        try:
            tracker = await self._read(conversation_id, whole=True)
        except (SQLAlchemyError, OSError) as error:
            self._failed("read", error)
            return self._from_memory(conversation_id)
        return self._merge(conversation_id, tracker)

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Store new events; where that fails, keep them in memory and in the spool."""
        sender = tracker.sender_id
        if sender in self._gone:
            return
        if tracker.get_slot("age_band") == "under_14" and is_stored(sender):
            if sender not in self._memory:
                self._remember_past(await self.retrieve_full_tracker(sender))
            self._keep(tracker)
            await self._delete(sender)
            return
        if self._in_memory_only(sender):
            self._keep(tracker)
            return
        try:
            if sender in self._blind:
                # This turn began without its past; new events go after what is stored.
                _remember(self._unsaved, sender, self.serialise_tracker(tracker))
                past = await self._read(sender, whole=False)
                tracker = self._merge(sender, past) or tracker
            await self._save(tracker)
        except (SQLAlchemyError, OSError) as error:
            self._failed("stored; it goes to the spool", error)
            self._blind.add(sender)
            _remember(self._unsaved, sender, self.serialise_tracker(tracker))
            kept = {_identity(event) for event in self._spool.read(sender)}
            events = [event.as_dict() for event in tracker.events]
            self._spool.add(sender, [e for e in events if _identity(e) not in kept])
            return
        self._blind.discard(sender)
        self._unsaved.pop(sender, None)
        self._recorded(tracker)

    def _recorded(self, tracker: DialogueStateTracker) -> None:
        """Let the spool forget what the record now holds; more may have come meanwhile."""
        if self._spool.read(tracker.sender_id):
            held = {_identity(event.as_dict()) for event in tracker.events}
            self._spool.keep_only(tracker.sender_id, lambda event: _identity(event) not in held)

    async def _save(self, tracker: DialogueStateTracker) -> None:
        self._check_up()
        await self.stream_events(tracker)
        try:
            row = self._insert(tracker)
        except sa.exc.OperationalError as error:
            self._heal(error)
            row = self._insert(tracker)
        self._hold(tracker, row)

    def _insert(self, tracker: DialogueStateTracker) -> _Row | None:
        """Store the new events in one statement (Rasa: an object and a row at a time)."""
        with self.session_scope() as session:
            rows = [
                self._row(tracker.sender_id, event)
                for event in self._additional_events(session, tracker)
            ]
            if rows:
                session.execute(sa.insert(self.SQLEvent), rows)
            last = self._last_row(session, tracker.sender_id)
            session.commit()
        return last

    @staticmethod
    def _row(sender: str, event: Event) -> dict[str, Any]:
        data = event.as_dict()
        return {
            "sender_id": sender,
            "type_name": event.type_name,
            "timestamp": data.get("timestamp"),
            "intent_name": data.get("parse_data", {}).get("intent", {}).get("name"),
            "action_name": data.get("name"),
            "data": json.dumps(data),
        }

    async def _read(self, sender: str, whole: bool) -> DialogueStateTracker | None:
        """Return what the database holds. Raises SQLAlchemyError or OSError where it is down."""
        self._check_up()
        try:
            return await self._read_now(sender, whole)
        except sa.exc.OperationalError as error:
            self._heal(error)
            return await self._read_now(sender, whole)

    async def _read_now(self, sender: str, whole: bool) -> DialogueStateTracker | None:
        held = None if whole else self._held(sender)
        if held is not None:
            return DialogueStateTracker.from_events(sender, held.events, self.domain.slots)
        tracker = await self._retrieve(sender, fetch_events_from_all_sessions=whole)
        if tracker is not None and not whole:
            with self.session_scope() as session:
                self._hold(tracker, self._last_row(session, sender))
        return tracker

    # -- what was read or written last, so that a turn need not read it again: a fifth of a turn ---

    def _hold(self, tracker: DialogueStateTracker, row: _Row | None) -> None:
        """Keep the latest session of what the database now holds of a conversation."""
        sender = tracker.sender_id
        self._latest.pop(sender, None)
        if row is None:
            return
        events = list(tracker.events)
        starts = [i for i, event in enumerate(events) if isinstance(event, SessionStarted)]
        self._latest[sender] = _Read(row, events[starts[-1] :] if starts else events)
        if len(self._latest) > _MOST_HELD:
            self._latest.popitem(last=False)

    def _held(self, sender: str) -> _Read | None:
        """Return what is kept if nobody has written or erased since."""
        held = self._latest.get(sender)
        if held is None:
            return None
        with self.session_scope() as session:
            row = self._last_row(session, sender)
        if held.row != row:
            self._latest.pop(sender, None)
            return None
        self._latest.move_to_end(sender)
        return held

    def _last_row(self, session: Session, sender: str) -> _Row | None:
        event = self.SQLEvent
        query = sa.select(event.id, event.timestamp).where(event.sender_id == sender)
        row = session.execute(query.order_by(event.id.desc()).limit(1)).first()
        return (int(row[0]), float(row[1])) if row else None

    def _additional_events(
        self, session: Session, tracker: DialogueStateTracker
    ) -> Iterator[Event]:
        """Return the events of a tracker that are not stored yet."""
        held = self._latest.get(tracker.sender_id)
        events = list(tracker.events)
        if held and all(a is b for a, b in zip_longest(events[: len(held.events)], held.events)):
            return iter(events[len(held.events) :])
        found: Iterator[Event] = super()._additional_events(session, tracker)
        return found

    def _from_memory(self, sender: str) -> DialogueStateTracker | None:
        if sender in self._unsaved:
            return self.deserialise_tracker(sender, self._unsaved[sender])
        return self._merge(sender, None)

    def _check_up(self) -> None:
        if time.monotonic() < self._down_until:
            raise OSError("the database failed a moment ago")

    def _failed(self, what: str, error: Exception) -> None:
        """Log without the person's words, and leave the database alone for a while."""
        if not isinstance(error, OSError):
            self._down_until = time.monotonic() + _PAUSE_SECONDS
        logger.error("conversation cannot be %s (%s)", what, type(error).__name__)

    def _heal(self, error: Exception) -> None:
        """Make a new file where the old one was removed: fresh connections, tables if missing.

        A locked file is not healed by that; the error is raised again.
        """
        if "locked" in str(error):
            raise error
        self.engine.dispose()
        self.Base.metadata.create_all(self.engine)

    def _merge(
        self, sender: str, tracker: DialogueStateTracker | None
    ) -> DialogueStateTracker | None:
        """Return the tracker, with the events of memory and spool that it lacks after its own."""
        waiting = self._spool.read(sender)
        if sender in self._unsaved:
            unsaved = self.deserialise_tracker(sender, self._unsaved[sender])
            waiting = [e.as_dict() for e in unsaved.events] + waiting if unsaved else waiting
        if not waiting:
            return tracker
        tracker = tracker or DialogueStateTracker(sender, self.domain.slots)
        held = {_identity(event.as_dict()) for event in tracker.events}
        for event in waiting:
            if _identity(event) not in held:
                held.add(_identity(event))
                for one in deserialise_events([event]):
                    tracker.update(one)
        return tracker

    async def _drain(self) -> None:
        """Put into the record what an earlier process had to spool."""
        for sender in self._spool.senders():
            await self.retrieve(sender)

    async def erase(self, sender: str, for_good: bool = False) -> None:
        """Erase a conversation: record, spool and memory. Raises where the database is down.

        `for_good`: its id will not be used again, so that a turn which waits behind this one, or
        hangs, writes nothing either. The caller holds the conversation's lock.
        """
        self._memory.pop(sender, None)
        self._latest.pop(sender, None)
        self._unsaved.pop(sender, None)
        self._blind.discard(sender)
        self._spool.drop(sender)
        if is_stored(sender):
            with self.session_scope() as session:
                session.query(self.SQLEvent).filter(self.SQLEvent.sender_id == sender).delete()
                session.commit()
        if for_good:
            self._gone[sender] = None
            if len(self._gone) > _MOST_GONE:
                self._gone.popitem(last=False)

    async def move(self, sender: str, new: str) -> None:
        """Give a conversation another id, as when consent is given or withdrawn.

        The caller holds the lock of both. Raises where the database is down; then nothing moved.
        """
        tracker = await self.retrieve_full_tracker(sender)
        self._gone.pop(new, None)
        if tracker is not None:
            events = [event.as_dict() for event in tracker.events]
            moved = DialogueStateTracker.from_dict(new, events, self.domain.slots)
            if is_stored(new):
                await self._save(moved)
            else:
                self._keep(moved)
        await self.erase(sender, for_good=True)

    # -- conversations in memory -----------------------------------------------------------------

    def _in_memory_only(self, sender: str) -> bool:
        if sender in self._memory or not is_stored(sender):
            return True
        return self._spool.is_never(sender)

    def _remembered(self, sender: str, whole: bool) -> DialogueStateTracker | None:
        kept = self._memory.get(sender)
        if kept is None or time.monotonic() - kept.since > _MEMORY_SECONDS:
            self._memory.pop(sender, None)
            return None
        events = kept.past + kept.present if whole else kept.present
        # Events themselves, not their text: reading them back would be a tenth of a turn.
        return DialogueStateTracker.from_events(sender, events, self.domain.slots)

    def _keep(self, tracker: DialogueStateTracker) -> None:
        """Keep a conversation in memory only."""
        sender = tracker.sender_id
        kept = self._memory.setdefault(sender, _Remembered())
        kept.keep(list(tracker.events))
        self._memory.move_to_end(sender)
        if len(self._memory) > _MOST_IN_MEMORY:
            self._memory.popitem(last=False)
        self._recorded(tracker)

    def _remember_past(self, tracker: DialogueStateTracker | None) -> None:
        """Begin a conversation in memory with what is stored of its earlier sessions."""
        if tracker is not None:
            kept = _Remembered()
            kept.keep(list(tracker.events))
            kept.present = []
            self._memory[tracker.sender_id] = kept

    async def _delete(self, sender: str) -> None:
        """Erase a child's conversation from the record; it lives on in memory."""
        self._latest.pop(sender, None)
        self._unsaved.pop(sender, None)
        self._spool.never(sender)
        try:
            with self.session_scope() as session:
                session.query(self.SQLEvent).filter(self.SQLEvent.sender_id == sender).delete()
                session.commit()
        except (SQLAlchemyError, OSError) as error:
            self._failed("erased (a child's); tried again next turn", error)

    def _begin_quietly(self, tracker: DialogueStateTracker) -> None:
        """Begin a new session where the present one is long; nothing is said and no slot lost.

        An open form goes on in its session. The new events are stored with the turn.
        """
        turns = 0
        for event in reversed(tracker.events):
            if isinstance(event, SessionStarted):
                break
            turns += isinstance(event, UserUttered)
        if turns < QUIET_TURNS or tracker.active_loop_name:
            return
        slots = [
            SlotSet(name, slot.value)
            for name, slot in tracker.slots.items()
            if slot.value != slot.initial_value
        ]
        start = [ActionExecuted(ACTION_SESSION_START_NAME), SessionStarted()]
        for event in [*start, *slots, ActionExecuted(ACTION_LISTEN_NAME)]:
            tracker.update(event)


def _remember(memory: OrderedDict[str, str], sender: str, serialised: str) -> None:
    memory[sender] = serialised
    memory.move_to_end(sender)
    if len(memory) > _MOST_IN_MEMORY:
        memory.popitem(last=False)


def _identity(event: dict[str, Any]) -> tuple[Any, ...]:
    return event.get("event"), event.get("timestamp"), event.get("name"), event.get("text")
