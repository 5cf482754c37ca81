"""`make book`: the knowledge base as browsable, printable pages for those who review it.

Plain HTML and one style sheet in `results/book/`: no script, nothing fetched from elsewhere. Both
languages stand side by side; every claim shows its sources and its rows of evidence. What is said
about reviews and checks is computed from the files. Imports nothing of Rasa.
"""

from __future__ import annotations

import re
import shutil
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from actions.knowledge import Knowledge, Topic, load_knowledge
from actions.knowledge.schema import AREAS, Claim, Source
from bot.evidence import parts_of
from bot.paths import ROOT
from bot.words import load_labels

BOOK = ROOT / "results" / "book"
REVIEW_DAYS = 365  # a review older than this is shown as old
# Titles of the areas, as an editor reads them.
AREA_TITLES = {
    "procedure": ("The operation", "手术本身"),
    "complication": ("Complications", "并发症"),
    "recovery": ("Recovery", "恢复"),
    "cost": ("Cost", "费用"),
    "law": ("Law", "法规"),
    "eligibility": ("Who it is for", "适不适合"),
    "referral": ("Who to turn to", "该找谁"),
    "growth": ("Growing taller", "长高"),
    "wellbeing": ("When height hurts", "因为身高难受"),
    "emergency": ("Emergency", "急症"),
    "about": ("About the assistant", "关于挺好"),
}
_TEMPLATES = Path(__file__).parent / "templates"
_LINK = re.compile(r"https?://[^\s;,）)]+|doi:\s?10\.\d+/[^\s;,]+|PMID:?\s?\d+|PMC\d+")

State = Literal["never", "old", "reviewed"]


def review_state(topic: Topic, today: date) -> State:
    """Return whether a topic was ever reviewed, and whether that is over a year ago."""
    if topic.reviewed == "unreviewed":
        return "never"
    return "old" if (today - topic.reviewed.on).days > REVIEW_DAYS else "reviewed"


@dataclass(frozen=True)
class Counts:
    """What the book holds, and how much of it somebody has looked at."""

    topics: int
    claims: int
    unsourced: int  # sentences of our own that state no fact from outside
    sources: int
    sources_checked: int
    reviewed: int  # topics signed within the last year
    old: int
    never: int


def count(knowledge: Knowledge, today: date) -> Counts:
    """Count topics, claims, sources, checks and reviews."""
    claims = [claim for topic in knowledge.topics.values() for claim in _claims(topic)]
    states = [review_state(topic, today) for topic in knowledge.topics.values()]
    return Counts(
        topics=len(states),
        claims=len(claims),
        unsourced=sum(not claim.sources for claim in claims),
        sources=len(knowledge.sources),
        sources_checked=sum(source.checked is not None for source in knowledge.sources.values()),
        reviewed=states.count("reviewed"),
        old=states.count("old"),
        never=states.count("never"),
    )


def link_parts(locator: str) -> list[tuple[str, str | None]]:
    """Cut a locator into (text, address); the address is None for plain text.

    Web addresses, DOIs, PMIDs and PMCIDs become links.
    """
    parts: list[tuple[str, str | None]] = []
    at = 0
    for match in _LINK.finditer(locator):
        found = match[0].rstrip(".")
        parts.append((locator[at : match.start()], None))
        parts.append((found, _address(found)))
        at = match.start() + len(found)
    parts.append((locator[at:], None))
    return [(text, address) for text, address in parts if text]


def _address(found: str) -> str:
    if found.startswith("doi:"):
        return "https://doi.org/" + found[4:].strip()
    if found.startswith("PMID"):
        return "https://pubmed.ncbi.nlm.nih.gov/" + found.lstrip("PMID: ") + "/"
    if found.startswith("PMC"):
        return f"https://pmc.ncbi.nlm.nih.gov/articles/{found}/"
    return found


def _claims(topic: Topic) -> Iterable[Claim]:
    return (claim for _, claims in parts_of(topic) for claim in claims)


