"""The safety library loaded once a process, for the graph, the channels and the words."""

from __future__ import annotations

import functools
from pathlib import Path

from bot.safety.assessor import Assessor
from bot.safety.hotlines import Hotlines
from bot.safety.regions import Regions

_DATA = Path(__file__).resolve().parents[2] / "data"


@functools.lru_cache(maxsize=1)
def load_assessor() -> Assessor:
    """Return the assessor with the project's rules."""
    return Assessor.load(_DATA / "safety" / "rules.yml")


@functools.lru_cache(maxsize=1)
def load_hotlines() -> Hotlines:
    """Return the project's hotlines."""
    return Hotlines.load(_DATA / "knowledge" / "hotlines.yml")


@functools.lru_cache(maxsize=1)
def load_regions() -> Regions:
    """Return the finder of the person's region."""
    return Regions.load(_DATA / "knowledge" / "countries.yml")
