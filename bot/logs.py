"""Logging of the Rasa side.

Rasa's structured debug log prints what people write; importing `bot` silences it (and the set-up
here keeps it so): nothing of it below WARNING is ever formatted.
"""

from __future__ import annotations

import logging

import structlog


def configure(level: int = logging.INFO) -> None:
    """Log to standard error from `level` on (never below INFO), Rasa itself from WARNING on."""
    level = max(level, logging.INFO)
    logging.basicConfig(level=level, format="%(levelname)s %(name)s: %(message)s", force=True)
    for noisy in ("rasa", "apscheduler", "sanic.access", "matplotlib", "tensorflow", "absl"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
