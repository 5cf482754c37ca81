"""Fixtures: the trained model and the loaded assistant, once a test run."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

os.environ["RASA_TELEMETRY_ENABLED"] = "false"
# Not the spool of a running assistant in `var/`; removed with the machine's temporary files.
os.environ["UPRIGHT_SPOOL"] = tempfile.mkdtemp(prefix="upright-tests-spool-")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("SQLALCHEMY_SILENCE_UBER_WARNING", "1")

if TYPE_CHECKING:
    from tests.tester import Bot


@pytest.fixture(scope="session")
def model() -> Path:
    """The project's model, trained if it is missing or stale."""
    from bot.train import train

    return train()


@pytest.fixture(scope="session")
def bot(model: Path) -> Bot:
    """The assistant with its custom actions, in this process."""
    from tests.tester import Bot

    return Bot(model)
