"""Maps every topic intent to the one action that answers from the knowledge base.

One rule a topic would make training quadratic (measured in the design: 63 s at 1,000 rules).
"""

from __future__ import annotations

from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.shared.core.trackers import DialogueStateTracker

from bot.policies.base import FixedPolicy, slots_and_parse
from bot.state import is_topic_intent

ANSWER_TOPIC = "action_answer_topic"


@DefaultV1Recipe.register(
    DefaultV1Recipe.ComponentType.POLICY_WITHOUT_END_TO_END_SUPPORT, is_trainable=True
)
class TopicPolicy(FixedPolicy):
    """Answers `ask_<area>_<name>`."""

    def next_action(self, tracker: DialogueStateTracker) -> tuple[str | None, float]:
        """Return the answering action at the start of a turn that asks a topic."""
        if not self.at_start_of_turn(tracker):
            return None, 0.0
        _, parse = slots_and_parse(tracker)
        intent = (parse.get("intent") or {}).get("name")
        return (ANSWER_TOPIC, 1.0) if is_topic_intent(intent) else (None, 0.0)
