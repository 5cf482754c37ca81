"""Lock stores without one-second polls: one turn of a conversation at a time.

`Locks` is the one that `endpoints.yml` names: in memory for one server process, in Redis where
`UPRIGHT_REDIS_URL` (or `url:` in `endpoints.yml`) names one, for several.
"""

from __future__ import annotations

import json
import os
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any

import redis
from rasa.core.lock import TicketLock
from rasa.core.lock_store import LOCK_LIFETIME, InMemoryLockStore, LockError, LockStore
from rasa.utils.endpoints import EndpointConfig

_POLL_SECONDS = 0.05
# Of one command. The client is synchronous: a Redis that hangs must not hold up the crisis words.
_REDIS_SECONDS = 0.3
_PREFIX = "upright:lock:"


class PromptLockStore(InMemoryLockStore):
    """In-memory locks, polled every 50 ms.

    Two quick messages of one person wait 1 s each in stock Rasa (measured in the design notes).
    One server process only, as with Rasa's own in-memory store.
    """

    def __init__(self, endpoint_config: EndpointConfig | None = None) -> None:
        super().__init__()

    @asynccontextmanager
    async def lock(
        self,
        conversation_id: str,
        lock_lifetime: float = LOCK_LIFETIME,
        wait_time_in_seconds: float = _POLL_SECONDS,
    ) -> AsyncGenerator[TicketLock, None]:
        """Hold the lock of a conversation; see `rasa.core.lock_store.LockStore.lock`."""
        async with super().lock(conversation_id, lock_lifetime, wait_time_in_seconds) as held:
            yield held


class RedisLocks(LockStore):
    """Locks in Redis, polled every 50 ms, changed in transactions.

    Stock Rasa reads, changes and writes a lock in three steps, so that two servers can hand out one
    ticket twice. While Redis is gone each turn fails at once with `LockError`, and the channel
    says fixed words; nothing needs a restart when it is back.
    """

    def __init__(self, url: str) -> None:
        """`url`: redis://[user:password@]host:port/db, or rediss:// or unix://."""
        self._redis = redis.Redis.from_url(
            url, socket_timeout=_REDIS_SECONDS, socket_connect_timeout=_REDIS_SECONDS
        )
        super().__init__()

    @asynccontextmanager
    async def lock(
        self,
        conversation_id: str,
        lock_lifetime: float = LOCK_LIFETIME,
        wait_time_in_seconds: float = _POLL_SECONDS,
    ) -> AsyncGenerator[TicketLock, None]:
        """Hold the lock of a conversation; see `rasa.core.lock_store.LockStore.lock`."""
        async with super().lock(conversation_id, lock_lifetime, wait_time_in_seconds) as held:
            yield held

    def issue_ticket(self, conversation_id: str, lock_lifetime: float = LOCK_LIFETIME) -> int:
        """Issue the next ticket. Raises LockError where Redis does not answer."""

        def issue(lock: TicketLock) -> int:
            lock.remove_expired_tickets()
            return lock.issue_ticket(lock_lifetime)

        try:
            return int(self._change(conversation_id, issue))
        except redis.RedisError as error:
            raise LockError(f"Redis gave no ticket: {error}") from error

    def update_lock(self, conversation_id: str) -> None:
        """Remove expired tickets."""
        self._change(conversation_id, TicketLock.remove_expired_tickets)

    def finish_serving(self, conversation_id: str, ticket_number: int) -> None:
        """Remove a ticket."""
        self._change(conversation_id, lambda lock: lock.remove_ticket_for(ticket_number))

    def cleanup(self, conversation_id: str, ticket_number: int) -> None:
        """Remove a ticket, and the lock with its last one (`_change` deletes it)."""
        self.finish_serving(conversation_id, ticket_number)

    def get_lock(self, conversation_id: str) -> TicketLock | None:
        """Return the lock, None where nobody holds or wants it."""
        stored: Any = self._redis.get(_PREFIX + conversation_id)
        return TicketLock.from_dict(json.loads(stored)) if stored else None

    def delete_lock(self, conversation_id: str) -> None:
        """Delete a lock whoever holds it."""
        self._redis.delete(_PREFIX + conversation_id)

    def save_lock(self, lock: TicketLock) -> None:
        """Write a lock; it goes by itself when all its tickets have expired."""
        self._redis.set(_PREFIX + lock.conversation_id, lock.dumps(), ex=int(LOCK_LIFETIME) + 1)

    def _change(self, conversation_id: str, change: Callable[[TicketLock], Any]) -> Any:
        """Read, change and write a lock as one step; raises redis.RedisError."""
        key = _PREFIX + conversation_id

        def step(pipe: Any) -> Any:
            stored = pipe.get(key)
            lock = (
                TicketLock.from_dict(json.loads(stored)) if stored else TicketLock(conversation_id)
            )
            result = change(lock)
            pipe.multi()
            if lock.tickets:
                pipe.set(key, lock.dumps(), ex=int(LOCK_LIFETIME) + 1)
            else:
                pipe.delete(key)
            return result

        return self._redis.transaction(step, key, value_from_callable=True)


class Locks(LockStore):
    """Chooses the store when it is made; never an instance itself."""

    def __new__(cls, endpoint_config: EndpointConfig | None = None) -> LockStore:  # type: ignore[misc]
        """Return `RedisLocks` where a Redis is named, else `PromptLockStore`."""
        url = os.environ.get("UPRIGHT_REDIS_URL") or (endpoint_config and endpoint_config.url)
        return RedisLocks(url) if url else PromptLockStore()
