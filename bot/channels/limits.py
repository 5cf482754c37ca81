"""Rate limits: a token bucket for each key."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

_MOST_KEYS = 20_000


@dataclass
class _Bucket:
    tokens: float
    at: float


class RateLimit:
    """At most `burst` at once and `per_minute` in the long run, for each key. In memory only."""

    def __init__(
        self, burst: int, per_minute: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._burst = burst
        self._per_second = per_minute / 60
        self._clock = clock
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def take(self, key: str) -> float:
        """Take one; return 0 where that is allowed, else the seconds until it is (at least 1)."""
        now = self._clock()
        bucket = self._buckets.setdefault(key, _Bucket(self._burst, now))
        self._buckets.move_to_end(key)
        if len(self._buckets) > _MOST_KEYS:
            self._buckets.popitem(last=False)
        passed = max(0.0, now - bucket.at)
        bucket.tokens = min(self._burst, bucket.tokens + passed * self._per_second)
        bucket.at = now
        if bucket.tokens >= 1 - 1e-9:  # sums of floats fall short by a hair
            bucket.tokens = max(0.0, bucket.tokens - 1)
            return 0.0
        return max(1.0, (1 - bucket.tokens) / self._per_second)
