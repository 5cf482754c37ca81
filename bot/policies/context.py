"""Reads a message that names nothing as a follow-up on the last topic."""

from __future__ import annotations

from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.shared.core.events import Event, SlotSet
from rasa.shared.core.trackers import DialogueStateTracker

from bot.context import leans_on, nearest
from bot.policies.base import FixedPolicy, slots_and_parse
from bot.state import ANSWER_FOLLOW_UP
from bot.words import load_words


@DefaultV1Recipe.register(
    DefaultV1Recipe.ComponentType.POLICY_WITHOUT_END_TO_END_SUPPORT, is_trainable=True
)
class ContextPolicy(FixedPolicy):
    """Sends a message that leans on the last topic to the follow-up action.

    At the start of every turn it sets the slot `reading`: `leans` (bool), `facet` (what is asked
    if it is a follow-up, with its share), `near` (the nearest bubble of the last topic) and its
    `cosine`; None where nothing was answered yet.
    """

    def next_action(self, tracker: DialogueStateTracker) -> tuple[str | None, float]:
        """Return the follow-up action at the start of a turn that leans on the last topic."""
        if not self.at_start_of_turn(tracker) or tracker.active_loop_name:
            return None, 0.0
        return (ANSWER_FOLLOW_UP, 1.0) if self._leans(tracker) else (None, 0.0)

    def turn_events(self, tracker: DialogueStateTracker) -> list[Event]:
        """Return the slot `reading` of this turn."""
        if not self.at_start_of_turn(tracker):
            return []
        return [SlotSet("reading", self._reading(tracker))]

    @staticmethod
    def _leans(tracker: DialogueStateTracker) -> bool:
        slots, parse = slots_and_parse(tracker)
        message = tracker.latest_message
        return leans_on(slots.get("last_topic"), parse, (message.text or "") if message else "")

    def _reading(self, tracker: DialogueStateTracker) -> dict[str, object] | None:
        slots, parse = slots_and_parse(tracker)
        knowledge = load_words().knowledge
        topic, text = slots.get("last_topic"), str(parse.get("text") or "")
        if topic not in knowledge.topics or text.startswith("/") or "leans" not in parse:
            return None
        near, cosine = nearest(knowledge, topic, text, slots.get("said") or ())
        return {
            "leans": self._leans(tracker),
            "leaning": round(float(parse["leans"]), 3),
            "facet": parse.get("facet"),
            "near": near,
            "cosine": round(cosine, 3),
        }
