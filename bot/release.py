"""`make release-check`: what must not go out to people yet; see `bot.check.release`."""

from __future__ import annotations

from bot.check import release as main

__all__ = ["main"]
