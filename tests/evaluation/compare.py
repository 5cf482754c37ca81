"""`make eval-compare`: ours beside Rasa's default configuration, on the same examples and messages.

Both are trained in one run on the same share of the examples, topic files' own included, and asked
the same development messages. DIET and TED need hours on all of them, hence `--share`.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from actions.knowledge.schema import LANGUAGES
from tests.evaluation.data import DEVELOPMENT, intents_of, out_of_scope_items, topic_items
from tests.evaluation.metrics import Detection, Share
from tests.evaluation.systems import (
    Answer,
    Trained,
    ask,
    default_config,
    our_config,
    train,
    write_data,
)

# Intents that end in "I do not know this".
NOT_OURS = frozenset({"nlu_fallback", "out_of_scope", "no_words"})


@dataclass(frozen=True)
class Row:
    """The figures of one system."""

    trained: Trained
    accuracy: dict[str, Share]  # of topic messages, by language
    out_of_scope: Detection
    milliseconds: float  # median of a message, understanding alone


def score(trained: Trained, items: list[dict[str, Any]], answers: list[Answer], topics: int) -> Row:
    """Return the figures; the first `topics` items ask a topic, the rest are out of scope."""
    inside, outside = list(zip(items, answers))[:topics], answers[topics:]
    accuracy: dict[str, Share] = {
        language: Share.of(
            answer.intent in intents_of(item)
            for item, answer in inside
            if item["language"] == language
        )
        for language in LANGUAGES
    }
    said = [(False, answer.intent in NOT_OURS) for _, answer in inside]
    said += [(True, answer.intent in NOT_OURS) for answer in outside]
    milliseconds = 1000 * statistics.median(answer.seconds for answer in answers)
    return Row(trained, accuracy, Detection.of(said), milliseconds)


def measure(name: str, trained: Trained, folder: Path) -> Row:
    """Ask one system the development messages; what is measured is printed at once."""
    print(f"{name}: trained in {trained.seconds:.0f} s, {trained.megabytes:.1f} MB", flush=True)
    inside, outside = topic_items(DEVELOPMENT), out_of_scope_items(DEVELOPMENT)
    items = [*inside, *outside]
    answers = ask(trained.model, [item["text"] for item in items], folder)
    return score(trained, items, answers, len(inside))


def table(ours: Row, default: Row) -> str:
    """Return both rows side by side with the ratio ours / default."""
    names = {"en": "English", "zh": "Chinese"}
    lines = [f"{'':34} {'upright':28} {'Rasa default':28} ratio"]

    def shares(title: str, mine: Share, other: Share) -> None:
        ratio = f"{mine.value / other.value:.2f}" if other.right and mine.n else "–"
        lines.append(f"{title:34} {mine!s:28} {other!s:28} {ratio}")

    def numbers(title: str, mine: float, other: float) -> None:
        lines.append(f"{title:34} {mine:<28.1f} {other:<28.1f} {mine / other:.2f}")

    for language, name in names.items():
        title = f"topic messages right, {name}"
        shares(title, ours.accuracy[language], default.accuracy[language])
    mine, other = ours.out_of_scope, default.out_of_scope
    shares("out of scope, recall", mine.recall, other.recall)
    shares("out of scope, precision", mine.precision, other.precision)
    numbers("training, s (whole process)", ours.trained.seconds, default.trained.seconds)
    numbers("model, MB", ours.trained.megabytes, default.trained.megabytes)
    numbers("understanding a message, ms", ours.milliseconds, default.milliseconds)
    return "\n".join(lines)


def as_json(row: Row) -> dict[str, Any]:
    """Return the figures of one system as plain values."""
    shares = {f"accuracy_{language}": share for language, share in row.accuracy.items()}
    shares["out_of_scope_recall"] = row.out_of_scope.recall
    shares["out_of_scope_precision"] = row.out_of_scope.precision
    return {
        **{name: [share.right, share.n] for name, share in shares.items()},
        "training_seconds": round(row.trained.seconds, 1),
        "model_megabytes": round(row.trained.megabytes, 1),
        "milliseconds": round(row.milliseconds, 2),
    }


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="make eval-compare")
    parser.add_argument("--epochs", type=int, default=100, help="of DIET and TED (default 100)")
    parser.add_argument(
        "--share", type=float, default=1.0, help="of the training examples, 0 to 1 (default 1)"
    )
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    options = parser.parse_args()
    if not 0 < options.share <= 1 or options.epochs < 1:
        parser.error("--share lies above 0 and up to 1, --epochs is 1 or more")
    with tempfile.TemporaryDirectory(prefix="upright-compare-") as name:
        folder = Path(name)
        data = write_data(folder, options.share)
        setting = (
            f"{data.examples} examples ({100 * options.share:g} % of each intent's in each "
            f"language), {options.epochs} epochs of DIET and TED, parts {', '.join(DEVELOPMENT)}"
        )
        print(setting, flush=True)
        config, stories = our_config(folder)
        ours = train(folder / "upright", config, [data.nlu, *stories], data.domain)
        mine = measure("upright", ours, folder)
        config, stories = default_config(folder, options.epochs)
        default = train(folder / "default", config, [data.nlu, *stories], data.domain)
        other = measure("default", default, folder)
    print(f"\n{table(mine, other)}")
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        figures = {"setting": setting, "upright": as_json(mine), "default": as_json(other)}
        options.json.write_text(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
