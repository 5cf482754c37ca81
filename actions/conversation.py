"""What an action needs to know of the conversation, read once from Rasa's tracker."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rasa_sdk import Tracker

from actions.knowledge import Knowledge, Topic
from actions.knowledge.schema import Mentioned

FOLLOW_UP = "follow_up_"
_SURE = 0.85  # share among the follow-ups from which a question about a topic names its facet
_LIKELY = 0.6  # the same for a message that leans on the last topic: nothing else is at hand
_TECHNIQUE = 0.9
_NEAR = 0.25  # cosine from which a statement is about the question
_FILLERS = re.compile(
    r"\b(?:and|in|what|whats|how|about|the|then|for|over|there|ok|but|also|it|is)\b"
    r"|[那在呢的去呀啊吗]|那边|那儿|怎么样|如何|换成|换|[\W_]+"
)


@dataclass(frozen=True)
class Conversation:
    """The latest message and what was said before.

    `said`: bubbles already shown of `last_topic`, as "<facet>/<index>"; `said_before`: those of
    earlier topics, by id; `asks`: the facet that a question about a topic names; `ranking`: intents
    of the latest message with their probabilities, best first; `questions`: topic intents of a
    message that asks several things, in order; `only_country`: the message names a country and asks
    nothing else ("and in India?", "那印度呢"); `reading`: what `bot.policies.context` found of the
    message in the light of the last topic; `names_technique`: it names a technique or a bone;
    `mentioned`: what the person said they think of, now or earlier; `countries`: all that the
    message names, in order; `compares`: it names two techniques or two bones.
    """

    knowledge: Knowledge
    intent: str
    last_topic: Topic | None
    said: tuple[str, ...]
    country: str | None
    named_topic: Topic | None
    ranking: tuple[tuple[str, float], ...] = field(default=())
    questions: tuple[str, ...] = field(default=())
    only_country: bool = False
    reading: Mapping[str, Any] = field(default_factory=dict)
    names_technique: bool = False
    mentioned: Mentioned = field(default_factory=Mentioned)
    countries: tuple[str, ...] = ()
    compares: bool = False
    said_before: Mapping[str, list[str]] = field(default_factory=dict)
    asks: str = ""

    @classmethod
    def of(cls, tracker: Tracker, knowledge: Knowledge) -> Conversation:
        """Read a tracker; unknown ids from older conversations count as nothing."""
        message = tracker.latest_message
        entities: dict[str, Any] = {}
        for entity in message.get("entities") or []:
            entities.setdefault(entity.get("entity"), entity.get("value"))
        return cls(
            knowledge,
            str((message.get("intent") or {}).get("name") or ""),
            knowledge.topics.get(tracker.get_slot("last_topic") or ""),
            tuple(tracker.get_slot("said") or ()),
            entities.get("country"),
            knowledge.topics.get(str(entities.get("topic"))),
            tuple((r["name"], r["confidence"]) for r in message.get("intent_ranking") or []),
            tuple(message.get("questions") or ()),
            _only_country(message),
            tracker.get_slot("reading") or {},
            "technique" in entities or "segment" in entities,
            Mentioned.parse_obj(tracker.get_slot("mentioned") or {}),
            tuple(_values(message, "country")),
            any(len(_values(message, kind)) > 1 for kind in ("technique", "segment")),
            tracker.get_slot("said_before") or {},
            _asks(message.get("facet") or {}),
        )

    def topic_of_country(self, topic: Topic, code: str) -> Topic | None:
        """The topic that says what `topic` asks of a country: itself, or one of that country."""
        same_area = [t for t in self.knowledge.topics.values() if t.area == topic.area]
        own = next((t for t in same_area if t.country == code), None)
        others = (t for t in (topic, *same_area) if code in t.countries)
        return own or next(others, None)

    def topic_for_country(self) -> Topic | None:
        """The topic that goes on with another country: the last one, or its neighbour."""
        if self.last_topic is None or self.country is None:
            return None
        same_area = [t for t in self.knowledge.topics.values() if t.area == self.last_topic.area]
        own = next((t for t in same_area if t.country == self.country), None)
        if own or self.last_topic.countries:
            return own or self.last_topic
        known = (t for t in same_area if self.country in t.countries)
        any_country = (t for t in same_area if t.countries)
        return next(known, None) or next(any_country, self.last_topic)

    @property
    def asked_topic(self) -> Topic | None:
        """The topic that the intent asks, if it asks one."""
        return self.knowledge.by_intent.get(self.intent)

    @property
    def asked_topics(self) -> list[Topic]:
        """Every topic that the message asks, in order."""
        found = [self.knowledge.by_intent.get(name) for name in self.questions]
        return [topic for topic in found if topic]

    @property
    def topic_in_hand(self) -> Topic | None:
        """The topic a follow-up is about: one named in the message, else the last one."""
        if self.reading.get("leans"):
            return self.last_topic
        return self.named_topic or self.last_topic

    @property
    def leaning(self) -> float:
        """How much the message leans on the one before, from 0 to 1; 0 where nothing was rated."""
        return float(self.reading.get("leaning") or 0.0)

    def likely_topics(self, least: float) -> list[Topic]:
        """Return the topics of at least this probability, best first."""
        found = ((self.knowledge.by_intent.get(name), p) for name, p in self.ranking)
        return [topic for topic, p in found if topic and p >= least]

    @property
    def facet(self) -> str:
        """The facet that the message asks as a follow-up; empty where that is not clear."""
        guess = self.reading.get("facet") or {}
        if self.intent.startswith(FOLLOW_UP):
            facet, sure = self.intent[len(FOLLOW_UP) :], dict(self.ranking).get(self.intent, 1.0)
        else:
            facet, sure = str(guess.get("name") or ""), float(guess.get("confidence") or 0.0)
        clear = sure >= _LIKELY if self.reading.get("leans") else True
        # "and for swimmers?" has the form of a question about techniques, and names none.
        if facet == "technique" and not self.names_technique and sure < _TECHNIQUE:
            clear = False
        return facet if clear else ""

    def near(self, topic: Topic) -> tuple[str, int] | None:
        """Return the bubble of `topic` that is about what the message says, where one is.

        Only the last topic's bubbles have been compared with the message.
        """
        place, cosine = self.reading.get("near"), float(self.reading.get("cosine") or 0.0)
        if topic != self.last_topic or not place or cosine < _NEAR:
            return None
        facet, _, index = str(place).partition("/")
        return facet, int(index)


def _asks(guess: Mapping[str, Any]) -> str:
    sure = float(guess.get("confidence") or 0.0) >= _SURE
    return str(guess.get("name") or "") if sure else ""


def _values(message: Mapping[str, Any], kind: str) -> list[str]:
    found = (e for e in message.get("entities") or [] if e.get("entity") == kind)
    return list(dict.fromkeys(str(entity.get("value")) for entity in found))


def _only_country(message: Mapping[str, Any]) -> bool:
    text = str(message.get("text") or "")
    spans = [
        (int(entity["start"]), int(entity["end"]))
        for entity in message.get("entities") or []
        if entity.get("entity") == "country" and "start" in entity
    ]
    for start, end in sorted(spans, reverse=True):
        text = text[:start] + " " + text[end:]
    return bool(spans) and not _FILLERS.sub("", text.lower())
