"""`make eval-intents`: our understanding on somebody else's intents, CLINC150 for example.

Trains the NLU part of `config.yml` on one Rasa NLU file (or folder of them) and asks the messages
of another. Messages of the test under `oos` or `out_of_scope` belong to no intent.

What takes part: tokenizer, language, sentence vectors, classifier and the fallback with its
thresholds. What does not: our importer, and the two components that know nothing but our files
(names of topics; risk), which no intent depends on. The operation's names are not replaced. Labels
travel under neutral names, so that what we do to our own (`ask_...` of a double question is split,
`stop` must sound like it) does not happen to intents that are called the same.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bot.content import ContentError, line_of, load_yaml
from bot.nlu.text import detect_language
from bot.paths import ROOT
from tests.evaluation.data import Example
from tests.evaluation.metrics import Detection, Share
from tests.evaluation.systems import Answer, Trained, ask, train, write_nlu

OUT_OF_SCOPE = frozenset({"oos", "out_of_scope"})
# They read our knowledge and safety files and leave the intent alone.
LEFT_OUT = (
    "bot.nlu.names.NameExtractor",
    "bot.nlu.leaning.LeaningDetector",
    "bot.nlu.risk.RiskAssessor",
)
_CHANGED = {"bot.nlu.featurizer.SentenceVectorFeaturizer": {"neutralize": False}}
_NOT_EXAMPLES = frozenset({"synonym", "regex", "lookup"})
_OURS = frozenset({"nlu_fallback", "no_words"})


@dataclass(frozen=True)
class Labelled:
    """One example of a file."""

    text: str
    intent: str
    file: Path
    line: int

    def mistake(self, reason: str) -> ContentError:
        """Return an error at this example."""
        return ContentError(self.file, self.line, reason)


@dataclass(frozen=True)
class Scores:
    """The figures; `accuracy` counts what the thresholds turn away as wrong, `top` does not."""

    accuracy: Share
    top: Share
    by_language: dict[str, Share]
    out_of_scope: Detection
    milliseconds: float


def read_examples(path: Path) -> list[Labelled]:
    """Return the examples of a Rasa NLU file, or of every .yml and .yaml in a folder.

    Annotated entities become plain text, synonyms, regular expressions and lookup tables are
    passed over. Raises ContentError with file, line and reason for anything else.
    """
    files = [path]
    if path.is_dir():
        files = sorted(f for f in path.rglob("*") if f.suffix in (".yml", ".yaml"))
    found = [example for file in files for example in _read_file(file)]
    if not found:
        raise ContentError(path, 0, "no examples in it")
    return found


def _read_file(file: Path) -> Iterator[Labelled]:
    content = load_yaml(file)
    entries = content.get("nlu") if isinstance(content, dict) else None
    if not isinstance(entries, list):
        raise ContentError(file, 1, "expected 'nlu:' with a list of intents (Rasa's NLU format)")
    for number, entry in enumerate(entries):
        line = entries.lines[number]  # type: ignore[attr-defined]
        if not isinstance(entry, dict):
            raise ContentError(file, line, "expected '- intent: <name>' with 'examples:'")
        if _NOT_EXAMPLES & entry.keys():
            continue
        intent = entry.get("intent")
        if not isinstance(intent, str) or not intent.strip():
            raise ContentError(file, line, "an entry needs 'intent:' with a name")
        # Of a retrieval intent ("faq/hours") the classifier sees the first part.
        yield from _read_entry(file, intent.strip().split("/")[0], entry)


def _read_entry(file: Path, intent: str, entry: dict[str, Any]) -> Iterator[Labelled]:
    examples = entry.get("examples")
    line = entry.lines.get("examples", line_of(entry))  # type: ignore[attr-defined]
    if isinstance(examples, str):
        lines = list(enumerate(examples.splitlines(), line + 1))
        for number, text in lines:
            if text.strip() and not text.startswith("-"):
                reason = f"an example begins with '- ', this one of '{intent}' does not"
                raise ContentError(file, number, reason)
        texts = [(number, text.removeprefix("-").strip()) for number, text in lines if text.strip()]
    elif isinstance(examples, list):
        numbers = examples.lines  # type: ignore[attr-defined]
        whole = [e.get("text") if isinstance(e, dict) else e for e in examples]
        for number, given in zip(numbers, whole):
            if not isinstance(given, str):
                raise ContentError(file, number, "expected '- text: <words>'")
        texts = [(number, str(text).strip()) for number, text in zip(numbers, whole)]
    else:
        reason = f"intent '{intent}' needs 'examples: |' with a line '- <text>' for each"
        raise ContentError(file, line, reason)
    if not texts:
        raise ContentError(file, line, f"intent '{intent}' has no examples")
    for number, text in texts:
        if not text:
            raise ContentError(file, number, f"an example of '{intent}' is empty")
        if text.startswith("/"):
            reason = f"'{text}': Rasa takes a text that begins with / for a button's payload"
            raise ContentError(file, number, reason)
        yield Labelled(_without_entities(text), intent, file, number)


def _without_entities(text: str) -> str:
    if "](" not in text and "]{" not in text:
        return text
    from rasa.shared.nlu.training_data.entities_parser import replace_entities

    return str(replace_entities(text))


def is_out_of_scope(intent: str) -> bool:
    """Return whether an intent's name says that its messages belong to none."""
    return intent.lower().replace("-", "_") in OUT_OF_SCOPE


