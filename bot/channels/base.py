"""Base of all channels: what every message passes on its way in and out.

In: limits, payloads only if we issued them, the safety pre-check *before* the conversation lock.
Out: vetted words only, and words in any case: a turn that takes longer than 5 s, fails or says
nothing is answered with fixed words, while its late result is still stored by Rasa. What the
channel says by itself goes to the encrypted spool, and from there into the record. A message with
an id is processed once: sent again, it gets the same reply, also after a restart.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
import time
from abc import ABC
from collections import OrderedDict, defaultdict, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any

from rasa.core.channels.channel import InputChannel, OutputChannel, UserMessage

from actions.knowledge.schema import Language
from bot.channels.limits import RateLimit
from bot.channels.record import Entry, read_record
from bot.nlu.text import CJK_CHARACTER, clean, detect_language
from bot.safety.assessor import RiskLevel
from bot.safety.model import Risk
from bot.safety.protocol import Facts, Plan, advance
from bot.safety.runtime import load_hotlines, load_regions, load_risk
from bot.storage.counts import Counts
from bot.storage.spool import load_spool
from bot.switches import ALL, SWITCHES
from bot.words import SAFETY_PLAN_WORDS, Message, Words, load_words

logger = logging.getLogger(__name__)

MAX_CHARACTERS = 2000  # of one message
GUARD_SECONDS = 5.0  # how long a turn may take before fixed words go out
CRISIS_GRACE_SECONDS = 0.7  # how long a crisis message waits for its own turn, if that can start
MAX_TURNS_AT_ONCE = 5  # of one person
_REMEMBERED = 10_000  # people whose last language is kept in memory
# Said beside an answer; a turn that says nothing else counts as empty.
_ASIDES = frozenset({"utter_disclosure"})
_DANGER = (RiskLevel.CRISIS, RiskLevel.MEDICAL_EMERGENCY)
# A turn that says one of these has answered the danger itself.
_ANSWERS_DANGER = (
    *("utter_crisis", "utter_emergency", "utter_grounding", "utter_lines_here"),
    *("utter_ask_safety", "utter_safety_plan"),
)
_FEATURES = {
    "utter_grounding": "grounding",
    "utter_ask_safety_plan": "safety_plan",
    "utter_safety_plan": "safety_plan",
}
_OWN_MESSAGES = 40  # of one person, whose hashes are kept to recognise their own words
_ANSWERED = 40  # of one person, whose replies are kept for when they are asked for again
_FULL_WIDTH = str.maketrans("０１２３４５６７８９", "0123456789")

OnMessage = Callable[[UserMessage], Awaitable[Any]]


class Refused(Exception):
    """A message that is not accepted.

    HTTP-like `status`, a `template` of `domain.yml`, a `code` for programs, and for status 429
    `retry_after` in seconds.
    """

    def __init__(
        self,
        status: int,
        template: str,
        code: str = "malformed",
        retry_after: float | None = None,
        **values: Any,
    ) -> None:
        super().__init__(template)
        self.status = status
        self.template = template
        self.code = code
        self.retry_after = retry_after
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
    region: str | None = None
    failed: bool = False

    @property
    def templates(self) -> set[str]:
        """The templates said."""
        return {str(message["template"]) for message in self.messages}


class GuardedOutput(OutputChannel):
    """Collects a turn's messages; anything that is not vetted is logged and replaced."""

    def __init__(
        self,
        channel: str,
        words: Words,
        turn: Turn,
        said: Callable[[str], bool] = lambda _: False,
    ) -> None:
        self._channel = channel
        self._words = words
        self._turn = turn
        self._said = said

    def name(self) -> str:  # type: ignore[override]
        """Return the channel's name."""
        return self._channel

    async def send_response(self, recipient_id: str, message: dict[str, Any]) -> None:
        """Take one message of Rasa's."""
        language: Language = "zh" if message.get("language") == "zh" else "en"
        template = message.get("template") or message.get("utter_action")
        if self._words.is_vetted(message, self._said):
            topic = (message.get("values") or {}).get("topic")
            if SWITCHES.is_off(_feature_of(str(template)) or f"topic:{topic}"):
                self._say("utter_switched_off_topic", language)
                return
            kept = ("text", "buttons", "sources", "template", "values", "language")
            self._turn.messages.append({key: message.get(key) for key in kept})
            return
        logger.error("unvetted words refused on %s (template %s)", self._channel, template)
        # A plan whose words we no longer recognise, as after a restart, stands in the chat above.
        plan = template == SAFETY_PLAN_WORDS
        self._say("utter_safety_plan_above" if plan else "utter_error", language)

    def _say(self, template: str, language: Language) -> None:
        if template not in self._turn.templates:
            values = self._words.safety_values(self._turn.region, language)
            self._turn.messages.append(self._words.render(template, values, language))

    async def send_text_message(self, recipient_id: str, text: str, **kwargs: Any) -> None:
        """Refuse bare text: it has no template."""
        await self.send_response(recipient_id, {"text": text})


