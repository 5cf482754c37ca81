"""Base of the policies that follow fixed logic and have nothing to learn."""

from __future__ import annotations

import itertools
from typing import Any, cast

from rasa.core.constants import POLICY_PRIORITY
from rasa.core.policies.policy import Policy, PolicyPrediction
from rasa.engine.graph import ExecutionContext
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.core.constants import ACTION_LISTEN_NAME
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, ActiveLoop, Event, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

# Rasa's signatures ask for the concrete list type of its training trackers.
from rasa.shared.core.generator import TrackerWithCachedStates  # isort: skip


class FixedPolicy(Policy):
    """Predicts by `next_action`; trains to nothing. Its rank is `priority` in `config.yml`."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Return the default options."""
        return {POLICY_PRIORITY: 1}

    def __init__(
        self,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        featurizer: Any = None,
    ) -> None:
        super().__init__(config, model_storage, resource, execution_context, featurizer)

    def _create_featurizer(self) -> None:  # type: ignore[override]
        return None

    def train(
        self,
        training_trackers: list[TrackerWithCachedStates],
        domain: Domain,
        **kwargs: Any,
    ) -> Resource:
        """Learn nothing."""
        return self._resource

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> FixedPolicy:
        """Load nothing."""
        return cls(config, model_storage, resource, execution_context)

    def predict_action_probabilities(
        self,
        tracker: DialogueStateTracker,
        domain: Domain,
        rule_only_data: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> PolicyPrediction:
        """Predict the action named by `next_action` with its confidence, or abstain."""
        probabilities = self._default_predictions(domain)
        action, confidence = self.next_action(tracker)
        if action and action in domain.action_names_or_texts:
            probabilities[domain.index_for_action(action)] = confidence
        return self._prediction(
            probabilities,
            events=self.turn_events(tracker),
            is_no_user_prediction=self.overrules and action is not None,
        )

    # Whether a prediction of this policy goes before that of any form that is open.
    overrules = False

    def next_action(self, tracker: DialogueStateTracker) -> tuple[str | None, float]:
        """Return (action name, confidence); (None, 0) abstains."""
        raise NotImplementedError

    def turn_events(self, tracker: DialogueStateTracker) -> list[Event]:
        """Return events that hold whichever policy wins; none by default."""
        return []

    @staticmethod
    def at_start_of_turn(tracker: DialogueStateTracker) -> bool:
        """Return whether the next action is the first after a message."""
        return tracker.latest_action_name == ACTION_LISTEN_NAME and bool(tracker.latest_message)


def slots_and_parse(tracker: DialogueStateTracker) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the current slot values and the parse result of the latest message."""
    message = tracker.latest_message
    parse = dict(message.parse_data or {}) if message else {}
    if message:
        parse["intent"] = message.intent
    return tracker.current_slot_values(), parse


def said_now(tracker: DialogueStateTracker) -> set[str]:
    """Return the actions since the latest message."""
    back = itertools.takewhile(lambda e: not isinstance(e, UserUttered), reversed(tracker.events))
    return {e.action_name for e in back if isinstance(e, ActionExecuted) and e.action_name}


RECENT_ACTIONS = 10  # more than the longest rule has, and than a flow looks back
# The conversation asked for last, its number of events and its recent part: two policies ask.
_recent: tuple[Any, int, Any] = (None, 0, None)


def recent(tracker: DialogueStateTracker) -> DialogueStateTracker:
    """Return the conversation as if begun `RECENT_ACTIONS` actions ago, with the slots of then.

    Rasa's policies replay a session from its beginning for each prediction. Where a form was open,
    the conversation is returned as it is. Ours have no undone or restarted turns. The result is
    shared and not to be changed.
    """
    global _recent
    known, length, found = _recent
    if known is not tracker or length != len(tracker.events) or found is None:
        found = _cut(tracker)
        _recent = tracker, len(tracker.events), found
    return cast(DialogueStateTracker, found)


def _cut(tracker: DialogueStateTracker) -> DialogueStateTracker:
    events = list(tracker.events)
    starts = [i for i, event in enumerate(events) if isinstance(event, ActionExecuted)]
    if len(starts) <= RECENT_ACTIONS or any(isinstance(event, ActiveLoop) for event in events):
        return tracker
    start = starts[-RECENT_ACTIONS]
    slots = {event.key: event.value for event in events[:start] if isinstance(event, SlotSet)}
    cut = tracker.init_copy()
    for name, value in slots.items():
        cut.update(SlotSet(name, value))
    for event in events[start:]:
        cut.update(event)
    return cut