def check(training: Sequence[Labelled], test: Sequence[Labelled]) -> list[str]:
    """Return what makes figures doubtful, in words; raise ContentError for what makes them wrong.

    Wrong: fewer than two intents, or a tested one that was never trained. Doubtful: a text with two
    intents, a message of the test that was trained on, an intent with one example.
    """
    counts = Counter(example.intent for example in training)
    if len([intent for intent in counts if not is_out_of_scope(intent)]) < 2:
        raise training[0].mistake("training needs examples of at least two intents")
    for item in test:
        if item.intent not in counts and not is_out_of_scope(item.intent):
            raise item.mistake(f"intent '{item.intent}' is tested and has no training examples")
    notes, intents = [], {example.text: example.intent for example in training}
    two = sum(intents[example.text] != example.intent for example in training)
    if two:
        notes.append(f"{two} training texts stand under two intents")
    seen = sum(item.text in intents for item in test)
    if seen:
        notes.append(f"{seen} of {len(test)} test messages are training examples word for word")
    lonely = sorted(intent for intent, count in counts.items() if count < 2)
    if lonely:
        notes.append(
            f"confidences cannot be calibrated, so nearly everything falls below the threshold: "
            f"{len(lonely)} intents have one example only ({', '.join(lonely[:3])} ...)"
        )
    return notes


def nlu_config() -> tuple[dict[str, Any], list[str]]:
    """Return the NLU part of `config.yml` for foreign data, and the components left out."""
    ours = yaml.safe_load((ROOT / "config.yml").read_text("utf-8"))
    kept = [
        {**part, **_CHANGED.get(part["name"], {})}
        for part in ours["pipeline"]
        if part["name"] not in LEFT_OUT
    ]
    config = {key: ours[key] for key in ("recipe", "assistant_id", "language")}
    left = [part["name"].split(".")[-1] for part in ours["pipeline"] if part["name"] in LEFT_OUT]
    return {**config, "pipeline": kept}, left


def score(test: Sequence[Labelled], answers: Sequence[Answer], names: dict[str, str]) -> Scores:
    """Return the figures of the answers to `test`; `names`: intent of each neutral label."""
    rows = [
        (item, names.get(a.intent or "", "nlu_fallback"), names.get(a.top or ""))
        for item, a in zip(test, answers)
    ]
    inside = [row for row in rows if not is_out_of_scope(row[0].intent)]
    languages = {item.text: detect_language(item.text) or "not told" for item, _, _ in inside}
    return Scores(
        Share.of(item.intent == got for item, got, _ in inside),
        Share.of(item.intent == top for item, _, top in inside),
        {
            language: Share.of(
                item.intent == got for item, got, _ in inside if languages[item.text] == language
            )
            for language in sorted(set(languages.values()))
        },
        Detection.of(
            (is_out_of_scope(item.intent), got in _OURS or is_out_of_scope(got))
            for item, got, _ in rows
        ),
        1000 * statistics.median(answer.seconds for answer in answers),
    )


def run(training: Sequence[Labelled], test: Sequence[Labelled]) -> tuple[Trained, Scores]:
    """Train and ask, in processes of their own. Raises RuntimeError where one of them fails."""
    labels = {
        intent: f"label_{number}"
        for number, intent in enumerate(sorted({example.intent for example in training}))
    }
    with tempfile.TemporaryDirectory(prefix="upright-intents-") as name:
        folder = Path(name)
        config = folder / "config.yml"
        config.write_text(yaml.safe_dump(nlu_config()[0]))
        write_nlu(folder / "nlu.yml", (Example(e.text, labels[e.intent], "") for e in training))
        trained = train(folder / "out", config, [folder / "nlu.yml"])
        answers = ask(trained.model, [item.text for item in test], folder)
    return trained, score(test, answers, {label: intent for intent, label in labels.items()})


def report(trained: Trained, scores: Scores) -> str:
    """Return the figures as text."""
    lines = [
        f"in scope, right                        {scores.accuracy}",
        f"in scope, likeliest intent right       {scores.top}   (threshold not applied)",
    ]
    if len(scores.by_language) > 1:
        lines += [
            f"  messages in {language:10} right         {share}"
            for language, share in scores.by_language.items()
        ]
    found = scores.out_of_scope
    return "\n".join(
        [
            *lines,
            f"out of scope, recall                   {found.recall}",
            f"out of scope, precision                {found.precision}",
            f"training                               {trained.seconds:.0f} s (whole process)",
            f"model                                  {trained.megabytes:.1f} MB",
            f"a message                              {scores.milliseconds:.1f} ms (median)",
        ]
    )


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="make eval-intents")
    parser.add_argument("--data", type=Path, required=True, help="Rasa NLU file or folder, DATA=")
    parser.add_argument("--test", type=Path, required=True, help="Rasa NLU file or folder, TEST=")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    options = parser.parse_args()
    try:
        training, test = read_examples(options.data), read_examples(options.test)
        notes = check(training, test)
        intents = len({example.intent for example in training})
        fallback = nlu_config()[0]["pipeline"][-1]
        print(f"{len(training)} training examples of {intents} intents, {len(test)} test messages")
        print(f"left out: {', '.join(nlu_config()[1])}; {fallback}")
        for note in notes:
            print(f"note: {note}")
        sys.stdout.flush()
        trained, scores = run(training, test)
    except (ContentError, RuntimeError) as error:
        print(error, file=sys.stderr)
        return 1
    print(report(trained, scores))
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        figures = {
            "accuracy": [scores.accuracy.right, scores.accuracy.n],
            "top": [scores.top.right, scores.top.n],
            "by_language": {k: [s.right, s.n] for k, s in scores.by_language.items()},
            "out_of_scope_recall": [scores.out_of_scope.recall.right, scores.out_of_scope.recall.n],
            "out_of_scope_precision": [
                scores.out_of_scope.precision.right,
                scores.out_of_scope.precision.n,
            ],
            "training_seconds": round(trained.seconds, 1),
            "milliseconds": round(scores.milliseconds, 2),
        }
        options.json.write_text(json.dumps(figures, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
