"""Sets the contract's slots at the start of each turn, in the Rasa process."""

from __future__ import annotations

from typing import Any

from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.shared.core.constants import ACTION_LISTEN_NAME
from rasa.shared.core.events import ActionExecuted, Event, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from bot.counsellors import presence
from bot.disclosure import DISCLOSE_AGAIN_SECONDS
from bot.policies.base import FixedPolicy, said_now, slots_and_parse
from bot.safety.runtime import load_regions
from bot.state import Place, next_state
from bot.storage.consent import is_stored
from bot.switches import SWITCHES

DISCLOSURE = "utter_disclosure"
# Replies that say themselves that this is a program.
_DISCLOSES = frozenset({"utter_greet", DISCLOSURE})
# Replies beside which a disclosure would be out of place (those in a crisis say it themselves
# where it matters); it comes with a later turn.
_NOT_NOW = ("utter_crisis", "utter_distress", "utter_ask_")

# Actions after which a rule may still have something to say.
_UNFINISHED = frozenset({"action_deactivate_loop", "utter_language_switched", "safety_plan_form"})


# The latest message and its slots: two policies ask for them, one after the other.
_latest: tuple[UserUttered | None, dict[str, Any]] = (None, {})


def turn_state(tracker: DialogueStateTracker) -> dict[str, Any]:
    """Return the slots of the turn that starts with the latest message."""
    global _latest
    message = tracker.latest_message
    if message is None or _latest[0] is not message:
        _latest = message, _turn_state(tracker)
    return _latest[1]


def _turn_state(tracker: DialogueStateTracker) -> dict[str, Any]:
    before, parse = slots_and_parse(tracker)
    message = tracker.latest_message
    text = (message.text or "") if message else ""
    metadata = (message.metadata or {}) if message else {}
    regions = load_regions()
    only = regions.only(text)
    return next_state(
        before,
        parse,
        text,
        Place(
            only or regions.find(text),
            bool(only),
            regions.stated(text) is not None,
            regions.begins(text),
        ),
        metadata,
        form=tracker.active_loop_name,
        presence=presence(stored=is_stored(tracker.sender_id))[0],
        off=frozenset(SWITCHES.off()),
    )


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
        """Return the slots of the turn at its start."""
        if not self.at_start_of_turn(tracker):
            return []
        slots = turn_state(tracker) | {"disclosed_at": _disclosed_at(tracker)}
        # An event for what has changed: each is stored, and replayed in every later turn.
        return [
            SlotSet(name, value) for name, value in slots.items() if value != tracker.get_slot(name)
        ]

    def next_action(self, tracker: DialogueStateTracker) -> tuple[str | None, float]:
        """Listen after an action; before listening, say what follows the reply, and disclose."""
        if self.at_start_of_turn(tracker) or tracker.latest_action_name is None:
            return None, 0.0
        if tracker.latest_action_name in _UNFINISHED:
            return ACTION_LISTEN_NAME, 0.35
        said = said_now(tracker)
        after = [words for words in tracker.get_slot("after") or () if words not in said]
        if after:
            return after[0], 1.05
        not_now = tracker.get_slot("risk_level") in ("crisis", "medical_emergency")
        not_now = not_now or any(name.startswith(_NOT_NOW) for name in said)
        if not not_now and not _has_disclosed(tracker):
            return DISCLOSURE, 1.05
        return ACTION_LISTEN_NAME, 0.35


def _has_disclosed(tracker: DialogueStateTracker) -> bool:
    """Return whether it was said in the last hours, also as the answer to "are you a person?"."""
    return _disclosed_at(tracker) >= _now(tracker) - DISCLOSE_AGAIN_SECONDS


def _disclosed_at(tracker: DialogueStateTracker) -> float:
    """Return when it was last said, 0 for never; a slot remembers it across Rasa's sessions."""
    for event in reversed(tracker.events):
        if isinstance(event, UserUttered) and event.intent_name == "ask_about_assistant":
            return float(event.timestamp)
        if isinstance(event, ActionExecuted) and event.action_name in _DISCLOSES:
            return float(event.timestamp)
    return float(tracker.get_slot("disclosed_at") or 0.0)


def _now(tracker: DialogueStateTracker) -> float:
    return float(tracker.latest_message.timestamp) if tracker.latest_message else 0.0
