"""`make bench TOPICS=1000`: how training and turns grow with the number of topics.

In a temporary copy of the project, today's topics are replaced by generated ones
(`tests.evaluation.generated`), of which the first have today's ids, since stories and buttons name
them. The copy is trained from nothing, as on a first start; then it and the project itself are
served at the same time and asked the same messages in turns. Exit status 1 where a limit is passed.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from actions.knowledge import load_knowledge
from actions.knowledge.schema import LANGUAGES
from bot.paths import ROOT
from bot.serve import free_port
from bot.train import MODEL, train
from tests.bench import Server
from tests.evaluation.data import read
from tests.evaluation.generated import GeneratedTopic, generate, write_topics

MAX_SECONDS = 300.0
MAX_MEGABYTES = 4096.0
MAX_RATIO = 2.0
_T = TypeVar("_T")
WARM_UP = 10  # turns of each server that are not counted
# What training and serving read.
_PARTS = (
    *("actions", "bot", "data", "deploy"),
    *("config.yml", "credentials.yml", "domain.yml", "endpoints.yml", "pyproject.toml", "uv.lock"),
)


@dataclass(frozen=True)
class Training:
    """What a training cost: seconds, seconds of processors, most megabytes held at once."""

    seconds: float
    processor: float
    megabytes: float


class Memory:
    """The most memory that a process and its descendants held, sampled while the block runs.

    The sum of their resident memory: what two processes share is counted twice, never too little.
    """

    def __init__(self, process: int) -> None:
        self._root = process
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self.megabytes = 0.0

    def __enter__(self) -> Memory:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stopped.wait(0.2):
            self.megabytes = max(self.megabytes, resident(self._root))


def resident(process: int) -> float:
    """Return the resident megabytes of a process and its descendants now."""
    parents, pages = {}, {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            # The name, in brackets, may hold anything.
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:  # has ended meanwhile
            continue
        parents[int(stat.parent.name)], pages[int(stat.parent.name)] = (
            int(fields[1]),
            int(fields[21]),
        )
    family = {process}
    while more := {child for child, parent in parents.items() if parent in family} - family:
        family |= more
    return sum(pages.get(one, 0) for one in family) * os.sysconf("SC_PAGE_SIZE") / 2**20


def make_project(folder: Path, count: int) -> list[GeneratedTopic]:
    """Copy the project into `folder`, without models, with `count` generated topics."""
    for part in _PARTS:
        if (ROOT / part).is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / part, folder / part, ignore=ignored)
        else:
            shutil.copy(ROOT / part, folder / part)
    today = load_knowledge()
    sources = [one.id for one in today.sources.values() if "http" in one.locator]
    topics = generate(count, sources, list(today.topics))
    write_topics(folder / "data", topics, set(today.by_intent))
    return topics


def train_in(folder: Path) -> Training:
    """Train the project in `folder` by its own command. Raises RuntimeError where that fails."""
    env = {key: value for key, value in os.environ.items() if not key.startswith("UPRIGHT_")}
    log, started, before = folder / "train.log", time.monotonic(), os.times()
    command = [sys.executable, "-W", "ignore", "-m", "bot", "train", "--force"]
    with log.open("w") as output:
        process = subprocess.Popen(command, cwd=folder, env=env, stdout=output, stderr=output)
        with Memory(process.pid) as memory:
            status = process.wait()
    if status:
        raise RuntimeError(f"training failed; its log ends with\n{log.read_text()[-3000:]}")
    seconds, after = time.monotonic() - started, os.times()
    processor = after.children_user + after.children_system
    processor -= before.children_user + before.children_system
    return Training(seconds, processor, memory.megabytes)


class Project:
    """A project that is served: its action server and its Rasa server."""

    def __init__(self, name: str, root: Path, folder: Path) -> None:
        actions_port, port = free_port(), free_port()
        env = {
            **os.environ,
            "SANIC_HOST": "127.0.0.1",
            "UPRIGHT_ACTIONS_PORT": str(actions_port),
            "UPRIGHT_DB": str(folder / f"{name}.db"),
            "UPRIGHT_SPOOL": str(folder / f"{name}.spool"),
            "UPRIGHT_COUNTS": str(folder / f"{name}.counts.db"),
            "UPRIGHT_SWITCHES": str(folder / f"{name}.switches.json"),
            # As bot.serve sets them.
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
            "COMPRESS_ACTION_SERVER_REQUEST": "false",
        }
        python, quiet = [sys.executable, "-W", "ignore", "-m"], subprocess.DEVNULL
        actions = [*python, "rasa_sdk", "--actions", "actions", "--port", str(actions_port)]
        self._actions = subprocess.Popen(actions, cwd=root, env=env, stdout=quiet, stderr=quiet)
        command = [*python, "bot", "server", "--port", str(port), "--credentials"]
        command += ["deploy/credentials.eval.yml", "--model", f"models/{MODEL.name}"]
        self.server = Server(name, command, port, env, root)

    def stop(self) -> None:
        """Stop both processes."""
        for process in (self.server.process, self._actions):
            process.terminate()
            process.wait(30)


def turns(folder: Path, topics: list[GeneratedTopic], messages: int) -> float:
    """Serve both, print what turns cost and return the ratio that counts: the worse of two.

    Both get the same messages, half of them about today's topics and half about generated ones.
    Compared are all turns, and those in which each was asked about its own topics.
    """
    today = [item["text"] for item in read("development") if "expect" not in item]
    asked = [(text, "today") for text in _spread(today, messages - messages // 2)]
    for number, topic in enumerate(_spread(topics, messages // 2)):
        text = topic.questions[LANGUAGES[number % len(LANGUAGES)]][0]
        asked.insert(2 * number, (text, "generated"))
    projects: list[Project] = []
    try:
        for name, root in (("today", ROOT), ("generated", folder)):
            projects.append(Project(name, root, folder))
        servers = [project.server for project in projects]
        for server in servers:
            server.wait()
            for number, (text, _) in enumerate(asked[:WARM_UP]):
                server.ask(text, f"warm-{number}")
            server.seconds.clear()
        for number, (text, _) in enumerate(asked):
            for server in servers if number % 2 else servers[::-1]:
                server.ask(text, f"bench-{number}")
        every, own = [], []
        for server in servers:
            its = [s for s, (_, about) in zip(server.seconds, asked) if about == server.name]
            every.append(statistics.median(server.seconds))
            own.append(statistics.median(its))
            print(
                f"{server.name}: median turn {every[-1] * 1000:.1f} ms, about its own topics "
                f"{own[-1] * 1000:.1f} ms, n={len(server.seconds)}, without words "
                f"{server.wordless}, peak {server.peak_megabytes():.0f} MB"
            )
    finally:
        for project in projects:
            project.stop()
    ratios = every[1] / every[0], own[1] / own[0]
    print(f"ratio generated/today: {ratios[0]:.2f}, about own topics {ratios[1]:.2f}")
    return max(ratios)


def _spread(things: Sequence[_T], count: int) -> list[_T]:
    """Return `count` of `things`, evenly from the whole."""
    return [things[index * len(things) // count] for index in range(count)]


def main() -> int:
    """Run the command line."""
    least = len(load_knowledge().topics)
    parser = argparse.ArgumentParser(prog="make bench TOPICS=...")
    parser.add_argument("--topics", type=int, default=1000)
    parser.add_argument("--messages", type=int, default=60, help="asked of each (default 60)")
    options = parser.parse_args()
    if options.topics < least or options.messages < 2:
        parser.error(f"at least {least} topics (as many as today) and 2 messages")
    train()
    with tempfile.TemporaryDirectory(prefix="upright-topics-") as name:
        folder = Path(name)
        topics = make_project(folder, options.topics)
        print(f"{len(topics)} generated topics in {folder}", flush=True)
        training = train_in(folder)
        model = folder / "models" / MODEL.name
        print(
            f"trained from nothing in {training.seconds:.0f} s ({training.processor:.0f} s of "
            f"processors), peak {training.megabytes:.0f} MB of all its processes, model "
            f"{model.stat().st_size / 2**20:.0f} MB",
            flush=True,
        )
        ratio = turns(folder, topics, options.messages)
    measured = {
        "seconds of training": (training.seconds, MAX_SECONDS),
        "megabytes of training": (training.megabytes, MAX_MEGABYTES),
        "ratio of turns": (ratio, MAX_RATIO),
    }
    passed = {what: pair for what, pair in measured.items() if pair[0] > pair[1]}
    for what, (value, limit) in passed.items():
        print(f"{what}: {value:.4g}, the limit is {limit:g}", file=sys.stderr)
    return 1 if passed else 0


if __name__ == "__main__":
    sys.exit(main())
