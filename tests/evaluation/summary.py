"""From evaluated messages to figures; the text output and the report show the same ones."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from actions.knowledge.schema import LANGUAGES
from tests.evaluation.metrics import Bin, Detection, Share, calibration_error, reliability

OUTCOMES = ("answered", "asked back", "said unknown", "other words")
OUT_OF_SCOPE = "out_of_scope"
_UNKNOWN = frozenset({"utter_fallback", "utter_out_of_scope", "utter_no_words"})


@dataclass(frozen=True)
class Result:
    """One evaluated message."""

    language: str
    script: str | None  # of Chinese: hans or hant
    group: str  # area of the topic, or what was expected
    style: str
    right: bool
    offered: bool  # the right topic was among the "did you mean" buttons
    text: str
    wanted: str
    got: str
    topic: str | None  # answered
    risk: str
    outcome: str  # one of OUTCOMES
    confidence: float | None = None  # calibrated, of the likeliest intent; None: not classified
    top_right: bool = False  # the likeliest intent was the right one

    @property
    def asks_topic(self) -> bool:
        """Whether a topic was expected, and not a risk, an act or nothing."""
        return "." in self.wanted

    @property
    def unanswered(self) -> bool:
        """Whether no topic was answered and no danger seen: how the contract says "not ours"."""
        return self.topic is None and self.risk == "none"


@dataclass(frozen=True)
class Dialogue:
    """One turn of a dialogue."""

    language: str
    right: bool
    note: str


@dataclass(frozen=True)
class Row:
    """One line of a table."""

    group: str
    name: str
    share: Share


@dataclass(frozen=True)
class Calibration:
    """How far confidences can be believed."""

    bins: list[Bin]
    error: float
    n: int


@dataclass(frozen=True)
class Confusion:
    """A topic taken for something else, `count` times of the `n` messages that asked it."""

    wanted: str
    got: str
    count: int
    n: int


@dataclass(frozen=True)
class Outcomes:
    """What happened to a kind of message: counts by outcome."""

    group: str
    kind: str
    counts: dict[str, int]

    @property
    def n(self) -> int:
        """Return the number of messages."""
        return sum(self.counts.values())


@dataclass(frozen=True)
class Summary:
    """All figures of one run. Groups: en, zh, and in `scripts` zh by script."""

    part: str
    n: int
    overall: list[Row]
    scripts: list[Row]
    areas: list[Row]
    styles: list[Row]
    others: list[Row]
    rescued: list[Row]  # the right topic was a button, not the answer
    detection: dict[str, dict[str, Detection]]  # kind -> group -> out of scope told from topics
    outcomes: list[Outcomes]
    calibration: dict[str, Calibration]
    confusions: list[Confusion]
    dialogues: list[Row]


DETECTIONS = {
    "nothing answered": "no topic was answered and no danger seen; asking back counts",
    "said so": "the assistant said that it does not know or that this is not its subject",
}


def outcome_of(topic: str | None, templates: Sequence[str]) -> str:
    """Return which of `OUTCOMES` a reply is."""
    if topic is not None:
        return "answered"
    if "utter_did_you_mean" in templates:
        return "asked back"
    return "said unknown" if _UNKNOWN & set(templates) else "other words"


def summarise(part: str, results: Sequence[Result], dialogues: Sequence[Dialogue]) -> Summary:
    """Return the figures of a run."""
    topics = [r for r in results if r.asks_topic]
    outside = [r for r in results if r.wanted == OUT_OF_SCOPE]
    both = [*topics, *outside]
    chinese = [r for r in topics if r.language == "zh"]
    groups: dict[str, list[Result]] = {
        language: [r for r in both if r.language == language] for language in LANGUAGES
    }
    groups["all"] = both
    detected: dict[str, Callable[[Result], bool]] = {
        "nothing answered": lambda r: r.unanswered,
        "said so": lambda r: r.outcome == "said unknown",
    }
    return Summary(
        part,
        len(results),
        rows(topics, lambda _: "all"),
        rows(chinese, lambda r: "traditional" if r.script == "hant" else "simplified"),
        rows(topics, lambda r: r.group),
        rows(topics, lambda r: r.style),
        rows([r for r in results if not r.asks_topic], lambda r: r.group),
        rows(topics, lambda _: "all", lambda r: r.offered and not r.right),
        {
            kind: {
                group: Detection.of((r.wanted == OUT_OF_SCOPE, said(r)) for r in members)
                for group, members in groups.items()
            }
            for kind, said in detected.items()
        },
        _outcomes(both),
        {
            group: calibration(members)
            for group, members in groups.items()
            if any(r.confidence is not None for r in members)
        },
        confusions(topics),
        [
            Row(language, "all", Share.of(d.right for d in dialogues if d.language == language))
            for language in LANGUAGES
        ],
    )


def rows(
    results: Iterable[Result],
    key: Callable[[Result], str],
    right: Callable[[Result], bool] = lambda r: r.right,
) -> list[Row]:
    """Return the share of right ones per language and key, sorted."""
    outcomes: defaultdict[tuple[str, str], list[bool]] = defaultdict(list)
    for result in results:
        outcomes[result.language, key(result)].append(right(result))
    return [Row(*place, Share.of(counted)) for place, counted in sorted(outcomes.items())]


def calibration(results: Iterable[Result]) -> Calibration:
    """Return reliability and error of the classified messages among `results`."""
    known = [(r.confidence, r.top_right) for r in results if r.confidence is not None]
    bins = reliability([c for c, _ in known], [right for _, right in known])
    return Calibration(bins, calibration_error(bins), len(known))


def confusions(results: Iterable[Result]) -> list[Confusion]:
    """Return what wrongly answered messages were taken for, most frequent first.

    A message that no topic answered counts under its outcome, in brackets.
    """
    asked: Counter[str] = Counter()
    pairs: Counter[tuple[str, str]] = Counter()
    for r in results:
        asked[r.wanted] += 1
        if not r.right:
            risk = r.risk if r.risk != "none" else r.outcome
            pairs[r.wanted, r.topic or f"({risk})"] += 1
    ordered = sorted(pairs.items(), key=lambda pair: (-pair[1], pair[0]))
    return [Confusion(*pair, count, asked[pair[0]]) for pair, count in ordered]


def _outcomes(results: Sequence[Result]) -> list[Outcomes]:
    counts: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for r in results:
        kind = "topic messages" if r.asks_topic else "out of scope"
        answered = "answered rightly" if r.right else "answered wrongly"
        name = answered if r.outcome == "answered" else r.outcome
        counts[r.language, kind][name] += 1
    return [Outcomes(*key, dict(count)) for key, count in sorted(counts.items())]


OUTCOME_NAMES = ("answered rightly", "answered wrongly", *OUTCOMES[1:])


def as_text(summary: Summary) -> str:
    """Return the figures as the text output of `make eval`."""
    lines = [f"Part: {summary.part}, {summary.n} messages, each a conversation of its own"]
    for title, table in (
        ("Topics right", summary.overall),
        ("Topics right, Chinese by script", summary.scripts),
        ("Topics right, by area", summary.areas),
        ("Topics right, by style", summary.styles),
        ("Everything else", summary.others),
        ("Right topic only among the buttons offered", summary.rescued),
        ("Dialogue turns right", summary.dialogues),
    ):
        lines += ["", title]
        lines += [f"  {row.group} {row.name:20} {row.share}" for row in table]
    for kind, groups in summary.detection.items():
        lines += ["", f"Out of scope, told from topic messages ({kind}: {DETECTIONS[kind]})"]
        for group, found in groups.items():
            lines.append(f"  {group:3} precision {found.precision}   recall {found.recall}")
    lines += ["", "What happened"]
    for part in summary.outcomes:
        shares = ", ".join(
            f"{name} {Share(part.counts.get(name, 0), part.n).percent}" for name in OUTCOME_NAMES
        )
        lines.append(f"  {part.group} {part.kind:15} {shares} (n={part.n})")
    lines += ["", "Calibration of the likeliest intent, topic and out-of-scope messages"]
    for group, trust in summary.calibration.items():
        lines.append(f"  {group:3} expected calibration error {trust.error:.3f} (n={trust.n})")
    return "\n".join(lines)