class ChannelBase(InputChannel, ABC):
    """Subclasses verify and parse a request into `Inbound`, call `turn`, write the messages out.

    `limit`: of the messages of one person; None for no limit. `has_buttons`: whether people can
    press buttons; where not, `texts` numbers the choices and a number is understood as one.
    """

    has_buttons = True

    def __init__(self, limit: RateLimit | None = None) -> None:
        self.limit = limit
        self.words = load_words()
        self._risk = load_risk()
        self._spool = load_spool()
        self._counts = Counts()
        self._running: defaultdict[str, int] = defaultdict(int)
        self._people: OrderedDict[str, _Person] = OrderedDict()
        self._tasks: set[asyncio.Task[None]] = set()
        self._site_region = site_region()

    async def turn(self, inbound: Inbound, on_new_message: OnMessage) -> list[Message]:
        """Return the reply to one message; always at least one message.

        Raises Refused for what is not accepted: too long (413), too many (429), a payload that we
        did not issue (400). A message that speaks of danger is never refused for its length or
        its number. The same `message_id` again gets the reply that it got before.
        """
        person = self._person(inbound.sender)
        if inbound.message_id is None:
            return await self._answer(inbound, person, on_new_message)
        answer = person.answers.get(inbound.message_id)
        if answer is None:
            answer = asyncio.ensure_future(self._once(inbound, person, on_new_message))
            person.answers[inbound.message_id] = answer
            if len(person.answers) > _ANSWERED:
                person.answers.popitem(last=False)
        try:
            return await asyncio.shield(answer)
        except Refused:
            person.answers.pop(inbound.message_id, None)
            raise

    async def _once(
        self, inbound: Inbound, person: _Person, on_new_message: OnMessage
    ) -> list[Message]:
        """Return the recorded reply to a message that an earlier process has had, or answer."""
        assert inbound.message_id is not None
        if person.recorded is None:
            person.recorded = await self._recorded(inbound.sender)
        said = person.recorded.get(inbound.message_id)
        return said or await self._answer(inbound, person, on_new_message)

    async def _recorded(self, sender: str) -> dict[str, list[Message]]:
        """Return the replies in the record by the id of the message they answer."""
        try:
            entries = await read_record(sender, self.words)
        except Exception:  # a record that cannot be read must not silence anybody
            logger.exception("record cannot be read")
            return {}
        found: dict[str, list[Message]] = {}
        for entry in entries:
            if entry.message is not None and entry.reply_to:
                found.setdefault(entry.reply_to, []).append(entry.message)
        return found

    async def _answer(
        self, inbound: Inbound, person: _Person, on_new_message: OnMessage
    ) -> list[Message]:
        text = clean(inbound.text).strip()
        if inbound.payload is None and not self.has_buttons:
            inbound = replace(inbound, payload=person.picked(text))
        risk = self._risk.assess(text if inbound.payload is None else "")
        in_danger = risk.level in _DANGER
        language = self._language(inbound, text, person)
        here = load_regions().find(text)
        region = here or person.region or inbound.region or self._site_region
        if inbound.payload is not None and not self.words.is_issued(inbound.payload):
            raise Refused(400, "utter_fallback")
        if len(text) > MAX_CHARACTERS and not in_danger:
            raise Refused(413, "utter_too_long", "too_long", limit=MAX_CHARACTERS)
        wait = self.limit.take(inbound.sender) if self.limit else 0.0
        if wait:
            if in_danger:
                return self._words_of(self._plan(risk, region), region, language)
            raise Refused(429, "utter_slow_down", "busy", retry_after=wait)
        if SWITCHES.is_off(ALL) or SWITCHES.is_off(self.name()):
            return self._switched_off(risk, region, language)
        if self._running[inbound.sender] >= MAX_TURNS_AT_ONCE:
            if in_danger:
                return self._words_of(self._plan(risk, region), region, language)
            raise Refused(429, "utter_slow_down", "busy", retry_after=2)

        waiting = self._running[inbound.sender] > 0
        turn = Turn(region=region)
        person.wrote(text)
        task = asyncio.create_task(self._run(inbound, text, turn, person, on_new_message))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        patience = GUARD_SECONDS
        if in_danger:
            patience = 0.0 if waiting else CRISIS_GRACE_SECONDS
        await asyncio.wait({task}, timeout=patience)
        messages, own = self._reply(turn, task, risk, region, language)
        person.language = messages[-1]["language"]
        if risk.level is RiskLevel.NONE or person.region is None:
            person.region = here or person.region
        if own:
            self._record(inbound, text, risk, own, failed=turn.failed)
        said = {str(message["template"]) for message in messages}
        self._counts.add(said, person.language, region)
        person.choices = [b["payload"] for message in messages for b in message["buttons"] or []]
        if not task.done():
            task.add_done_callback(lambda _: self._late(inbound, turn, len(messages) - len(own)))
        return messages

    def _late(self, inbound: Inbound, turn: Turn, heard: int) -> None:
        late = turn.messages[heard:]
        if late:
            self.came_late(inbound, late)

    def came_late(self, inbound: Inbound, messages: list[Message]) -> None:
        """Take what a turn said after its reply had gone out; it is in the record in any case."""

    async def history(self, sender: str) -> list[Entry]:
        """Return everything said in a conversation."""
        return await read_record(sender, self.words)

    def forget(self, sender: str) -> None:
        """Forget what this process remembers of a person."""
        self._people.pop(sender, None)

    def rename(self, sender: str, new: str) -> None:
        """Keep what this process remembers of a person under a new id."""
        if sender in self._people:
            self._people[new] = self._people.pop(sender)

    @staticmethod
    def texts(messages: list[Message]) -> list[str]:
        """Return the words for a channel without buttons: choices numbered through the reply."""
        number, texts = 0, []
        for message in messages:
            lines = [str(message["text"])]
            for button in message["buttons"] or []:
                number += 1
                lines.append(f"{number}. {button['title']}")
            texts.append("\n".join(lines))
        return texts

    def refusal(self, refused: Refused, inbound: Inbound | None) -> Message:
        """Return the vetted words of a refusal."""
        language: Language = "en"
        if inbound:
            language = self._language(inbound, inbound.text, self._person(inbound.sender))
        return self.words.render(refused.template, refused.values, language)

    def _reply(
        self,
        turn: Turn,
        task: asyncio.Task[None],
        risk: Risk,
        region: str | None,
        language: Language,
    ) -> tuple[list[Message], list[Message]]:
        """Return what the person hears, and which part of it the channel says by itself."""
        messages = list(turn.messages)
        if risk.level in _DANGER:
            answered = any(name.startswith(_ANSWERS_DANGER) for name in turn.templates)
            # In doubt the graph, which knows the conversation, has the better judgement.
            in_doubt = risk.gentle or risk.level is RiskLevel.MEDICAL_EMERGENCY
            if answered or (in_doubt and turn.templates - _ASIDES):
                return messages, []
            logger.warning("words for %s sent by the channel, the turn had none", risk.level.value)
            own = self._words_of(self._plan(risk, region), region, language)
            return [*own, *messages], own
        if turn.templates - _ASIDES:
            return messages, []
        fixed = "utter_unavailable" if task.done() else "utter_delayed"
        logger.warning("turn without words answered with %s", fixed)
        own = [self.words.render(fixed, {}, language)]
        return [*own, *messages], own

    def _plan(self, risk: Risk, region: str | None) -> Plan:
        """Return what the safety protocol says first to such a message."""
        return advance(None, Facts(risk.as_json(), None, 0.0, region))

    def _words_of(self, plan: Plan, region: str | None, language: Language) -> list[Message]:
        values = self.words.safety_values(region, language)
        return [self.words.render(template, values, language) for template in plan.words]

    def _switched_off(self, risk: Risk, region: str | None, language: Language) -> list[Message]:
        """The off switch silences everything but the words for a person in danger."""
        if risk.level in _DANGER:
            return self._words_of(self._plan(risk, region), region, language)
        values = self.words.safety_values(region, language)
        return [self.words.render("utter_switched_off", values, language)]

    def _record(
        self, inbound: Inbound, text: str, risk: Risk, own: list[Message], failed: bool
    ) -> None:
        """Spool what the channel said by itself, and the message too where the turn failed."""
        now = time.time()
        events: list[dict[str, Any]] = []
        if failed:
            parse = {"intent": {"name": None, "confidence": 0.0}, "entities": [], "text": text}
            user: dict[str, Any] = {
                "event": "user",
                "text": text[:MAX_CHARACTERS],
                "parse_data": parse,
            }
            user["message_id"] = inbound.message_id
            events.append({**user, "input_channel": self.name(), "timestamp": now})
        for message in own:
            data = {key: message[key] for key in ("template", "values", "language")}
            data["reply_to"] = inbound.message_id or ""
            bot = {"event": "bot", "text": message["text"], "data": {}, "metadata": data}
            events.append({**bot, "timestamp": now})
        if failed and risk.level in _DANGER:
            for slot in ("risk_level", "peak_risk_level"):
                value = {"event": "slot", "name": slot, "value": risk.level.value}
                events.append({**value, "timestamp": now})
        self._spool.add(inbound.sender, events)

    async def _run(
        self,
        inbound: Inbound,
        text: str,
        turn: Turn,
        person: _Person,
        on_new_message: OnMessage,
    ) -> None:
        """Run the turn in Rasa; goes on, and is stored, when nobody waits for it any more."""
        metadata = {
            "language": inbound.language,
            "region": inbound.region or self._site_region,
        }
        message = UserMessage(
            # A slash would let anybody drive the dialogue with `/intent`.
            inbound.payload or text[:MAX_CHARACTERS].lstrip("/") or " ",
            GuardedOutput(self.name(), self.words, turn, person.has_written),
            inbound.sender,
            input_channel=self.name(),
            message_id=inbound.message_id,
            metadata={key: value for key, value in metadata.items() if value},
        )
        self._running[inbound.sender] += 1
        try:
            await on_new_message(message)
        except Exception:
            turn.failed = True
            logger.exception("turn failed")
        finally:
            self._running[inbound.sender] -= 1
            if not self._running[inbound.sender]:
                del self._running[inbound.sender]

    def _language(self, inbound: Inbound, text: str, person: _Person) -> Language:
        try:
            found = detect_language(text)
        except Exception:  # nothing on the crisis path may depend on it
            logger.exception("language detection failed")
            found = "zh" if CJK_CHARACTER.search(text) else None
        return inbound.language or found or person.language or "en"

    def _person(self, sender: str) -> _Person:
        """Return what this process remembers of a person, most recent people only."""
        person = self._people.setdefault(sender, _Person())
        self._people.move_to_end(sender)
        if len(self._people) > _REMEMBERED:
            self._people.popitem(last=False)
        return person


