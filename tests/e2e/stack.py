"""Starts what `make run` or `make eval-server` starts, on free ports, with a throw-away store."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet

from bot.paths import ROOT
from bot.serve import free_port

_START_SECONDS = 240


class Stack:
    """The running processes, and an HTTP client for them."""

    def __init__(self, folder: Path, evaluation: bool = False, **settings: str) -> None:
        self.port = free_port()
        self.actions_port = free_port()
        self.control = folder / "supervisor.sock"
        env = {
            **os.environ,
            "UPRIGHT_PORT": str(self.port),
            "EVAL_PORT": str(self.port),
            "UPRIGHT_ACTIONS_PORT": str(self.actions_port),
            "UPRIGHT_CONTROL": str(self.control),
            "UPRIGHT_DB": str(folder / "upright.db"),
            "EVAL_DB": str(folder / "upright.db"),
            "UPRIGHT_SPOOL": str(folder / "spool"),
            "UPRIGHT_COUNTS": str(folder / "counts.db"),
            "UPRIGHT_SWITCHES": str(folder / "switches.json"),
            "UPRIGHT_KEY": Fernet.generate_key().decode(),
            **settings,
        }
        self.folder = folder
        self.environment = env
        self.log = folder / "log.txt"
        command = [sys.executable, "-W", "ignore", "-m", "bot", "serve"]
        self._process = subprocess.Popen(
            [*command, "--evaluation"] if evaluation else command,
            cwd=ROOT,
            env=env,
            stdout=self.log.open("w"),
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self.token = ""

    @property
    def base(self) -> str:
        """Address of the server."""
        return f"http://127.0.0.1:{self.port}"

    def wait(self) -> Stack:
        """Wait for the line `ready`."""
        deadline = time.monotonic() + _START_SECONDS
        while "\nready\n" not in self.log.read_text("utf-8"):
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"did not start:\n{self.log.read_text('utf-8')}")
            time.sleep(0.2)
        return self

    def wait_for(self, path: str) -> None:
        """Wait until an address answers, as after a restart."""
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            try:
                if self.request(path)[0] == 200:
                    return
            except (urllib.error.URLError, OSError):
                pass
            time.sleep(0.3)
        raise RuntimeError(f"{path} does not answer")

    def stop(self) -> int:
        """Stop as Ctrl-C does and return the exit code."""
        self._process.send_signal(signal.SIGINT)
        try:
            return self._process.wait(30)
        finally:
            if self._process.poll() is None:
                os.killpg(self._process.pid, signal.SIGKILL)

    def control_program(self, *command: str) -> str:
        """Run supervisorctl and return what it printed."""
        url = f"unix://{self.control}"
        result = subprocess.run(
            [sys.executable, "-m", "supervisor.supervisorctl", "-s", url, *command],
            check=True,
            capture_output=True,
            text=True,
        )
        return result.stdout

    def pid(self, program: str) -> int:
        """Return the process id of a program."""
        return int(self.control_program("pid", program))

    def request(
        self,
        path: str,
        body: Any = None,
        raw: bytes | None = None,
        token: str | None = None,
        method: str | None = None,
        **more: str,
    ) -> tuple[int, Any]:
        """Return (status, parsed JSON or text) of a GET, or of a POST where there is a body.

        `more`: further headers, with _ for -.
        """
        data = raw if raw is not None else None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        headers.update({name.replace("_", "-"): value for name, value in more.items()})
        request = urllib.request.Request(self.base + path, data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                status, content = answer.status, answer.read()
        except urllib.error.HTTPError as error:
            status, content = error.code, error.read()
        try:
            return status, json.loads(content)
        except ValueError:
            return status, content.decode("utf-8", "replace")

    def session(self, stored: bool = True) -> str:
        """Begin a web conversation and return its token."""
        status, answer = self.request("/chat/session", {"stored": stored})
        assert status == 200
        return str(answer["token"])

    def say(self, token: str, text: str) -> list[dict[str, Any]]:
        """Send a web message and return the messages of the reply."""
        body = {"id": uuid.uuid4().hex, "text": text}
        status, answer = self.request("/chat/messages", body, token=token)
        assert status == 200, answer
        return list(answer["messages"])
