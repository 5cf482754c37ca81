"""The Rasa server process: `python -m bot server`.

Rasa's own `serve_application` with our endpoints: bound to loopback, telemetry off, and an action
endpoint that gives up in time, so that a hanging action server holds nobody's conversation.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
from rasa.core.run import serve_application
from rasa.core.utils import AvailableEndpoints
from rasa.utils.endpoints import EndpointConfig

from bot.channels.web import allowed_origins
from bot.logs import configure
from bot.paths import ROOT
from bot.train import MODEL

ACTION_SECONDS = 4.0  # below the channel's guard; stock Rasa waits 300 s and holds the lock


class PromptActionEndpoint(EndpointConfig):
    """The action endpoint with a time limit, over connections that stay open.

    Actions get slots and the latest message, and of the events those since that message: to send a
    long conversation whole costs more than to answer.
    """

    _kept: aiohttp.ClientSession | None = None

    async def request(self, *args: Any, **kwargs: Any) -> Any:
        """Call the action server; raises asyncio.TimeoutError after `ACTION_SECONDS`."""
        if isinstance(kwargs.get("json"), dict):
            kwargs["json"] = _of_this_turn(kwargs["json"])
        return await asyncio.wait_for(self._call(*args, **kwargs), ACTION_SECONDS)

    async def _call(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return await super().request(*args, **dict(kwargs))
        except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError):
            # A connection kept from before the action server was restarted. Actions change nothing
            # outside their answer, so that a second call does no harm.
            return await super().request(*args, **kwargs)

    @contextlib.asynccontextmanager
    async def session(self) -> AsyncIterator[aiohttp.ClientSession]:  # type: ignore[override]
        """Lend the process's session; Rasa opens and closes one, with its connections, a call."""
        if self._kept is None or self._kept.closed:
            self._kept = aiohttp.ClientSession(headers=self.headers)
        yield self._kept


def _of_this_turn(call: dict[str, Any]) -> dict[str, Any]:
    """Return the body of a call with the events since the latest message only."""
    tracker = call.get("tracker") or {}
    events = list(tracker.get("events") or [])
    said = [i for i, event in enumerate(events) if event.get("event") == "user"]
    return {**call, "tracker": {**tracker, "events": events[said[-1] :] if said else events}}


def main(arguments: list[str]) -> int:
    """Serve until stopped."""
    parser = argparse.ArgumentParser(prog="python -m bot server")
    parser.add_argument("--port", type=int, default=5005)
    parser.add_argument("--credentials", default=str(ROOT / "credentials.yml"))
    parser.add_argument("--model", default=str(MODEL))
    parser.add_argument("--api-token", help="serve Rasa's HTTP API too, with this token")
    options = parser.parse_args(arguments)
    configure()
    endpoints = AvailableEndpoints.read_endpoints(str(ROOT / "endpoints.yml"))
    endpoints.action = PromptActionEndpoint(url=endpoints.action.url, **endpoints.action.kwargs)
    serve_application(
        options.model,
        interface="127.0.0.1",
        cors=sorted(allowed_origins(os.environ.get("UPRIGHT_ORIGINS", ""))),
        port=options.port,
        credentials=options.credentials,
        endpoints=endpoints,
        enable_api=options.api_token is not None,
        auth_token=options.api_token,
    )
    return 0
