"""The off switch: one topic, one feature or the whole assistant, at once, without a restart.

    python -m bot switch off topic:growth.hormone --reason "figure under review"
    python -m bot switch on topic:growth.hormone --reason "checked"
    python -m bot switch

The state is a small file (`UPRIGHT_SWITCHES`, by default `var/switches.json`), which every process
looks at in each turn; every change is appended to a log beside it with time, name and reason.
What is said instead is vetted and carries crisis help; the crisis words themselves have no switch.
"""

from __future__ import annotations

import argparse
import getpass
import json
import logging
import os
import sys
from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path

from bot.paths import VAR

logger = logging.getLogger(__name__)
ALL = "assistant"
# Features besides topics; exercises offered in a crisis, and the chat channels by their name.
FEATURES = ("safety_plan", "grounding", "web")


class Switches:
    """What is switched off, read again whenever the file has changed."""

    def __init__(self, file: Path | None = None) -> None:
        self._given = file
        self._seen: tuple[int, int] | None = None
        self._off: Mapping[str, str] = {}

    @property
    def file(self) -> Path:
        """The file that holds the state."""
        return self._given or Path(os.environ.get("UPRIGHT_SWITCHES") or VAR / "switches.json")

    def off(self) -> Mapping[str, str]:
        """Return what is off (name -> reason). A broken file changes nothing and is logged."""
        try:
            found = self.file.stat()
        except OSError:
            self._seen, self._off = None, {}
            return self._off
        stamp = (found.st_mtime_ns, found.st_size)
        if stamp != self._seen:
            try:
                self._off = {str(k): str(v) for k, v in json.loads(self.file.read_text()).items()}
            except (OSError, ValueError, AttributeError):
                logger.exception("switches cannot be read; the last state stays")
            self._seen = stamp
        return self._off

    def is_off(self, name: str) -> bool:
        """Return whether `name` ("topic:<id>", a feature or "assistant") is off."""
        return name in self.off()

    def set(self, name: str, off: bool, reason: str) -> None:
        """Switch and record it. Raises ValueError without a reason or for an unknown name."""
        if not reason.strip():
            raise ValueError("a reason is needed")
        if name not in (ALL, *FEATURES) and not name.startswith("topic:"):
            known = ", ".join((ALL, *FEATURES))
            raise ValueError(f"unknown name {name!r}: use topic:<id>, {known}")
        state = dict(self.off())
        state.pop(name, None)
        if off:
            state[name] = reason
        self.file.parent.mkdir(parents=True, exist_ok=True)
        entry = {
            "time": datetime.now(timezone.utc).isoformat(timespec="seconds"),
            "name": name,
            "off": off,
            "reason": reason,
            "by": getpass.getuser(),
        }
        with self.file.with_suffix(".log").open("a", encoding="utf-8") as log:
            log.write(json.dumps(entry, ensure_ascii=False) + "\n")
        fresh = self.file.with_suffix(".new")
        fresh.write_text(json.dumps(state, ensure_ascii=False, indent=1), encoding="utf-8")
        fresh.replace(self.file)  # readers see the old state or the new one, never half


SWITCHES = Switches()


def main(arguments: list[str]) -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="python -m bot switch")
    parser.add_argument("to", choices=("on", "off"), nargs="?")
    parser.add_argument("name", nargs="?", help=f"topic:<id>, {ALL} or one of {FEATURES}")
    parser.add_argument("--reason", default="")
    options = parser.parse_args(arguments)
    if options.to:
        from actions.knowledge import load_knowledge

        topic = str(options.name).removeprefix("topic:")
        if str(options.name).startswith("topic:") and topic not in load_knowledge().topics:
            print(f"no such topic: {topic}", file=sys.stderr)
            return 1
        try:
            SWITCHES.set(str(options.name), options.to == "off", options.reason)
        except ValueError as error:
            print(error, file=sys.stderr)
            return 1
    for name, reason in sorted(SWITCHES.off().items()):
        print(f"off  {name}  ({reason})")
    if not SWITCHES.off():
        print("everything is on")
    return 0
