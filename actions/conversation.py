"""What an action needs to know of the conversation, read once from Rasa's tracker."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from rasa_sdk import Tracker

from actions.knowledge import Knowledge, Topic

FOLLOW_UP = "follow_up_"


@dataclass(frozen=True)
class Conversation:
    """The latest message and what was said before.

    `said`: bubbles already shown of `last_topic`, as "<facet>/<index>"; `ranking`: intents of the
    latest message with their probabilities, best first.
    """

    knowledge: Knowledge
    intent: str
    last_topic: Topic | None
    said: tuple[str, ...]
    country: str | None
    named_topic: Topic | None
    ranking: tuple[tuple[str, float], ...] = field(default=())

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
        )

    @property
    def asked_topic(self) -> Topic | None:
        """The topic that the intent asks, if it asks one."""
        return self.knowledge.by_intent.get(self.intent)

    @property
    def topic_in_hand(self) -> Topic | None:
        """The topic a follow-up is about: one named in the message, else the last one."""
        return self.named_topic or self.last_topic

    def likely_topics(self, least: float) -> list[Topic]:
        """Return the topics of at least this probability, best first."""
        found = ((self.knowledge.by_intent.get(name), p) for name, p in self.ranking)
        return [topic for topic, p in found if topic and p >= least]

    @property
    def facet(self) -> str:
        """The facet that a follow-up intent asks."""
        return self.intent[len(FOLLOW_UP) :] if self.intent.startswith(FOLLOW_UP) else ""
