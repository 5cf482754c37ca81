"""`make bench`: Upright beside Rasa's default configuration, on the same data, in one run.

1. Understanding: our pipeline against Rasa's default one (DIET), trained on the same examples and
   tested on the evaluation set's topic messages: accuracy per language, training time, model size.
2. Serving: both as real server processes at the same time, through the same real action server:
   peak memory of the Rasa process, and latency of a message, measured in turns.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from pathlib import Path
from typing import Any

import yaml

from actions.knowledge import load_knowledge
from bot.paths import DATA, ROOT
from bot.serve import free_port
from tests.evaluation.__main__ import PARTS, read, wilson

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
_TRAIN = """
import sys, bot, rasa
result = rasa.train(domain="domain.yml", config=sys.argv[1], training_files=sys.argv[3:],
                    output=sys.argv[2], force_training=True, fixed_model_name="model")
sys.exit(result.code)
"""
_PREDICT = """
import asyncio, json, sys, bot
from rasa.core.agent import Agent
agent = Agent.load(sys.argv[1])
async def run():
    texts = json.load(open(sys.argv[2]))
    print(json.dumps([(await agent.parse_message(t))["intent"]["name"] for t in texts]))
asyncio.run(run())
"""


def default_config(folder: Path, epochs: int) -> tuple[Path, list[str]]:
    """Write Rasa's default configuration; return it and the training files.

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
        "importers": [{"name": "bot.importer.KnowledgeImporter"}],
        "pipeline": pipeline,
        "policies": policies,
    }
    rules = [
        {"rule": intent, "steps": [{"intent": intent}, {"action": "action_answer_topic"}]}
        for intent in load_knowledge().by_intent
    ]
    (folder / "rules").mkdir()
    (folder / "rules" / "topics.yml").write_text(yaml.safe_dump({"version": "3.1", "rules": rules}))
    file = folder / "config.yml"
    file.write_text(yaml.safe_dump(config))
    rules_only = str(DATA / "stories" / "rules.yml")
    return file, [str(DATA / "nlu"), rules_only, str(folder / "rules")]


def train(name: str, config: Path, files: list[str], folder: Path) -> Path:
    """Train in a process of its own; print time and size; return the model."""
    started = time.monotonic()
    out = folder / name
    subprocess.run(
        [sys.executable, "-W", "ignore", "-c", _TRAIN, str(config), str(out), *files],
        check=True,
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL if "--verbose" not in sys.argv else None,
    )
    model = out / "model.tar.gz"
    seconds, size = time.monotonic() - started, model.stat().st_size / 1e6
    print(f"{name}: trained in {seconds:.0f} s (whole process), model {size:.1f} MB", flush=True)
    return model


def accuracy(name: str, model: Path, folder: Path) -> None:
    """Print the share of topic messages with the right intent."""
    items = [i for part in PARTS for i in read(part) if "topic" in i]
    items = [i for i in items if "expect" not in i]
    texts = folder / "texts.json"
    texts.write_text(json.dumps([item["text"] for item in items]))
    output = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", _PREDICT, str(model), str(texts)],
        check=True,
        cwd=ROOT,
        capture_output=True,
        text=True,
    ).stdout
    intents = json.loads(output.strip().splitlines()[-1])
    for language in ("en", "zh"):
        right = Counter(
            intent == "ask_" + item["topic"].replace(".", "_")
            for item, intent in zip(items, intents)
            if item["language"] == language
        )
        n = sum(right.values())
        low, high = wilson(right[True], n)
        share = 100 * right[True] / n
        print(f"{name}: {language} {share:.1f} % ({low:.2f}-{high:.2f}, n={n})", flush=True)


