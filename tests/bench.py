"""`make bench`: Upright beside Rasa's default configuration, on the same data, in one run.

1. Understanding, as `make eval-compare` measures it (the development messages: sealed parts are for
   `make eval` alone).
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
from pathlib import Path

from bot.paths import ROOT
from bot.serve import free_port
from tests.evaluation.compare import measure, table
from tests.evaluation.data import read
from tests.evaluation.systems import default_config, our_config, train, write_data


class Server:
    """A server process with the REST channel."""

    def __init__(
        self, name: str, command: list[str], port: int, env: dict[str, str], folder: Path = ROOT
    ) -> None:
        self.name = name
        self.url = f"http://127.0.0.1:{port}/webhooks/rest"
        self.process = subprocess.Popen(
            command, cwd=folder, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
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
            if self.process.poll() is not None:
                break
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
    parser.add_argument("--share", type=float, default=1.0, help="of the training examples")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="upright-bench-") as name:
        folder = Path(name)
        data = write_data(folder, options.share)
        print(f"{data.examples} examples, {options.epochs} epochs of DIET and TED", flush=True)
        models, rows = {}, []
        for which, (config, stories) in {
            "upright": our_config(folder),
            "default": default_config(folder, options.epochs),
        }.items():
            trained = train(folder / which, config, [data.nlu, *stories], data.domain)
            rows.append(measure(which, trained, folder))
            models[which] = trained.model
        print(table(*rows))
        serve(models, options.messages, folder)


if __name__ == "__main__":
    main()
