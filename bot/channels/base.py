"""Base of all channels: what every message passes on its way in and out.

In: limits, payloads only if we issued them, the safety pre-check *before* the conversation lock.
Out: vetted words only, and words in any case: a turn that takes longer than 5 s, fails or says
nothing is answered with fixed words, while its late result is still stored by Rasa. What the
channel says by itself goes to the encrypted spool, and from there into the record. A message with
an id is processed once: sent again, it gets the same reply, also after a restart.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import os
import re
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
from bot.state import age_band
from bot.storage.counts import Counts
from bot.storage.spool import load_spool
from bot.switches import ALL, SWITCHES
from bot.words import SAFETY_PLAN_WORDS, Message, Words, load_words

logger = logging.getLogger(__name__)

MAX_CHARACTERS = 2000  # of one message
GUARD_SECONDS = 5.0  # how long a turn may take before fixed words go out
CRISIS_GRACE_SECONDS = 0.7  # how long a crisis message waits for its own turn, if that can start
MAX_TURNS_AT_ONCE = 5  # of one person
# Of all people. A turn waits for the action server some seconds and no longer; were hundreds to
# share the processor, that time would pass for nothing and the answer be lost.
_TURNS_AT_ONCE = 32
_REMEMBERED = 10_000  # people whose last language is kept in memory
_LISTENS = "utter_crisis_listen_1"  # where the protocol leaves the words to a form
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
_YES = re.compile(r"\W*(?:y|yes|yeah|yep|yup|i do|i am|嗯+|是的?|对|有|想|会)\W*", re.IGNORECASE)
_SLASHES = re.compile(r"^[\s/]+")  # Rasa strips blanks before it looks for a slash
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
        self._places = asyncio.Semaphore(_TURNS_AT_ONCE)
        self._people: OrderedDict[str, _Person] = OrderedDict()
        self._tasks: set[asyncio.Task[None]] = set()
        self._site_region = site_region()

    async def turn(self, inbound: Inbound, on_new_message: OnMessage) -> list[Message]:
        """Return the reply to one message; always at least one message.

        Raises Refused for what is not accepted: too long (413), too many (429), a payload that we
        did not issue (400). A message that speaks of danger is never refused for its length or
        its number. The same `message_id` again gets the reply that it got before; with other words
        it is refused (409) and the first answer stays.
        """
        person = self._person(inbound.sender)
        if inbound.message_id is None:
            return await self._answer(inbound, person, on_new_message)
        said = _digest(said_by(inbound))
        answer = person.answers.get(inbound.message_id)
        if answer is None:
            answer = _Answer(
                said, asyncio.ensure_future(self._once(inbound, person, on_new_message))
            )
            person.answers[inbound.message_id] = answer
            if len(person.answers) > _ANSWERED:
                person.answers.popitem(last=False)
        elif answer.said != said:
            return self._conflict(inbound, person)
        try:
            return await asyncio.shield(answer.messages)
        except Exception:  # sent again, it is tried again
            if person.answers.get(inbound.message_id) is answer:
                del person.answers[inbound.message_id]
            raise

    async def _once(
        self, inbound: Inbound, person: _Person, on_new_message: OnMessage
    ) -> list[Message]:
        """Return the recorded reply to a message that an earlier process has had, or answer."""
        assert inbound.message_id is not None
        if person.recorded is None:
            person.recorded = await self._recorded(inbound.sender)
        said, messages = person.recorded.get(inbound.message_id, (None, []))
        # Without buttons a number may stand for a payload; those platforms make the ids themselves.
        if said is not None and self.has_buttons and said != _digest(said_by(inbound)):
            return self._conflict(inbound, person)
        return messages or await self._answer(inbound, person, on_new_message)

    def _conflict(self, inbound: Inbound, person: _Person) -> list[Message]:
        """Refuse other words under an id that has been used; a person in danger is answered."""
        text = clean(inbound.text).strip()
        risk = self._risk.assess(text if inbound.payload is None else "")
        if risk.level not in _DANGER:
            raise Refused(409, "utter_error", "conflict")
        region = person.region or inbound.region or self._site_region
        language = self._language(inbound, text, person)
        return self._words_of(self._plan(risk, region, person), region, language)

    async def _recorded(self, sender: str) -> dict[str, tuple[bytes | None, list[Message]]]:
        """Return by message id, from the record: what was said (a digest), and the reply."""
        try:
            entries = await read_record(sender, self.words)
        except Exception:  # a record that cannot be read must not silence anybody
            logger.exception("record cannot be read")
            return {}
        found: dict[str, tuple[bytes | None, list[Message]]] = {}
        for entry in entries:
            if not entry.reply_to:
                continue
            said, messages = found.get(entry.reply_to, (None, []))
            if entry.message is not None:
                found[entry.reply_to] = said, [*messages, entry.message]
            elif entry.author == "person":
                found[entry.reply_to] = _digest(entry.raw), messages
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
        here = self._said_region(text, person)
        region = here or person.region or inbound.region or self._site_region
        if inbound.payload is not None and not self.words.is_issued(inbound.payload):
            raise Refused(400, "utter_fallback")
        if len(text) > MAX_CHARACTERS and not in_danger:
            raise Refused(413, "utter_too_long", "too_long", limit=MAX_CHARACTERS)
        wait = self.limit.take(inbound.sender) if self.limit else 0.0
        if wait:
            if in_danger:
                return self._without_a_turn(inbound, risk, person, region, language)
            raise Refused(429, "utter_slow_down", "busy", retry_after=wait)
        if SWITCHES.is_off(ALL) or SWITCHES.is_off(self.name()):
            # The off switch silences everything but the words for a person in danger.
            if in_danger:
                return self._without_a_turn(inbound, risk, person, region, language)
            values = self.words.safety_values(region, language)
            return [self.words.render("utter_switched_off", values, language)]
        if self._running[inbound.sender] >= MAX_TURNS_AT_ONCE or self.is_moving(inbound.sender):
            if in_danger:
                return self._without_a_turn(inbound, risk, person, region, language)
            raise Refused(429, "utter_slow_down", "busy", retry_after=2)

        began = time.time()
        waiting = self._running[inbound.sender] > 0
        turn = Turn(region=region)
        person.wrote(text)
        place = contextlib.nullcontext() if in_danger else self._places  # danger waits for nobody
        task = asyncio.create_task(self._run(inbound, turn, person, on_new_message, place))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        patience = GUARD_SECONDS
        if in_danger:
            patience = 0.0 if waiting else CRISIS_GRACE_SECONDS
        await asyncio.wait({task}, timeout=patience)
        messages, own = self._reply(turn, task, risk, text, person, region, language)
        person.language = messages[-1]["language"]
        person.region = here or person.region
        if turn.failed:
            self._record(inbound, began, risk, own, person)
        elif own:
            self._record(inbound, None, risk, own)
        said = {str(message["template"]) for message in messages}
        self._counts.add(said, person.language, region)
        person.choices = [b["payload"] for message in messages for b in message["buttons"] or []]
        self.answered(inbound, messages)
        if not task.done():
            heard = len(messages) - len(own)

            def done(_: asyncio.Task[None]) -> None:
                if turn.failed:
                    self._record(inbound, began, risk, [], person)
                late = [one for one in turn.messages[heard:] if one["template"] not in told]
                if late:
                    self.came_late(inbound, late)

            told = {message["template"] for message in own}
            task.add_done_callback(done)
        return messages

    @staticmethod
    def _said_region(text: str, person: _Person) -> str | None:
        """Return where the person says they are.

        A bare "and in India?" asks about India, unless numbers to call were the subject.
        """
        regions = load_regions()
        wanted = (person.safety or {}).get("open")
        return regions.find(text) if wanted else regions.stated(text)

    def _without_a_turn(
        self,
        inbound: Inbound,
        risk: Risk,
        person: _Person,
        region: str | None,
        language: Language,
    ) -> list[Message]:
        """Answer a person in danger where no turn can be run; it is recorded as if it had."""
        own = self._words_of(self._plan(risk, region, person), region, language)
        self._record(inbound, time.time(), risk, own, person)
        said = {str(message["template"]) for message in own}
        self._counts.add(said, language, region)
        self.answered(inbound, own)
        return own

    def answered(self, inbound: Inbound, messages: list[Message]) -> None:
        """Take a message and its reply, once, before the reply goes out."""

    def is_gone(self, sender: str) -> bool:
        """Return whether a conversation was deleted; nothing of it is kept any more."""
        return False

    def is_moving(self, sender: str) -> bool:
        """Return whether a conversation cannot take a message just now."""
        return False

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
        text: str,
        person: _Person,
        region: str | None,
        language: Language,
    ) -> tuple[list[Message], list[Message]]:
        """Return what the person hears, and which part of it the channel says by itself."""
        messages = list(turn.messages)
        if risk.level in _DANGER:
            answered = any(name.startswith(_ANSWERS_DANGER) for name in turn.templates)
            # A question alone, of a turn that is cut short, has left out whom to call.
            answered &= task.done() or any(self.words.needs_lines(name) for name in turn.templates)
            # In doubt the graph, which knows the conversation, has the better judgement.
            in_doubt = risk.gentle or risk.level is RiskLevel.MEDICAL_EMERGENCY
            if answered or (in_doubt and task.done() and turn.templates - _ASIDES):
                person.heard(turn.templates, region)
                return messages, []
            logger.warning("words for %s sent by the channel, the turn had none", risk.level.value)
            own = self._words_of(self._plan(risk, region, person), region, language)
            own = [message for message in own if message["template"] not in turn.templates]
            return [*messages, *own] if turn.templates & set(_names(own)) else [
                *own,
                *messages,
            ], own
        if turn.templates - _ASIDES:
            person.heard(turn.templates, region)
            return messages, []
        intent = "affirm" if _YES.fullmatch(text) else "deny" if risk.plain_no else None
        if person.safety and person.safety.get("open") and (intent or risk.level.rank):
            # An open conversation about danger goes on, also while nothing else can answer.
            own = self._words_of(self._plan(risk, region, person, intent), region, language)
            return [*own, *messages], own
        fixed = "utter_unavailable" if task.done() else "utter_delayed"
        logger.warning("turn without words answered with %s", fixed)
        own = [self.words.render(fixed, {}, language)]
        return [*own, *messages], own

    def _plan(
        self, risk: Risk, region: str | None, person: _Person, intent: str | None = None
    ) -> Plan:
        """Return what the safety protocol says to such a message, after what was said before."""
        facts = Facts(risk.as_json(), intent, 1.0 if intent else 0.0, region)
        plan = advance(person.safety, facts)
        person.safety = plan.memory
        return plan

    def _words_of(self, plan: Plan, region: str | None, language: Language) -> list[Message]:
        values = self.words.safety_values(region, language)
        # A form needs a turn of Rasa's; the channel listens instead.
        names = [name if name in self.words.responses else _LISTENS for name in plan.words]
        names = names or [_LISTENS]
        return [self.words.render(template, values, language) for template in names]

    def _record(
        self,
        inbound: Inbound,
        began: float | None,
        risk: Risk,
        own: list[Message],
        person: _Person | None = None,
    ) -> None:
        """Spool what the channel said by itself, and where no turn did so the message (`began`).

        Nothing of a child is spooled.
        """
        if self.is_gone(inbound.sender) or age_band(said_by(inbound)) == "under_14":
            return
        now = time.time()
        events: list[dict[str, Any]] = []
        if began is not None:
            text = said_by(inbound)
            parse = {"intent": {"name": None, "confidence": 0.0}, "entities": [], "text": text}
            user: dict[str, Any] = {"event": "user", "text": text, "parse_data": parse}
            user["message_id"] = inbound.message_id
            events.append({**user, "input_channel": self.name(), "timestamp": began})
        for message in own:
            data = {key: message[key] for key in ("template", "values", "language")}
            data["reply_to"] = inbound.message_id or ""
            bot = {"event": "bot", "text": message["text"], "data": {}, "metadata": data}
            events.append({**bot, "timestamp": now})
        if began is not None and risk.level in _DANGER:
            slots: dict[str, Any] = dict.fromkeys(
                ("risk_level", "peak_risk_level"), risk.level.value
            )
            if person is not None and person.safety:
                slots["safety"] = person.safety
            for slot, value in slots.items():
                events.append({"event": "slot", "name": slot, "value": value, "timestamp": now})
        self._spool.add(inbound.sender, events)

    async def _run(
        self,
        inbound: Inbound,
        turn: Turn,
        person: _Person,
        on_new_message: OnMessage,
        place: contextlib.AbstractAsyncContextManager[None],
    ) -> None:
        """Run the turn in Rasa once there is a place; goes on when nobody waits any more."""
        metadata = {
            "language": inbound.language,
            "region": inbound.region or self._site_region,
        }
        message = UserMessage(
            said_by(inbound) or " ",
            GuardedOutput(self.name(), self.words, turn, person.has_written),
            inbound.sender,
            input_channel=self.name(),
            message_id=inbound.message_id,
            metadata={key: value for key, value in metadata.items() if value},
        )
        self._running[inbound.sender] += 1
        try:
            async with place:
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


@dataclass(frozen=True)
class _Answer:
    """What was said under a message id (a digest), and the reply, as soon as there is one."""

    said: bytes
    messages: asyncio.Future[list[Message]]


class _Person:
    """Memory of the process about one person: language, region, hashes of what they wrote, and
    the latest replies."""

    def __init__(self) -> None:
        self.language: Language | None = None
        self.region: str | None = None
        self.safety: dict[str, Any] | None = None  # of the protocol, where the channel must speak
        self._written: deque[bytes] = deque(maxlen=_OWN_MESSAGES)
        self.answers: OrderedDict[str, _Answer] = OrderedDict()
        # By message id, once read.
        self.recorded: dict[str, tuple[bytes | None, list[Message]]] | None = None
        self.choices: list[str] = []  # payloads of the latest reply, in order

    def heard(self, templates: set[str], region: str | None) -> None:
        """Take what a turn said about danger, for when the channel has to go on by itself."""
        said = [name for name in templates if name.startswith(("utter_crisis", "utter_emergency"))]
        if not said:
            self.safety = None
            return
        before = self.safety or {"said": []}
        asked = any("_ask_" in name for name in said)
        today = "utter_crisis_yes" in said
        other = any(name.startswith("utter_crisis_other") for name in said)
        medical = all(name.startswith("utter_emergency") for name in said)
        self.safety = {
            **before,
            "open": "emergency" if medical else "other" if other else "self",
            "stage": "asked_today" if today else "asked" if asked else before.get("stage"),
            "said": list(dict.fromkeys([*before["said"], *said])),
            "region": region or "unknown",
        }

    def picked(self, text: str) -> str | None:
        """Return the payload that a bare number picks from the latest choices."""
        digits = text.strip(" .。)）").translate(_FULL_WIDTH)
        if digits.isascii() and digits.isdecimal() and 0 < int(digits[:4]) <= len(self.choices):
            return self.choices[int(digits[:4]) - 1]
        return None

    def wrote(self, text: str) -> None:
        self._written.append(_digest(_typed(text)))

    def has_written(self, text: str) -> bool:
        """Return whether this very text came from the person."""
        return _digest(_typed(text)) in self._written


def _names(messages: list[Message]) -> list[str]:
    return [str(message["template"]) for message in messages]


def _feature_of(template: str) -> str | None:
    """Return the switchable feature that a template belongs to."""
    return next((name for start, name in _FEATURES.items() if template.startswith(start)), None)


def said_by(inbound: Inbound) -> str:
    """Return what a message says to Rasa: a payload of ours, or words that can be none.

    A slash would let anybody drive the dialogue with `/intent`.
    """
    return inbound.payload or _typed(clean(inbound.text))


def _typed(text: str) -> str:
    text = text.strip()
    if len(text) > MAX_CHARACTERS:  # only a cry for help may be so long; it may come last
        half = MAX_CHARACTERS // 2 - 2
        text = f"{text[:half]} … {text[-half:]}"
    return _SLASHES.sub("", text).strip()


def _digest(said: str) -> bytes:
    return hashlib.sha256(said.strip().encode()).digest()


def site_region() -> str | None:
    """Return `UPRIGHT_REGION`. Raises ValueError for a region without a sourced emergency number.

    A deployment for a country in which we could not say whom to call is refused.
    """
    region = os.environ.get("UPRIGHT_REGION") or None
    if region and load_hotlines().emergency(region, "en") is None:
        raise ValueError(f"UPRIGHT_REGION={region}: no sourced emergency number for it")
    return region
