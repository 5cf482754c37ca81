"""`make check-content`: say in an editor's words what is wrong in the content files."""

from __future__ import annotations

import sys

from actions.knowledge.base import read_knowledge
from bot.content import ContentError


def main() -> int:
    """Print every mistake with file, line and reason; return 1 if there is one."""
    errors: list[ContentError] = []
    knowledge = read_knowledge(None, errors)
    for error in errors:
        print(error, file=sys.stderr)
    claims = sum(
        len(c) for t in knowledge.topics.values() for c in (t.answer, *t.facets.values())
    )
    print(
        f"{len(knowledge.topics)} topics, {claims} claims, {len(knowledge.sources)} sources, "
        f"{len(errors)} mistakes"
    )
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
