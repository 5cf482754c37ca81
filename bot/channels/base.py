"""Base of all channels: what every message passes on its way in and out.

In: limits, payloads only if we issued them, the safety pre-check *before* the conversation lock.
Out: vetted words only, and words in any case: a turn that takes longer than 5 s, fails or says
nothing is answered with fixed words, while its late result is still stored by Rasa.
"""

from __future__ import annotations

import asyncio
import logging
import os
from abc import ABC
from collections import OrderedDict, defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from rasa.core.channels.channel import InputChannel, OutputChannel, UserMessage

from actions.knowledge.schema import Language
from bot.nlu.text import clean, detect_language
from bot.safety.assessor import Assessment, RiskLevel
from bot.safety.runtime import load_assessor
from bot.words import Message, Words, load_words

logger = logging.getLogger(__name__)

MAX_CHARACTERS = 2000  # of one message
GUARD_SECONDS = 5.0  # how long a turn may take before fixed words go out
CRISIS_GRACE_SECONDS = 0.7  # how long a crisis message waits for its own turn, if that can start
MAX_TURNS_AT_ONCE = 5  # of one person
_REMEMBERED = 10_000  # people whose last language is kept in memory
# Said beside an answer; a turn that says nothing else counts as empty.
_ASIDES = frozenset({"utter_disclosure"})
_CRISIS_WORDS = frozenset({"utter_crisis", "utter_crisis_other", "utter_crisis_again"})

OnMessage = Callable[[UserMessage], Awaitable[Any]]


class Refused(Exception):
    """A message that is not accepted: HTTP-like `status`, a `template` of `domain.yml`."""

    def __init__(self, status: int, template: str, **values: Any) -> None:
        super().__init__(template)
        self.status = status
        self.template = template
        self.values = values


@dataclass(frozen=True)
class Inbound:
    """One message of a person.

    `sender`: conversation id; exactly one of `text` (typed) and `payload` (of a button) counts,
    payload first; `language`: chosen in the client, "en" or "zh"; `region`: ISO code set by the
    site; `message_id`: the platform's or the client's id.
    """

    sender: str
    text: str = ""
    payload: str | None = None
    language: Language | None = None
    region: str | None = None
    message_id: str | None = None


@dataclass
class Turn:
    """What a turn has said so far; filled by Rasa through `GuardedOutput`."""

    messages: list[Message] = field(default_factory=list)

    @property
    def templates(self) -> set[str]:
        """The templates said."""
        return {str(message["template"]) for message in self.messages}


class GuardedOutput(OutputChannel):
    """Collects a turn's messages; anything that is not vetted is logged and replaced."""

    def __init__(self, channel: str, words: Words, turn: Turn) -> None:
        self._channel = channel
        self._words = words
        self._turn = turn

    def name(self) -> str:  # type: ignore[override]
        """Return the channel's name."""
        return self._channel

    async def send_response(self, recipient_id: str, message: dict[str, Any]) -> None:
        """Take one message of Rasa's."""
        if self._words.is_vetted(message):
            kept = ("text", "buttons", "sources", "template", "values", "language")
            self._turn.messages.append({key: message.get(key) for key in kept})
            return
        template = message.get("template") or message.get("utter_action")
        logger.error("unvetted words refused on %s (template %s)", self._channel, template)
        language: Language = "zh" if message.get("language") == "zh" else "en"
        self._turn.messages.append(self._words.render("utter_error", {}, language))

    async def send_text_message(self, recipient_id: str, text: str, **kwargs: Any) -> None:
        """Refuse bare text: it has no template."""
        await self.send_response(recipient_id, {"text": text})


