"""`make chat`: talk with Upright in the terminal.

Uses a server that is running (`UPRIGHT_PORT`); without one it starts its own for as long as the
talk lasts. A number picks a button; an empty line or Ctrl-D ends.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import uuid
from typing import Any

import aiohttp

from bot.serve import DEFAULT_PORT, free_port

_START_SECONDS = 600  # includes training on a first start


class ChatClient:
    """Speaks the interface of `bot.channels.web`."""

    def __init__(self, session: aiohttp.ClientSession, base: str) -> None:
        self._session = session
        self._base = base
        self._token = ""

    async def start(self) -> None:
        """Begin a conversation."""
        async with self._session.post(f"{self._base}/session", json={}) as answer:
            self._token = (await answer.json())["token"]

    async def send(self, text: str = "", payload: str | None = None) -> list[dict[str, Any]]:
        """Send a typed text or a button's payload; return the messages of the reply."""
        body = {"text": text} if payload is None else {"payload": payload}
        body["id"] = uuid.uuid4().hex
        headers = {"Authorization": f"Bearer {self._token}"}
        url = f"{self._base}/messages"
        async with self._session.post(url, json=body, headers=headers) as answer:
            data = await answer.json()
            return data.get("messages") or [data["error"]]


async def _is_up(session: aiohttp.ClientSession, base: str) -> bool:
    try:
        async with session.get(f"{base}/health") as answer:
            return answer.status == 200
    except aiohttp.ClientError:
        return False


async def talk(base: str, server: subprocess.Popen[bytes] | None) -> int:
    """Wait for the server, then pass lines to and fro."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as session:
        for _ in range(_START_SECONDS * 2):
            if await _is_up(session, base):
                break
            if server and server.poll() is not None:
                print("Upright did not start; `make run` shows why.", file=sys.stderr)
                return 1
            await asyncio.sleep(0.5)
        client = ChatClient(session, base)
        await client.start()
        print(
            "Upright · 挺好. Ask in English or Chinese; an empty line ends. 中英文都行，空行结束。"
        )
        buttons: list[dict[str, str]] = []
        while True:
            try:
                line = (await asyncio.to_thread(input, "> ")).strip()
            except EOFError:
                line = ""
            if not line:
                return 0
            picked = int(line) - 1 if line.isdecimal() and 0 < int(line) <= len(buttons) else None
            if picked is None:
                reply = await client.send(line)
            else:
                reply = await client.send(payload=buttons[picked]["payload"])
            blocks = [block for message in reply for block in message["blocks"]]
            buttons = [b for block in blocks if block["type"] == "choices" for b in block["items"]]
            print("\n".join(f"\n{message['text']}" for message in reply))
            if buttons:
                print("  ".join(f"[{n}] {b['title']}" for n, b in enumerate(buttons, start=1)))


def main(arguments: list[str]) -> int:
    """Talk until the person stops."""
    port = int(os.environ.get("UPRIGHT_PORT", DEFAULT_PORT))
    if asyncio.run(_probe(port)):
        return asyncio.run(talk(f"http://127.0.0.1:{port}/chat", None))
    from bot.train import train

    train()
    port = free_port()
    print("Starting ...", flush=True)
    server = subprocess.Popen(
        [sys.executable, "-m", "bot", "serve"],
        env={**os.environ, "UPRIGHT_PORT": str(port)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        return asyncio.run(talk(f"http://127.0.0.1:{port}/chat", server))
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(20)


async def _probe(port: int) -> bool:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=2)) as session:
        return await _is_up(session, f"http://127.0.0.1:{port}/chat")
