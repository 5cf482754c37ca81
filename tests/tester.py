"""BotTester: talk with the trained assistant in one process, custom actions and channel included.

Vocabulary of the tests: `say`, `press`, `slots`, `templates`, `text`.
"""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

from rasa.core.agent import Agent
from rasa.core.nlg.generator import NaturalLanguageGenerator
from rasa.core.tracker_store import InMemoryTrackerStore
from rasa.shared.core.domain import Domain
from rasa.utils.endpoints import EndpointConfig
from rasa_sdk.executor import ActionExecutor

from bot.channels.base import ChannelBase, Inbound
from bot.nlg import VettedGenerator
from bot.storage.locks import PromptLockStore
from bot.words import Message


class LocalActions(EndpointConfig):
    """Runs custom actions in this process, with the JSON round trip of the real server."""

    def __init__(self) -> None:
        super().__init__("http://127.0.0.1/local")
        self._executor = ActionExecutor()
        self._executor.register_package("actions")

    async def request(self, *args: Any, **kwargs: Any) -> Any:
        """Run the action of the call."""
        call = json.loads(json.dumps(kwargs["json"]))
        return json.loads(json.dumps(await self._executor.run(call)))


class LocalChannel(ChannelBase):
    """A channel without a network."""

    @classmethod
    def name(cls) -> str:
        """Return the channel's name."""
        return "local"


class Bot:
    """The loaded assistant; shared by all conversations of a test run."""

    def __init__(
        self,
        model: Path,
        actions: EndpointConfig | None = None,
        generator: NaturalLanguageGenerator | None = None,
    ) -> None:
        domain = Domain.empty()
        generator = generator or VettedGenerator(EndpointConfig(), domain)
        self.agent = Agent.load(
            str(model),
            generator=generator,
            tracker_store=InMemoryTrackerStore(domain),
            lock_store=PromptLockStore(),
            action_endpoint=actions or LocalActions(),
        )
        self.channel = LocalChannel()
        self._ids = itertools.count()

    def new(self, **inbound: Any) -> BotTester:
        """Begin a conversation; `inbound` are fields of `Inbound` that stay for all of it."""
        return BotTester(self, f"conversation-{next(self._ids)}", inbound)


class BotTester:
    """One conversation."""

    def __init__(self, bot: Bot, sender: str, inbound: dict[str, Any]) -> None:
        self._bot = bot
        self.sender = sender
        self._inbound = inbound
        self.reply: list[Message] = []

    async def say(self, text: str) -> list[Message]:
        """Send a typed message and return the reply."""
        inbound = Inbound(self.sender, text, **self._inbound)
        self.reply = await self._bot.channel.turn(inbound, self._bot.agent.handle_message)
        return self.reply

    async def press(self, title: str) -> list[Message]:
        """Press a button of the last reply by its title."""
        payloads = {b["title"]: b["payload"] for m in self.reply for b in m["buttons"] or []}
        return await self.send(payloads[title])

    async def send(self, payload: str) -> list[Message]:
        """Send a button's payload and return the reply."""
        inbound = Inbound(self.sender, "", payload, **self._inbound)
        self.reply = await self._bot.channel.turn(inbound, self._bot.agent.handle_message)
        return self.reply

    async def slots(self) -> dict[str, Any]:
        """Return the slot values of the stored conversation."""
        tracker = await self._bot.agent.tracker_store.retrieve(self.sender)
        return tracker.current_slot_values() if tracker else {}

    async def parsed(self) -> dict[str, Any]:
        """Return what the NLU pipeline made of the latest message."""
        tracker = await self._bot.agent.tracker_store.retrieve(self.sender)
        message = tracker.latest_message if tracker else None
        return dict(message.parse_data or {}) if message else {}

    @property
    def templates(self) -> list[str]:
        """The templates of the last reply."""
        return [str(message["template"]) for message in self.reply]

    @property
    def text(self) -> str:
        """The words of the last reply."""
        return "\n".join(str(message["text"]) for message in self.reply)
