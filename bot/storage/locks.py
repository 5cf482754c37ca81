"""A lock store without one-second polls."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from rasa.core.lock import TicketLock
from rasa.core.lock_store import LOCK_LIFETIME, InMemoryLockStore
from rasa.utils.endpoints import EndpointConfig

_POLL_SECONDS = 0.05


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
