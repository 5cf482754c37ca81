"""When a counsellor is on duty, so that nobody is promised a person who is not there.

`UPRIGHT_COUNSELLOR_HOURS`: empty (nobody is ever offered) or, for example,
"mon-fri 09:00-18:00 Europe/London 30": weekdays, from, to, time zone, and the minutes that an
answer may take. They write through `POST /chat/counsellor`, which needs `UPRIGHT_COUNSELLOR_KEY`.
"""

from __future__ import annotations

import os
import re
import zoneinfo
from dataclasses import dataclass
from datetime import datetime, time, timezone

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_FORM = re.compile(
    r"(?P<first>[a-z]{3})(?:-(?P<last>[a-z]{3}))? (?P<start>\d\d:\d\d)-(?P<end>\d\d:\d\d) "
    r"(?P<zone>\S+) (?P<minutes>\d{1,4})"
)


@dataclass(frozen=True)
class Duty:
    """Hours of duty on some weekdays (0 Monday), and minutes until an answer."""

    days: frozenset[int]
    start: time
    end: time
    zone: zoneinfo.ZoneInfo
    minutes: int

    @classmethod
    def parse(cls, text: str) -> Duty:
        """Return the duty of a setting. Raises ValueError with the form that is expected."""
        match = _FORM.fullmatch(text.strip().replace("  ", " "))
        try:
            assert match is not None
            first = _DAYS.index(match["first"])
            last = _DAYS.index(match["last"] or match["first"])
            start, end = (time.fromisoformat(match[name]) for name in ("start", "end"))
            zone = zoneinfo.ZoneInfo(match["zone"])
            assert start < end
        except (AssertionError, ValueError, zoneinfo.ZoneInfoNotFoundError):
            form = "mon-fri 09:00-18:00 Europe/London 30"
            raise ValueError(f"UPRIGHT_COUNSELLOR_HOURS: {text!r} is not like {form!r}") from None
        span = (last - first) % 7 + 1
        days = frozenset((first + day) % 7 for day in range(span))
        return cls(days, start, end, zone, int(match["minutes"]))

    def is_on(self, now: datetime) -> bool:
        """Return whether somebody is on duty at `now` (aware)."""
        local = now.astimezone(self.zone)
        return local.weekday() in self.days and self.start <= local.time() < self.end


def duty() -> Duty | None:
    """Return the configured duty, None where there is none. Raises ValueError."""
    setting = os.environ.get("UPRIGHT_COUNSELLOR_HOURS", "").strip()
    return Duty.parse(setting) if setting else None


def presence(now: datetime | None = None, stored: bool = True) -> tuple[str, int]:
    """Return the template that says whether a person is there, and the minutes of an answer.

    Nobody is where no hours are set, where counsellors have no way into the chat, and in a
    conversation that is not stored: nobody could read it later.
    """
    hours = duty()
    if hours is None or not stored or not os.environ.get("UPRIGHT_COUNSELLOR_KEY", "").strip():
        return "utter_human_none", 0
    on = hours.is_on(now or datetime.now(timezone.utc))
    return ("utter_human_now" if on else "utter_human_later"), hours.minutes
