"""How often help was named, by year, language and region; no identifiers, no words.

    python -m bot counts [--year 2026]

California's SB 243 asks operators for yearly counts of referrals to crisis services.
"""

from __future__ import annotations

import argparse
import logging
import os
import re
import sqlite3
from datetime import datetime, timezone
from pathlib import Path

from bot.paths import VAR

logger = logging.getLogger(__name__)
KINDS = ("crisis", "crisis_other", "imminent", "emergency_now", "emergency_today", "distress")
_BY_TEMPLATE = {
    "utter_crisis_lines": "crisis",
    "utter_crisis_other_lines": "crisis_other",
    "utter_crisis_imminent": "imminent",
    "utter_crisis_other_imminent": "imminent",
    "utter_emergency_call": "emergency_now",
    "utter_emergency_now": "emergency_now",
    "utter_emergency_today": "emergency_today",
    "utter_distress": "distress",
    # words in another language hold question and lines in one
    "utter_crisis": "crisis",
    "utter_crisis_other": "crisis_other",
    "utter_emergency": "emergency_now",
}
_SPOKEN = re.compile(r"_spoken_[a-z]{2,3}$")


class Counts:
    """Counters in a small SQLite file; failing to count never fails a turn."""

    def __init__(self, file: Path | None = None) -> None:
        self._file = file

    @property
    def file(self) -> Path:
        """The file that holds the counters (`UPRIGHT_COUNTS`)."""
        return self._file or Path(os.environ.get("UPRIGHT_COUNTS") or VAR / "counts.db")

    def add(self, templates: set[str], language: str, region: str | None) -> None:
        """Count the kinds of help that a reply named."""
        names = {_SPOKEN.sub("", name) for name in templates}
        kinds = {_BY_TEMPLATE[name] for name in names if name in _BY_TEMPLATE}
        if not kinds:
            return
        year = datetime.now(timezone.utc).year
        try:
            with self._open() as connection:
                for kind in kinds:
                    connection.execute(
                        "INSERT INTO counts VALUES (?, ?, ?, ?, 1) ON CONFLICT "
                        "(year, kind, language, region) DO UPDATE SET number = number + 1",
                        (year, kind, language, region or ""),
                    )
        except (sqlite3.Error, OSError):
            logger.exception("help was named but could not be counted")

    def of(self, year: int) -> list[tuple[str, str, str, int]]:
        """Return (kind, language, region, number) of one year."""
        with self._open() as connection:
            return connection.execute(
                "SELECT kind, language, region, number FROM counts WHERE year = ? ORDER BY 1, 2, 3",
                (year,),
            ).fetchall()

    def _open(self) -> sqlite3.Connection:
        self.file.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(self.file, timeout=1)
        connection.execute(
            "CREATE TABLE IF NOT EXISTS counts (year INTEGER, kind TEXT, language TEXT, "
            "region TEXT, number INTEGER, PRIMARY KEY (year, kind, language, region))"
        )
        return connection


def main(arguments: list[str]) -> int:
    """Print the counters of a year."""
    parser = argparse.ArgumentParser(prog="python -m bot counts")
    parser.add_argument("--year", type=int, default=datetime.now(timezone.utc).year)
    year = parser.parse_args(arguments).year
    print(f"{year}: kind, language, region, number")
    for kind, language, region, number in Counts().of(year):
        print(f"{kind}\t{language}\t{region or '-'}\t{number}")
    return 0