class ChannelBase(InputChannel, ABC):
    """Subclasses parse a request into `Inbound`, call `turn`, and write the messages out."""

    def __init__(self) -> None:
        self.words = load_words()
        self._assessor = load_assessor()
        self._running: defaultdict[str, int] = defaultdict(int)
        self._languages: OrderedDict[str, Language] = OrderedDict()
        self._tasks: set[asyncio.Task[None]] = set()
        self._site_region = os.environ.get("UPRIGHT_REGION") or None

    async def turn(self, inbound: Inbound, on_new_message: OnMessage) -> list[Message]:
        """Return the reply to one message; always at least one message.

        Raises Refused for what is not accepted: too long (413), too many at once (429), a payload
        that we did not issue (400). A crisis message is never refused for its length.
        """
        text = clean(inbound.text).strip()
        assessment = self._assessor.assess(text)
        in_crisis = assessment.level is RiskLevel.CRISIS
        language = self._language(inbound, text)
        if inbound.payload is not None and not self.words.is_issued(inbound.payload):
            raise Refused(400, "utter_fallback")
        if len(text) > MAX_CHARACTERS and not in_crisis:
            raise Refused(413, "utter_too_long", limit=MAX_CHARACTERS)
        if self._running[inbound.sender] >= MAX_TURNS_AT_ONCE:
            if in_crisis:
                return [self._crisis_words(assessment, inbound, language)]
            raise Refused(429, "utter_delayed")

        waiting = self._running[inbound.sender] > 0
        turn = Turn()
        task = asyncio.create_task(self._run(inbound, text, turn, on_new_message))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        patience = GUARD_SECONDS
        if in_crisis:
            patience = 0.0 if waiting else CRISIS_GRACE_SECONDS
        await asyncio.wait({task}, timeout=patience)
        return self._reply(turn, task, inbound, assessment, language)

    def refusal(self, refused: Refused, inbound: Inbound | None) -> Message:
        """Return the vetted words of a refusal."""
        language = self._language(inbound, inbound.text) if inbound else "en"
        return self.words.render(refused.template, refused.values, language)

    def _reply(
        self,
        turn: Turn,
        task: asyncio.Task[None],
        inbound: Inbound,
        assessment: Assessment,
        language: Language,
    ) -> list[Message]:
        """Return what the turn said, with fixed words where it owes some."""
        messages = list(turn.messages)
        if messages:
            self._remember(inbound.sender, messages[-1]["language"])
        if assessment.level is RiskLevel.CRISIS:
            if turn.templates & _CRISIS_WORDS:
                return messages
            logger.warning("crisis words sent by the channel, the turn had none")
            return [self._crisis_words(assessment, inbound, language), *messages]
        if turn.templates - _ASIDES:
            return messages
        fixed = "utter_unavailable" if task.done() else "utter_delayed"
        logger.warning("turn without words answered with %s", fixed)
        return [self.words.render(fixed, {}, language), *messages]

    def _crisis_words(
        self, assessment: Assessment, inbound: Inbound, language: Language
    ) -> Message:
        template = "utter_crisis_other" if assessment.subject == "other" else "utter_crisis"
        region = inbound.region or self._site_region
        return self.words.render(template, self.words.safety_values(region, language), language)

    async def _run(
        self, inbound: Inbound, text: str, turn: Turn, on_new_message: OnMessage
    ) -> None:
        """Run the turn in Rasa; goes on, and is stored, when nobody waits for it any more."""
        metadata = {
            "language": inbound.language,
            "region": inbound.region or self._site_region,
        }
        message = UserMessage(
            # A slash would let anybody drive the dialogue with `/intent`.
            inbound.payload or text[:MAX_CHARACTERS].lstrip("/") or " ",
            GuardedOutput(self.name(), self.words, turn),
            inbound.sender,
            input_channel=self.name(),
            message_id=inbound.message_id,
            metadata={key: value for key, value in metadata.items() if value},
        )
        self._running[inbound.sender] += 1
        try:
            await on_new_message(message)
        except Exception:
            logger.exception("turn failed")
        finally:
            self._running[inbound.sender] -= 1
            if not self._running[inbound.sender]:
                del self._running[inbound.sender]

    def _language(self, inbound: Inbound, text: str) -> Language:
        return (
            inbound.language or detect_language(text) or self._languages.get(inbound.sender) or "en"
        )

    def _remember(self, sender: str, language: Language) -> None:
        self._languages[sender] = language
        self._languages.move_to_end(sender)
        if len(self._languages) > _REMEMBERED:
            self._languages.popitem(last=False)
