"""Where things are, relative to the project."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MODELS = ROOT / "models"
VAR = ROOT / "var"
DATA = ROOT / "data"
