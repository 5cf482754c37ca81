"""Rasa's rule policy, looking back no further than our rules reach."""

from __future__ import annotations

import json
from typing import Any

from rasa.core.policies.rule_policy import RULES, RulePolicy
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.shared.core.constants import USER
from rasa.shared.core.domain import Domain, State
from rasa.shared.core.trackers import DialogueStateTracker

from bot.policies.base import recent


@DefaultV1Recipe.register(
    DefaultV1Recipe.ComponentType.POLICY_WITHOUT_END_TO_END_SUPPORT, is_trainable=True
)
class RecentRulePolicy(RulePolicy):
    """Reads the latest actions of a conversation, and those only where a rule may be meant.

    Rasa's own replays the whole session twice a prediction, once for rules on the text of a
    message (we have none), whatever was said.
    """

    _intents: frozenset[str] | None = None

    def _find_action_from_rules(
        self, tracker: DialogueStateTracker, domain: Domain, use_text_for_last_user_input: bool
    ) -> tuple[str | None, str | None, bool]:
        message = tracker.latest_message
        if use_text_for_last_user_input:
            return None, None, False
        intent = message.intent_name if message else None
        if intent and tracker.active_loop_name is None and intent not in self._intents_of_rules():
            return None, None, False
        return super()._find_action_from_rules(tracker, domain, use_text_for_last_user_input)

    def _intents_of_rules(self) -> frozenset[str]:
        """Return the intents of all rules, from the states that the policy has learnt."""
        if self._intents is None:
            states = (state for key in self.lookup.get(RULES, ()) for state in json.loads(key))
            self._intents = frozenset(
                str(state[USER]["intent"]) for state in states if "intent" in state.get(USER, {})
            )
        return self._intents

    def _prediction_states(
        self, tracker: DialogueStateTracker, *args: Any, **kwargs: Any
    ) -> list[State]:
        return super()._prediction_states(recent(tracker), *args, **kwargs)
