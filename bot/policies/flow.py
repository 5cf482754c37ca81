"""The story policy: multi-turn flows (question, follow-up, more, sources, referral)."""

from __future__ import annotations

from typing import Any

from rasa.core.policies.memoization import AugmentedMemoizationPolicy
from rasa.core.policies.policy import PolicyPrediction
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.shared.core.constants import ACTION_LISTEN_NAME
from rasa.shared.core.domain import Domain, State
from rasa.shared.core.events import ActionExecuted
from rasa.shared.core.trackers import DialogueStateTracker

from bot.policies.base import recent
from bot.policies.turn_state import DISCLOSURE
from bot.state import is_topic_intent

_ANY_TOPIC = "ask_topic"
_ANY_FACET = "follow_up"


@DefaultV1Recipe.register(
    DefaultV1Recipe.ComponentType.POLICY_WITHOUT_END_TO_END_SUPPORT, is_trainable=True
)
class FlowPolicy(AugmentedMemoizationPolicy):
    """Rasa's augmented memoization, blind to what must not matter to a flow.

    A story written with one topic and one kind of follow-up holds for all of them; names found in
    the text and the one-time disclosure leave no trace.
    """

    def predict_action_probabilities(
        self,
        tracker: DialogueStateTracker,
        domain: Domain,
        rule_only_data: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> PolicyPrediction:
        """Predict at the start of a turn; after an action abstain, which leads to listening.

        Flows of ours have one action a turn, and looking back costs a fifth of a turn. Besides,
        Rasa hides the turns of rules from story policies: right after a rule's action the states
        seen here would end with an older turn, and its action would be done once more.
        """
        message = tracker.latest_message
        if message and is_topic_intent(message.intent_name):  # always answered, by TopicPolicy
            return self._prediction(self._default_predictions(domain))
        last = tracker.get_last_event_for(ActionExecuted)
        if last is None or last.action_name == ACTION_LISTEN_NAME:
            near = recent(tracker)
            return super().predict_action_probabilities(near, domain, rule_only_data, **kwargs)
        return self._prediction(self._default_predictions(domain))

    def recall(
        self,
        states: list[State],
        tracker: DialogueStateTracker,
        domain: Domain,
        rule_only_data: dict[str, Any] | None,
    ) -> str | None:
        """Return the action of the longest stretch of the latest states that a story has.

        A stretch may be the beginning of a story, before which nothing but a slot was set. Rasa's
        own way back replays the conversation once a step and forgets slots set before.
        """
        for start in range(len(states)):
            stretch = states[start:]
            before = {key: value for key, value in states[start].items() if key == "slots"}
            for candidate in (stretch, [before, *stretch], [{}, *stretch]):
                action = self._recall_states(candidate)
                if action is not None:
                    return str(action)
        return None

    def _create_feature_key(self, states: list[State]) -> str | None:
        kept = [_canonical(state) for state in states]
        return super()._create_feature_key([state for state in kept if state is not None])


def _canonical(state: State) -> State | None:
    """Return the state with intents generalised, or None where it is to be skipped."""
    if (state.get("prev_action") or {}).get("action_name") == DISCLOSURE:
        return None
    result: dict[str, Any] = {key: dict(value) for key, value in state.items()}
    user = result.get("user")
    if user:
        user.pop("entities", None)
        intent = str(user.get("intent"))
        if is_topic_intent(intent):
            user["intent"] = _ANY_TOPIC
        elif intent.startswith("follow_up_"):
            user["intent"] = _ANY_FACET
    return result