def _sections(knowledge: Knowledge, topic: Topic, labels: Any) -> list[dict[str, Any]]:
    """Return the parts of a topic with their titles, and the claims with numbered sources."""
    numbers = _numbers(topic)
    sections = []
    for name, claims in parts_of(topic):
        if name.startswith("country:"):
            code = name.partition(":")[2]
            title = [knowledge.country_name(code, "en"), knowledge.country_name(code, "zh")]
        else:
            title = [labels["facets"][name]["en"], labels["facets"][name]["zh"]]
        sections.append(
            {
                "id": f"{topic.id}-{name.replace(':', '-')}",
                "title": title,
                "country": name.startswith("country:"),
                "claims": [(claim, [numbers[s] for s in claim.sources]) for claim in claims],
            }
        )
    return sections


def _numbers(topic: Topic) -> dict[str, int]:
    """Return source id -> its number in the topic's list, in order of first use."""
    ids = dict.fromkeys(source for claim in _claims(topic) for source in claim.sources)
    return {source: number for number, source in enumerate(ids, start=1)}


def _uses(knowledge: Knowledge) -> dict[str, list[tuple[Topic, list[tuple[str, str]]]]]:
    """Return source id -> the topics and parts (anchor, name) that cite it."""
    uses: defaultdict[str, dict[str, list[tuple[str, str]]]] = defaultdict(dict)
    for topic in knowledge.topics.values():
        for name, claims in parts_of(topic):
            anchor = f"{topic.id}-{name.replace(':', '-')}"
            for source in dict.fromkeys(s for claim in claims for s in claim.sources):
                uses[source].setdefault(topic.id, []).append((anchor, name))
    return {
        source: [(knowledge.topics[topic_id], parts) for topic_id, parts in by_topic.items()]
        for source, by_topic in uses.items()
    }


def write_book(
    folder: Path, today: date, knowledge: Knowledge | None = None
) -> tuple[Counts, list[Path]]:
    """Write the pages into `folder`; return the counts and the files written.

    What an earlier run left in `folder` is removed first.
    """
    knowledge = knowledge or load_knowledge()
    labels = load_labels()
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    by_area = {
        area: topics
        for area in AREAS
        if (topics := [t for t in knowledge.topics.values() if t.area == area])
    }
    counts = count(knowledge, today)
    shared = {
        "areas": by_area,
        "titles": AREA_TITLES,
        "counts": counts,
        "today": today.isoformat(),
        "state": lambda topic: review_state(topic, today),
        "kinds": labels["source_kinds"],
        "links": link_parts,
        "topics": knowledge.topics,
    }
    pages: dict[str, tuple[str, dict[str, Any]]] = {"index.html": ("index.html", {"here": None})}
    for area, topics in by_area.items():
        entries = [
            (topic, _sections(knowledge, topic, labels), _cited(knowledge, topic))
            for topic in topics
        ]
        pages[f"{area}.html"] = ("area.html", {"here": area, "entries": entries})
    ordered = sorted(knowledge.sources.values(), key=lambda source: source.id.lower())
    uses = _uses(knowledge)
    pages["sources.html"] = (
        "sources.html",
        {"here": "sources", "sources": ordered, "uses": uses, "facets": labels["facets"]},
    )
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    for name, (template, values) in pages.items():
        html = environment.get_template(template).render(**shared, **values)
        (folder / name).write_text(html, encoding="utf-8")
    shutil.copy(_TEMPLATES / "book.css", folder / "book.css")
    return counts, sorted(folder.iterdir())


def _cited(knowledge: Knowledge, topic: Topic) -> list[tuple[int, Source]]:
    return [(number, knowledge.sources[source]) for source, number in _numbers(topic).items()]


def main(arguments: list[str]) -> int:
    """Write the book and say where it is and what it holds."""
    del arguments
    counts, files = write_book(BOOK, date.today())
    print(
        f"{counts.topics} topics ({counts.reviewed} reviewed within a year, {counts.old} longer "
        f"ago, {counts.never} never), {counts.claims} claims, {counts.sources} sources "
        f"({counts.sources_checked} checked)"
    )
    print(f"{BOOK.relative_to(ROOT) / 'index.html'}: {len(files)} files")
    return 0
