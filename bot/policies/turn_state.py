"""Sets the contract's slots at the start of each turn, in the Rasa process."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.shared.core.constants import ACTION_LISTEN_NAME
from rasa.shared.core.events import ActionExecuted, Event, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from bot.policies.base import FixedPolicy, slots_and_parse
from bot.safety.runtime import load_regions
from bot.state import next_state

DISCLOSURE = "utter_disclosure"
# Replies that say themselves that this is a program.
_DISCLOSES = frozenset({"utter_greet", DISCLOSURE})
# Replies beside which a disclosure would be out of place; it comes with a later turn.
_NOT_NOW = frozenset(
    {
        "utter_crisis",
        "utter_crisis_other",
        "utter_crisis_again",
        "utter_medical_emergency",
        "utter_distress",
    }
)


def turn_state(tracker: DialogueStateTracker) -> dict[str, object]:
    """Return the contract slots of the turn that starts with the latest message."""
    before, parse = slots_and_parse(tracker)
    message = tracker.latest_message
    text = (message.text or "") if message else ""
    metadata = (message.metadata or {}) if message else {}
    return next_state(before, parse, text, load_regions().find(text), metadata)


@DefaultV1Recipe.register(
    DefaultV1Recipe.ComponentType.POLICY_WITHOUT_END_TO_END_SUPPORT, is_trainable=True
)
class TurnStatePolicy(FixedPolicy):
    """Adds slot events to every first prediction; says once that this is a program.

    The events are a prediction's mandatory `events`, Rasa's own way for a policy to change the
    tracker whichever policy wins. After any action it predicts to listen, with a confidence that
    every other policy exceeds, so that no turn can run in circles.
    """

    def turn_events(self, tracker: DialogueStateTracker) -> list[Event]:
        """Return the contract's slots at the start of a turn."""
        if not self.at_start_of_turn(tracker):
            return []
        events: list[Event] = [SlotSet(name, value) for name, value in turn_state(tracker).items()]
        if not tracker.get_slot("disclosed") and _has_disclosed(tracker):
            events.append(SlotSet("disclosed", True))
        return events

    def next_action(self, tracker: DialogueStateTracker) -> tuple[str | None, float]:
        """Listen after an action; before the first listening, disclose."""
        if self.at_start_of_turn(tracker) or tracker.latest_action_name is None:
            return None, 0.0
        disclosed = tracker.get_slot("disclosed") or _has_disclosed(tracker)
        if not disclosed and not _said_now(tracker) & _NOT_NOW:
            return DISCLOSURE, 1.05
        return ACTION_LISTEN_NAME, 0.35


def _has_disclosed(tracker: DialogueStateTracker) -> bool:
    """Return whether it was said, also as the answer to "are you a person?"."""
    asked = any(
        isinstance(e, UserUttered) and e.intent_name == "ask_about_assistant"
        for e in tracker.events
    )
    return asked or bool(_executed(tracker.events) & _DISCLOSES)


def _executed(events: Iterable[Event]) -> set[str]:
    return {e.action_name for e in events if isinstance(e, ActionExecuted) and e.action_name}


def _said_now(tracker: DialogueStateTracker) -> set[str]:
    """Return the actions since the latest message."""
    back = itertools.takewhile(lambda e: not isinstance(e, UserUttered), reversed(tracker.events))
    return _executed(back)
