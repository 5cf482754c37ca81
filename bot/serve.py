"""Start everything under one supervisor: `python -m bot serve`.

Sets up what the processes need (a fresh model, ports, a place for data), then hands over to
supervisord (deploy/supervisord.conf), which restarts what dies and stops all on Ctrl-C.
"""

from __future__ import annotations

import argparse
import os
import secrets
import socket
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from bot.content import ContentError
from bot.paths import ROOT, VAR
from bot.train import MODEL, train

DEFAULT_PORT = 5005
_START_SECONDS = 180


def free_port() -> int:
    """Return a free port of the loopback interface."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(evaluation: bool) -> dict[str, str]:
    """Return the settings of the processes; what the caller has set stays."""
    env = dict(os.environ)
    run = Path(tempfile.mkdtemp(prefix="upright-"))
    env.setdefault("UPRIGHT_ACTIONS_PORT", str(free_port()))
    env.setdefault("UPRIGHT_CONTROL", str(run / "supervisor.sock"))
    if evaluation:
        env["UPRIGHT_PORT"] = env.get("EVAL_PORT", "5905")
        env["UPRIGHT_DB"] = env.get("EVAL_DB") or str(run / "evaluation.db")
        env.setdefault("UPRIGHT_SPOOL", str(run / "spool"))
        env.setdefault("UPRIGHT_COUNTS", str(run / "counts.db"))
        env.setdefault("UPRIGHT_SWITCHES", str(run / "switches.json"))
        env["UPRIGHT_CREDENTIALS"] = str(ROOT / "deploy" / "credentials.eval.yml")
        env["UPRIGHT_SERVER_ARGS"] = f"--api-token {env.get('EVAL_TOKEN', 'eval')}"
    else:
        VAR.mkdir(exist_ok=True)
        env.setdefault("UPRIGHT_PORT", str(DEFAULT_PORT))
        env.setdefault("UPRIGHT_DB", str(VAR / "upright.db"))
        env.setdefault("UPRIGHT_CREDENTIALS", str(ROOT / "credentials.yml"))
        env.setdefault("UPRIGHT_SERVER_ARGS", "")
        env.setdefault("UPRIGHT_SECRET", _secret())
    env.update(
        RASA_TELEMETRY_ENABLED="false",
        SANIC_HOST="127.0.0.1",
        TF_CPP_MIN_LOG_LEVEL="3",
        SQLALCHEMY_SILENCE_UBER_WARNING="1",
        # Vectors of one message are small: threads that wait for each other by spinning would take
        # the other cores from the action server.
        OMP_NUM_THREADS="1",
        OPENBLAS_NUM_THREADS="1",
        COMPRESS_ACTION_SERVER_REQUEST="false",  # the action server is on this machine
        PYTHONUNBUFFERED="1",
        PYTHONWARNINGS="ignore",
        UPRIGHT_PYTHON=sys.executable,
        UPRIGHT_MODEL=str(MODEL),
        UPRIGHT_LAUNCHER=str(os.getpid()),
    )
    return env


def announce() -> int:
    """Wait until the server answers, then print a line an address; run by the supervisor."""
    port = os.environ["UPRIGHT_PORT"]
    base = f"http://127.0.0.1:{port}"
    actions = f"http://127.0.0.1:{os.environ['UPRIGHT_ACTIONS_PORT']}"
    if not (_answers(f"{base}/chat/health") and _answers(f"{actions}/health")):
        print("Upright did not start; see the lines above.", file=sys.stderr, flush=True)
        return 1
    if os.environ.get("UPRIGHT_CREDENTIALS", "").endswith("credentials.eval.yml"):
        print(f"REST  {base}/webhooks/rest/webhook", flush=True)
        print(f"API   {base}/conversations/<sender>/tracker", flush=True)
    print(f"Chat  {base}/chat/", flush=True)
    print(f"Demo website  {base}/demo/", flush=True)
    print(f"For site owners  {base}/embed/", flush=True)
    print(f"Safety  {base}/safety/", flush=True)
    print("ready", flush=True)
    return 0


def main(arguments: list[str]) -> int:
    """Train if need be, then become the supervisor."""
    parser = argparse.ArgumentParser(prog="python -m bot serve")
    parser.add_argument("--evaluation", action="store_true", help="the set-up of make eval-server")
    options = parser.parse_args(arguments)
    env = environment(options.evaluation)
    if _taken(int(env["UPRIGHT_PORT"])):
        name = "EVAL_PORT" if options.evaluation else "UPRIGHT_PORT"
        print(f"Port {env['UPRIGHT_PORT']} is in use; set {name} to another.", file=sys.stderr)
        return 1
    try:
        from bot.channels.base import site_region
        from bot.channels.web import allowed_origins
        from bot.counsellors import duty
        from bot.words import load_words

        load_words()
        duty()
        site_region()
        allowed_origins(env.get("UPRIGHT_ORIGINS", ""))
        train()
    except (ContentError, RuntimeError, ValueError) as error:
        print(f"Upright cannot start.\n{error}", file=sys.stderr)
        return 1
    print("Starting Upright (Ctrl-C stops it) ...", flush=True)
    os.chdir(ROOT)
    supervisord = [sys.executable, "-m", "supervisor.supervisord"]
    os.execve(sys.executable, [*supervisord, "-n", "-c", "deploy/supervisord.conf"], env)


def _secret() -> str:
    """Return the key that signs chat sessions, kept so that a restart does not end them."""
    file = VAR / "secret"
    if not file.exists():
        file.touch(mode=0o600)
        file.write_text(secrets.token_hex(32), encoding="ascii")
    return file.read_text(encoding="ascii").strip()


def _taken(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _answers(url: str) -> bool:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:
                if answer.status == 200:
                    return True
        except (urllib.error.URLError, OSError):
            pass
        time.sleep(0.3)
    return False
