"""The safety library loaded once a process, for the graph, the channels and the words."""

from __future__ import annotations

import functools
import logging

from bot.paths import DATA
from bot.safety.assessor import Assessor
from bot.safety.classifier import FOLDER, RiskClassifier
from bot.safety.hotlines import Hotlines
from bot.safety.languages import OtherLanguages
from bot.safety.model import RiskModel
from bot.safety.regions import Regions

logger = logging.getLogger(__name__)


@functools.lru_cache(maxsize=1)
def load_assessor() -> Assessor:
    """Return the assessor with the project's rules."""
    return Assessor.load(DATA / "safety" / "rules.yml")


@functools.lru_cache(maxsize=1)
def load_risk() -> RiskModel:
    """Return the whole assessment; without a usable classifier the patterns stand alone."""
    try:
        classifier: RiskClassifier | None = RiskClassifier.load(load_assessor(), FOLDER)
    except (OSError, ValueError):
        logger.exception("no risk classifier; patterns alone decide (`make train` makes one)")
        classifier = None
    return RiskModel(load_assessor(), classifier, load_languages())


@functools.lru_cache(maxsize=1)
def load_languages() -> OtherLanguages:
    """Return the other languages, ready to compare with. Raises ContentError."""
    languages = OtherLanguages.load(DATA / "safety" / "other_languages.yml")
    try:
        languages.warm_up()
    except Exception:
        logger.exception("no sentence vectors; danger is recognised in English and Chinese only")
    return languages


@functools.lru_cache(maxsize=1)
def load_hotlines() -> Hotlines:
    """Return the project's hotlines."""
    return Hotlines.load(DATA / "knowledge" / "hotlines.yml")


@functools.lru_cache(maxsize=1)
def load_regions() -> Regions:
    """Return the finder of the person's region."""
    return Regions.load(DATA / "knowledge" / "countries.yml", load_languages().languages.values())
