"""Speaks fixed words in a crisis, an emergency or distress; needs no action server."""

from __future__ import annotations

from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.shared.core.trackers import DialogueStateTracker

from bot.policies.base import FixedPolicy, slots_and_parse
from bot.policies.turn_state import turn_state
from bot.state import FALLBACK_INTENTS

# In distress a question is answered first; these ask none.
_HURTING = FALLBACK_INTENTS | {"report_distress", "report_crisis"}


@DefaultV1Recipe.register(
    DefaultV1Recipe.ComponentType.POLICY_WITHOUT_END_TO_END_SUPPORT, is_trainable=True
)
class SafetyPolicy(FixedPolicy):
    """Goes before every other policy, open forms included, where the message carries risk."""

    overrules = True

    def next_action(self, tracker: DialogueStateTracker) -> tuple[str | None, float]:
        """Return the fixed words for the risk of the latest message, or abstain."""
        if not self.at_start_of_turn(tracker):
            return None, 0.0
        before, parse = slots_and_parse(tracker)
        risk = parse.get("risk") or {}
        level = turn_state(tracker)["risk_level"]
        intent = (parse.get("intent") or {}).get("name")
        denies = risk.get("denied") or intent in ("no_risk_denial", "deny")
        words = None
        if level == "crisis":
            if risk.get("level") != "crisis":
                words = "utter_crisis_again"
            else:
                words = "utter_crisis_other" if risk.get("subject") == "other" else "utter_crisis"
        elif level == "medical_emergency":
            words = "utter_medical_emergency"
        elif before.get("risk_level") == "crisis" and denies:
            words = "utter_crisis_safe"
        elif level == "distress" and intent in _HURTING:
            words = "utter_distress"
        return (words, 1.1) if words else (None, 0.0)
