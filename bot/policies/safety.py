"""Speaks fixed words in a crisis, an emergency or distress; needs no action server."""

from __future__ import annotations

from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.shared.core.trackers import DialogueStateTracker

from bot.policies.base import FixedPolicy, said_now, slots_and_parse
from bot.policies.turn_state import turn_state
from bot.state import FALLBACK_INTENTS

# In distress a question is answered first; these ask none.
_HURTING = FALLBACK_INTENTS | {"report_distress", "report_crisis", "report_medical_emergency"}


@DefaultV1Recipe.register(
    DefaultV1Recipe.ComponentType.POLICY_WITHOUT_END_TO_END_SUPPORT, is_trainable=True
)
class SafetyPolicy(FixedPolicy):
    """Goes before every other policy, open forms included, where the message carries risk.

    The words of a turn are the slot `plan`, worked out by `bot.safety.protocol`; they are said one
    after another, each once.
    """

    overrules = True

    def next_action(self, tracker: DialogueStateTracker) -> tuple[str | None, float]:
        """Return the next fixed words of the turn, or abstain."""
        if self.at_start_of_turn(tracker):
            state = turn_state(tracker)
            plan = state["plan"]
            _, parse = slots_and_parse(tracker)
            intent = (parse.get("intent") or {}).get("name")
            if not plan and state["risk_level"] == "distress" and intent in _HURTING:
                return "utter_distress", 1.1
            return (plan[0], 1.1) if plan else (None, 0.0)
        said = said_now(tracker)
        plan = tracker.get_slot("plan") or []
        if not plan or plan[0] not in said:
            return None, 0.0
        left = [words for words in plan if words not in said]
        return (left[0], 1.1) if left else (None, 0.0)
