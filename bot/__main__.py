"""Command line of the Rasa side: `python -m bot <command>`."""

from __future__ import annotations

import importlib
import sys

# command -> module with main(arguments) -> exit code; imported late, Rasa takes seconds to load.
_COMMANDS = {
    "serve": "bot.serve",
    "server": "bot.server",
    "train": "bot.train",
    "chat": "bot.chat",
    "check-content": "bot.check",
    "release-check": "bot.release",
    "registry": "bot.registry",
    "switch": "bot.switches",
    "counts": "bot.storage.counts",
    "widget-data": "bot.widget",
    "book": "bot.book",
    "diversity": "bot.duplicates",
    "readability": "bot.readability",
}


def main() -> int:
    """Run one command."""
    command, arguments = (sys.argv[1] if len(sys.argv) > 1 else ""), sys.argv[2:]
    if command == "announce":
        from bot.serve import announce

        return announce()
    if command == "rasa":
        # Rasa's own command line with telemetry switched off (importing `bot` did it).
        from rasa.__main__ import main as rasa_main

        sys.argv = ["rasa", *arguments]
        rasa_main()
        return 0
    if command not in _COMMANDS:
        print(f"usage: python -m bot {{{'|'.join([*_COMMANDS, 'rasa'])}}}", file=sys.stderr)
        return 2
    return int(importlib.import_module(_COMMANDS[command]).main(arguments))


if __name__ == "__main__":
    sys.exit(main())