class _Person:
    """Memory of the process about one person: language, region, hashes of what they wrote, and
    the latest replies."""

    def __init__(self) -> None:
        self.language: Language | None = None
        self.region: str | None = None
        self._written: deque[bytes] = deque(maxlen=_OWN_MESSAGES)
        self.answers: OrderedDict[str, asyncio.Future[list[Message]]] = OrderedDict()
        self.recorded: dict[str, list[Message]] | None = None  # by message id, once read
        self.choices: list[str] = []  # payloads of the latest reply, in order

    def picked(self, text: str) -> str | None:
        """Return the payload that a bare number picks from the latest choices."""
        digits = text.strip(" .。)）").translate(_FULL_WIDTH)
        if digits.isascii() and digits.isdecimal() and 0 < int(digits[:4]) <= len(self.choices):
            return self.choices[int(digits[:4]) - 1]
        return None

    def wrote(self, text: str) -> None:
        self._written.append(_hash(text))

    def has_written(self, text: str) -> bool:
        """Return whether this very text came from the person."""
        return _hash(text) in self._written


def _feature_of(template: str) -> str | None:
    """Return the switchable feature that a template belongs to."""
    return next((name for start, name in _FEATURES.items() if template.startswith(start)), None)


def _hash(text: str) -> bytes:
    return hashlib.sha256(text[:MAX_CHARACTERS].lstrip("/").strip().encode()).digest()


def site_region() -> str | None:
    """Return `UPRIGHT_REGION`. Raises ValueError for a region without a sourced emergency number.

    A deployment for a country in which we could not say whom to call is refused.
    """
    region = os.environ.get("UPRIGHT_REGION") or None
    if region and load_hotlines().emergency(region, "en") is None:
        raise ValueError(f"UPRIGHT_REGION={region}: no sourced emergency number for it")
    return region
