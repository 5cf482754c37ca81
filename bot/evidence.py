"""Where the rows of the evidence list are used, and what complication topics must hold.

The list itself (one row a finding, with its sources) is kept by the editors outside this
repository; `data/knowledge/evidence_ids.txt` holds the ids of its rows. Every row is used by a
claim (`evidence: [...]`) or stands in `evidence_unused.yml` with the reason why not. Imports
nothing of Rasa.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from actions.knowledge import Knowledge, Topic
from actions.knowledge.base import KNOWLEDGE, knowledge_folder
from actions.knowledge.schema import Claim
from bot.content import ContentError, line_of, load_yaml

# What a worried reader asks of every complication.
NEEDED_FACETS = ("frequency", "signs", "reversibility", "treatment", "action")


def parts_of(topic: Topic) -> Iterator[tuple[str, tuple[Claim, ...]]]:
    """Yield (name, claims) of the answer, of each facet, and of each country ("country:TR")."""
    yield "answer", topic.answer
    yield from topic.facets.items()
    for code, claims in topic.countries.items():
        yield f"country:{code}", claims


def evidence_used(knowledge: Knowledge) -> dict[str, list[str]]:
    """Return row id -> topics whose claims rest on it."""
    used: defaultdict[str, list[str]] = defaultdict(list)
    for topic in knowledge.topics.values():
        rows = {row for _, claims in parts_of(topic) for claim in claims for row in claim.evidence}
        for row in rows:
            used[row].append(topic.id)
    return dict(used)


def check_evidence(knowledge: Knowledge, folder: Path | None = None) -> list[ContentError]:
    """Return a mistake for each row that is neither used nor listed, and for each unknown id.

    `folder` (default: the content folder) holds `evidence_ids.txt` and `evidence_unused.yml`;
    content of somebody else's (`UPRIGHT_KNOWLEDGE`) may do without.
    """
    folder = folder or knowledge_folder()
    ids_file, unused_file = folder / "evidence_ids.txt", folder / "evidence_unused.yml"
    if folder != KNOWLEDGE and not ids_file.exists():
        return []
    try:
        lines = ids_file.read_text("utf-8").splitlines()
        listed = load_yaml(unused_file) or []
    except OSError as error:
        return [ContentError(ids_file, 0, f"cannot be read ({error.strerror})")]
    except ContentError as error:
        return [error]
    rows = {
        row: number
        for number, line in enumerate(lines, start=1)
        if (row := line.strip()) and not row.startswith("#")
    }
    used, mistakes = evidence_used(knowledge), []
    excused: set[str] = set()
    for index, entry in enumerate(listed):
        line = line_of(listed, index)
        if not isinstance(entry, dict) or not entry.get("id") or not entry.get("reason"):
            mistakes.append(ContentError(unused_file, line, "each entry needs an id and a reason"))
            continue
        row = str(entry["id"])
        excused.add(row)
        if row not in rows:
            mistakes.append(ContentError(unused_file, line, f"no row '{row}' in {ids_file.name}"))
        elif row in used:
            reason = f"row '{row}' is used by {', '.join(used[row])}; take it off this list"
            mistakes.append(ContentError(unused_file, line, reason))
    for row, line in rows.items():
        if row not in used and row not in excused:
            reason = f"row '{row}' is used by no claim; add one, or list it in {unused_file.name}"
            mistakes.append(ContentError(ids_file, line, reason))
    for row in sorted(used.keys() - rows.keys()):
        topic = knowledge.topics[used[row][0]]
        reason = f"evidence '{row}' is no row of {ids_file.name}"
        file = topic_file(topic, folder)
        mistakes.append(ContentError(file, _line_with(row, file), reason))
    return mistakes


def check_facets(knowledge: Knowledge, folder: Path | None = None) -> list[ContentError]:
    """Return a mistake for each facet that a complication topic lacks.

    Where no source was found, the facet says so.
    """
    mistakes = []
    for topic in knowledge.topics.values():
        for facet in NEEDED_FACETS if topic.area == "complication" else ():
            if facet not in topic.facets:
                file = topic_file(topic, folder)
                reason = f"facet '{facet}' is missing; say it from the evidence, or that no source"
                reason += " was found"
                mistakes.append(ContentError(file, _line_with("facets:", file), reason))
    return mistakes


def _line_with(text: str, file: Path) -> int:
    """Return the first line of `file` that holds `text`, 0 where none does."""
    lines = file.read_text("utf-8").splitlines()
    return next((number for number, line in enumerate(lines, start=1) if text in line), 0)


def topic_file(topic: Topic, folder: Path | None = None) -> Path:
    """Return the file of a topic."""
    return (
        (folder or knowledge_folder()) / "topics" / topic.area / f"{topic.id.partition('.')[2]}.yml"
    )
