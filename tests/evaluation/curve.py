"""`make eval-curve`: how accuracy grows with the number of training examples.

The classifier of `config.yml` is trained on a share of each intent's examples in each language and
asked the topic messages of the development parts, whole: without the splitting of double
questions, the fallback's threshold and the rest of a turn. Vectors come from the cache of the last
training. A smaller share lies within a larger one.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from actions.knowledge import load_knowledge
from actions.knowledge.schema import LANGUAGES
from bot.paths import MODELS, ROOT
from tests.evaluation.data import (
    DEVELOPMENT,
    Example,
    intents_of,
    sample,
    topic_items,
    training_examples,
)
from tests.evaluation.metrics import Share

CURVE = Path("results") / "curve.json"
SHARES = (0.12, 0.25, 0.5, 1.0)
_CLASSIFIER = "bot.nlu.classifier.LinearIntentClassifier"


@dataclass(frozen=True)
class Point:
    """One training: share of the examples, their number, topics right by language, seconds."""

    share: float
    examples: int
    shares: dict[str, Share]
    seconds: float


@dataclass(frozen=True)
class Curve:
    """The measured points, smallest share first, and how they were measured."""

    setting: str
    points: list[Point]

    def by_language(self) -> dict[str, list[tuple[float, Share]]]:
        """Return (examples, topics right) per language."""
        languages = self.points[0].shares if self.points else {}
        return {
            language: [(float(point.examples), point.shares[language]) for point in self.points]
            for language in languages
        }


def measure(
    shares: Sequence[float], seed: int, examples: list[Example], items: list[dict[str, Any]]
) -> list[Point]:
    """Train once for each share and ask every item."""
    texts, points = [str(item["text"]) for item in items], []
    for share in sorted(shares):
        chosen, started = sample(examples, share, seed), time.monotonic()
        classify = fit(chosen)
        right = [intent in intents_of(item) for item, intent in zip(items, classify(texts))]
        found: dict[str, Share] = {
            language: Share.of(ok for item, ok in zip(items, right) if item["language"] == language)
            for language in LANGUAGES
        }
        points.append(Point(share, len(chosen), found, time.monotonic() - started))
        figures = "  ".join(f"{language} {value}" for language, value in found.items())
        print(f"{100 * share:3g} %, {len(chosen)} examples: {figures}", flush=True)
    return points


def fit(examples: Sequence[Example]) -> Callable[[Sequence[str]], list[str]]:
    """Train as the pipeline does; return a function from texts to their likeliest intents."""
    from bot.nlu.encoder import encode
    from bot.nlu.linear import LinearIntentModel
    from bot.nlu.spelling import Speller
    from bot.nlu.text import Neutralizer

    neutralize = Neutralizer(load_knowledge().operation_names())
    neutral = [neutralize(example.text) for example in examples]
    speller = Speller.of(neutral)
    mended = [speller(text) for text in neutral]
    options = classifier_options()
    model = LinearIntentModel(
        options["c"], options["vector_weight"], word_weight=options["word_weight"]
    )
    model.fit(encode(mended), mended, [example.intent for example in examples])

    def classify(texts: Sequence[str]) -> list[str]:
        ready = [speller(neutralize(text)) for text in texts]
        return [model.labels[i] for i in model.predict(encode(ready), ready).argmax(axis=1)]

    return classify


def classifier_options() -> dict[str, Any]:
    """Return the classifier's options: its defaults, and what `config.yml` sets."""
    from bot.nlu.classifier import LinearIntentClassifier

    config = yaml.safe_load((ROOT / "config.yml").read_text("utf-8"))
    own = next(part for part in config["pipeline"] if part["name"] == _CLASSIFIER)
    return {**LinearIntentClassifier.get_default_config(), **own}


def write_curve(file: Path, curve: Curve) -> None:
    """Write the curve as JSON."""
    points = [
        {
            "share": point.share,
            "examples": point.examples,
            "seconds": round(point.seconds, 1),
            "right": {language: [s.right, s.n] for language, s in point.shares.items()},
        }
        for point in curve.points
    ]
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"setting": curve.setting, "points": points}, indent=1))


def read_curve(file: Path) -> Curve:
    """Read what `write_curve` wrote. Raises ValueError for anything else."""
    try:
        content = json.loads(file.read_text())
        points = [
            Point(
                float(point["share"]),
                int(point["examples"]),
                {language: Share(*pair) for language, pair in point["right"].items()},
                float(point["seconds"]),
            )
            for point in content["points"]
        ]
        return Curve(str(content["setting"]), points)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(
            f"{file} is no learning curve; delete it or run make eval-curve"
        ) from error


def main() -> None:
    """Run the command line."""
    from bot.nlu.encoder import remembering

    parser = argparse.ArgumentParser(prog="make eval-curve")
    parser.add_argument("--shares", type=float, nargs="+", default=SHARES, help="0 to 1")
    parser.add_argument("--seed", type=int, default=20261122)
    parser.add_argument("--json", type=Path, default=CURVE)
    options = parser.parse_args()
    if not all(0 < share <= 1 for share in options.shares):
        parser.error("a share lies above 0 and up to 1")
    started = time.monotonic()
    with remembering(MODELS / "vectors.npz"):
        items = topic_items(DEVELOPMENT)
        points = measure(options.shares, options.seed, training_examples(), items)
    setting = (
        f"Classifier alone, whole messages, no threshold; parts {', '.join(DEVELOPMENT)}; "
        f"sampled per intent and language with seed {options.seed}."
    )
    write_curve(options.json, Curve(setting, points))
    print(f"{time.monotonic() - started:.0f} s; written to {options.json}")


if __name__ == "__main__":
    main()