class Server:
    """A server process with the REST channel."""

    def __init__(self, name: str, command: list[str], port: int, env: dict[str, str]) -> None:
        self.name = name
        self.url = f"http://127.0.0.1:{port}/webhooks/rest"
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self.seconds: list[float] = []
        self.wordless = 0

    def wait(self) -> None:
        """Wait until the server answers."""
        for _ in range(600):
            try:
                urllib.request.urlopen(self.url + "/", timeout=2)
                return
            except OSError:
                time.sleep(0.5)
        raise RuntimeError(f"{self.name} did not start")

    def ask(self, text: str, sender: str) -> None:
        """Send one message and keep the time."""
        body = json.dumps({"sender": sender, "message": text}).encode()
        request = urllib.request.Request(
            self.url + "/webhook", body, {"Content-Type": "application/json"}
        )
        started = time.perf_counter()
        with urllib.request.urlopen(request, timeout=60) as answer:
            self.wordless += not json.load(answer)
        self.seconds.append(time.perf_counter() - started)

    def peak_megabytes(self) -> float:
        """Return the peak resident memory of the process."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024


def serve(models: dict[str, Path], messages: int, folder: Path) -> None:
    """Run both servers side by side and print memory and latency, as numbers and as ratios."""
    actions_port = free_port()
    env = {**os.environ, "SANIC_HOST": "127.0.0.1", "UPRIGHT_ACTIONS_PORT": str(actions_port)}
    python = [sys.executable, "-W", "ignore", "-m"]
    actions = [*python, "rasa_sdk", "--actions", "actions", "--port", str(actions_port)]
    quiet = subprocess.DEVNULL
    processes = [subprocess.Popen(actions, cwd=ROOT, env=env, stdout=quiet, stderr=quiet)]
    rest = folder / "rest.yml"
    rest.write_text("rest: {}\n")
    ours, default = free_port(), free_port()
    # rasa, not ours: no channel guard, no vetting, but the same words, store and action server.
    default_command = [*python, "bot", "rasa", "run", "-i", "127.0.0.1", "-p", str(default)]
    default_command += ["--credentials", str(rest), "--endpoints", "endpoints.yml"]
    our_command = [*python, "bot", "server", "--port", str(ours)]
    our_command += ["--credentials", "deploy/credentials.eval.yml"]
    servers = []
    for name, command, port in (
        ("upright", [*our_command, "--model", str(models["upright"])], ours),
        ("default", [*default_command, "--model", str(models["default"])], default),
    ):
        database = {"UPRIGHT_DB": str(folder / f"{name}.db")}
        servers.append(Server(name, command, port, {**env, **database}))
    try:
        for server in servers:
            server.wait()
        texts = [item["text"] for item in read("development") if "expect" not in item]
        for number in range(messages):
            for server in servers if number % 2 else servers[::-1]:
                server.ask(texts[number % len(texts)], f"bench-{number}")
        rows = {}
        for server in servers:
            timed = sorted(server.seconds[10:])
            median, p95 = statistics.median(timed), timed[int(len(timed) * 0.95)]
            rows[server.name] = (server.peak_megabytes(), median * 1000)
            print(
                f"{server.name}: peak {rows[server.name][0]:.0f} MB, median {median * 1000:.1f} ms,"
                f" p95 {p95 * 1000:.1f} ms, n={len(timed)}, turns without words {server.wordless}"
            )
        memory = rows["upright"][0] / rows["default"][0]
        speed = rows["upright"][1] / rows["default"][1]
        print(f"ratio upright/default: memory {memory:.2f}, median latency {speed:.2f}")
    finally:
        for process in [*processes, *(server.process for server in servers)]:
            process.terminate()
            process.wait(20)


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("--epochs", type=int, default=100, help="of DIET and TED (default 100)")
    parser.add_argument("--messages", type=int, default=200)
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="upright-bench-") as name:
        folder = Path(name)
        default, files = default_config(folder, options.epochs)
        stories = [str(DATA / "nlu"), str(DATA / "stories")]
        models = {
            "upright": train("upright", ROOT / "config.yml", stories, folder),
            "default": train("default", default, files, folder),
        }
        for which, model in models.items():
            accuracy(which, model, folder)
        serve(models, options.messages, folder)


if __name__ == "__main__":
    main()
