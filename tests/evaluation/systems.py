"""Trains and asks whole systems, each in a process of its own: ours, and Rasa's default.

Shared by `make bench`, `make eval-compare` and `make eval-intents`.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from actions.knowledge import load_knowledge
from bot.paths import DATA, ROOT
from tests.evaluation.data import Example, sample, training_examples

# What `rasa init` of Rasa 3.6 writes as its commented defaults, policies included.
DEFAULT_PIPELINE: list[dict[str, Any]] = [
    {"name": "WhitespaceTokenizer"},
    {"name": "RegexFeaturizer"},
    {"name": "LexicalSyntacticFeaturizer"},
    {"name": "CountVectorsFeaturizer"},
    {"name": "CountVectorsFeaturizer", "analyzer": "char_wb", "min_ngram": 1, "max_ngram": 4},
    {"name": "DIETClassifier", "epochs": 100, "constrain_similarities": True},
    {"name": "EntitySynonymMapper"},
    {"name": "ResponseSelector", "epochs": 100, "constrain_similarities": True},
    {"name": "FallbackClassifier", "threshold": 0.3, "ambiguity_threshold": 0.1},
]
DEFAULT_POLICIES: list[dict[str, Any]] = [
    {"name": "MemoizationPolicy"},
    {"name": "RulePolicy"},
    {"name": "UnexpecTEDIntentPolicy", "max_history": 5, "epochs": 100},
    {"name": "TEDPolicy", "max_history": 5, "epochs": 100, "constrain_similarities": True},
]
# Arguments: config, output folder, domain or "", training files.
_TRAIN = """
import sys, bot, rasa
from rasa.model_training import train_nlu
config, output, domain, *files = sys.argv[1:]
if domain:
    result = rasa.train(domain=domain, config=config, training_files=files, output=output,
                        force_training=True, fixed_model_name="model")
    sys.exit(result.code)
train_nlu(config, files[0], output, fixed_model_name="model")
"""
# Arguments: model, file of the texts. The last line of the output is JSON.
_ASK = """
import asyncio, json, sys, time, bot
from rasa.core.agent import Agent
agent = Agent.load(sys.argv[1])
async def run():
    texts, answers = json.load(open(sys.argv[2], encoding="utf-8")), []
    for text in texts[:10]:  # what is loaded at first use is not the first message's fault
        await agent.parse_message(text)
    for text in texts:
        started = time.perf_counter()
        parsed = await agent.parse_message(text)
        seconds = time.perf_counter() - started
        # A fallback classifier may put itself at the head of the ranking.
        ranking = [i for i in parsed.get("intent_ranking") or [] if i["name"] != "nlu_fallback"]
        top = ranking[0] if ranking else parsed["intent"]
        answers.append([parsed["intent"]["name"], top["name"], top["confidence"], seconds])
    print()
    print(json.dumps(answers))
asyncio.run(run())
"""


@dataclass(frozen=True)
class Trained:
    """A trained system: its model file, seconds of the whole process, megabytes of the file."""

    model: Path
    seconds: float
    megabytes: float


@dataclass(frozen=True)
class Answer:
    """What a system made of one message: final intent, likeliest one, its confidence, seconds."""

    intent: str | None
    top: str | None
    confidence: float
    seconds: float


@dataclass(frozen=True)
class Data:
    """Training data on disk for both systems, importers off."""

    domain: Path
    nlu: Path
    examples: int


def write_nlu(file: Path, examples: Iterable[Example]) -> None:
    """Write examples as Rasa's NLU format, one list of texts an intent."""
    by_intent: dict[str, list[dict[str, str]]] = {}
    for example in examples:
        by_intent.setdefault(example.intent, []).append({"text": example.text})
    entries = [{"intent": intent, "examples": texts} for intent, texts in by_intent.items()]
    content = {"version": "3.1", "nlu": entries}
    file.write_text(yaml.dump(content, Dumper=yaml.CSafeDumper, allow_unicode=True), "utf-8")


def write_data(folder: Path, share: float) -> Data:
    """Write a share of the training examples and the merged domain into `folder`."""
    examples = sample(training_examples(), share)
    write_nlu(folder / "nlu.yml", examples)
    domain = yaml.safe_load((ROOT / "domain.yml").read_text("utf-8"))
    domain["intents"] += [{intent: {"use_entities": []}} for intent in load_knowledge().by_intent]
    text = yaml.dump(domain, Dumper=yaml.CSafeDumper, allow_unicode=True)
    (folder / "domain.yml").write_text(text, "utf-8")
    return Data(folder / "domain.yml", folder / "nlu.yml", len(examples))


def our_config(folder: Path) -> tuple[Path, list[Path]]:
    """Write `config.yml` without its importer; return it and the stories beside the examples."""
    config = yaml.safe_load((ROOT / "config.yml").read_text("utf-8"))
    del config["importers"]
    file = folder / "upright.yml"
    file.write_text(yaml.safe_dump(config))
    return file, [DATA / "stories"]


def default_config(folder: Path, epochs: int) -> tuple[Path, list[Path]]:
    """Write Rasa's default configuration; return it and the stories beside the examples.

    It has no topic policy, so each topic gets the rule that Rasa's users would write.
    """
    pipeline = [dict(part) for part in DEFAULT_PIPELINE]
    policies = [dict(part) for part in DEFAULT_POLICIES]
    for part in [*pipeline, *policies]:
        if "epochs" in part:
            part["epochs"] = epochs
    config = {
        "recipe": "default.v1",
        "assistant_id": "default",
        "language": "en",
        "pipeline": pipeline,
        "policies": policies,
    }
    rules = [
        {"rule": intent, "steps": [{"intent": intent}, {"action": "action_answer_topic"}]}
        for intent in load_knowledge().by_intent
    ]
    (folder / "rules").mkdir(exist_ok=True)
    (folder / "rules" / "topics.yml").write_text(yaml.safe_dump({"version": "3.1", "rules": rules}))
    file = folder / "default.yml"
    file.write_text(yaml.safe_dump(config))
    return file, [DATA / "stories" / "rules.yml", folder / "rules"]


def train(out: Path, config: Path, files: Sequence[Path], domain: Path | None = None) -> Trained:
    """Train into the folder `out`; without a domain the NLU part alone, of the first file.

    Raises RuntimeError with the end of the log where training fails.
    """
    started = time.monotonic()
    arguments = [str(config), str(out), str(domain or ""), *map(str, files)]
    result = _python(_TRAIN, arguments)
    model = out / "model.tar.gz"
    if result.returncode or not model.exists():
        raise RuntimeError(f"training failed; the log ends with\n{result.stderr[-3000:]}")
    return Trained(model, time.monotonic() - started, model.stat().st_size / 1e6)


def ask(model: Path, texts: Sequence[str], folder: Path) -> list[Answer]:
    """Return what the model makes of each text, after a few messages to warm up.

    Raises RuntimeError with the end of the log where the model cannot be loaded.
    """
    file = folder / "texts.json"
    file.write_text(json.dumps(list(texts)), "utf-8")
    result = _python(_ASK, [str(model), str(file)])
    if result.returncode:
        raise RuntimeError(f"asking failed; the log ends with\n{result.stderr[-3000:]}")
    return [Answer(*row) for row in json.loads(result.stdout.strip().splitlines()[-1])]


def _python(code: str, arguments: list[str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "ignore", "-c", code, *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
