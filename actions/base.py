"""Base of all custom actions: nobody is met by silence, and only vetted words go out.

An action never sends text. It names a template and typed values; the generator in the Rasa
process renders them (`bot.nlg`) and the channel renders them again to check (`bot.channels`).
"""

from __future__ import annotations

import abc
import functools
import logging
import time
from collections.abc import Sequence
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.conversation import Conversation
from actions.knowledge import Knowledge, Topic, load_knowledge
from actions.knowledge.schema import FACETS
from bot.disclosure import DISCLOSE_AGAIN_SECONDS
from bot.switches import SWITCHES

logger = logging.getLogger(__name__)
ACTION_LISTEN_NAME = "action_listen"
_REMEMBERED = 30  # topics of which it is known what was said
MAX_CHOICES = 4  # topics offered as buttons below what was said
MAX_OFFERS = 2  # facets offered as buttons below an answer


@functools.lru_cache(maxsize=1)
def knowledge_base() -> Knowledge:
    """Return the knowledge base, loaded once a process."""
    return load_knowledge()


class Reply:
    """Collects what an action says, as templates with typed values, and the slots it sets."""

    def __init__(self, conversation: Conversation, dispatcher: CollectingDispatcher) -> None:
        self.conversation = conversation
        self._dispatcher = dispatcher
        self.events: list[EventType] = []
        self._shown: str | None = None  # topic of the events
        self._said = {key: list(said) for key, said in conversation.said_before.items()}
        if conversation.last_topic is not None:
            self._said[conversation.last_topic.id] = list(conversation.said)

    def say(self, template: str, **values: Any) -> None:
        """Say a template of `domain.yml` or `kb_*`; `values` are ids and numbers, never text."""
        self._dispatcher.utter_message(response=template, values=values)

    def offer_topics(self, topics: Sequence[Topic]) -> None:
        """Put buttons for `topics` below what was said last, in place of its own offers."""
        values = self._dispatcher.messages[-1]["values"]
        if "offer" in values:
            values["offer"] = []
        values["choices"] = [topic.id for topic in topics[:MAX_CHOICES]]

    def about(self, topic: Topic, said: tuple[str, ...]) -> None:
        """Confirm the topic that this reply answers, and what has been shown of it."""
        self._shown = topic.id
        self._said[topic.id] = list(said)
        self.events = [
            SlotSet("topic", topic.id),
            SlotSet("topics", [topic.id]),
            SlotSet("last_topic", topic.id),
            SlotSet("said", list(said)),
        ]
        others = [(key, of_it) for key, of_it in self._said.items() if key != topic.id]
        earlier = dict(others[-_REMEMBERED:])
        # Rasa checks each event of an action against its schemas: none that changes nothing.
        if earlier != self.conversation.said_before:
            self.events.append(SlotSet("said_before", earlier))

    def show(self, topic: Topic, facet: str, bubbles: int = 3) -> bool:
        """Say the bubbles of one facet; return False where the topic has none."""
        if self._switched_off(topic):
            return True
        places = self._in_order(topic, facet)[:bubbles]
        said = self.said_of(topic)
        for index in places:
            said = self._show_bubble(topic, facet, index, said, last=index == places[-1])
        if places:
            self.about(topic, said)
        return bool(places)

    def show_fitting(self, topic: Topic) -> bool:
        """Say first what fits the technique, bone or amount that was mentioned, where there is it.

        One bubble, not said yet, of any facet; return whether one was said.
        """
        known, mentioned = self.conversation.knowledge, self.conversation.mentioned
        said = self.said_of(topic)
        for facet in topic.facets:
            for index, rank in known.in_order(topic, facet, mentioned)[:1]:
                if rank > 0 and f"{facet}/{index}" not in said:
                    self.about(topic, self._show_bubble(topic, facet, index, said, last=False))
                    return True
        return False

    def _in_order(self, topic: Topic, facet: str) -> list[int]:
        """Return the bubbles of a facet, those that fit first; misfits only where all are."""
        ordered = self.conversation.knowledge.in_order(topic, facet, self.conversation.mentioned)
        fitting = [index for index, rank in ordered if rank >= 0]
        return fitting or [index for index, _ in ordered]

    def show_unsaid(self, topic: Topic, facet: str) -> bool:
        """Say the bubbles of a facet that were not said yet; return False where there is none."""
        if self._switched_off(topic):
            return True
        said = self.said_of(topic)
        places = self._in_order(topic, facet)
        left = [index for index in places if f"{facet}/{index}" not in said]
        for index in left:
            said = self._show_bubble(topic, facet, index, said, last=index == left[-1])
        if left:
            self.about(topic, said)
        return bool(left)

    def show_at(self, topic: Topic, facet: str, index: int) -> bool:
        """Say one bubble, if it was not said yet; return whether it was said now."""
        if self._switched_off(topic):
            return True
        said = self.said_of(topic)
        if f"{facet}/{index}" in said:
            return False
        self.about(topic, self._show_bubble(topic, facet, index, said, last=True))
        return True

    def show_next(self, topic: Topic) -> bool:
        """Say the first bubble of the topic not shown yet; return False where all were shown."""
        if self._switched_off(topic):
            return True
        known, mentioned = self.conversation.knowledge, self.conversation.mentioned
        said = self.said_of(topic)
        left = [
            (rank, facet, index)
            for facet in ("answer", "more", *FACETS)
            for index, rank in known.in_order(topic, facet, mentioned)
            if f"{facet}/{index}" not in said
        ]
        # What does not fit this person comes when all else is said.
        for _, facet, index in sorted(left, key=lambda one: one[0] < 0)[:1]:
            self.about(topic, self._show_bubble(topic, facet, index, said, last=True))
            return True
        return False

    def _switched_off(self, topic: Topic) -> bool:
        """Say so where the operator has switched the topic off; it counts as not answered."""
        off = SWITCHES.is_off(f"topic:{topic.id}")
        if off:
            self.say("utter_switched_off_topic")
        return off

    def said_of(self, topic: Topic) -> tuple[str, ...]:
        """Return what was shown of `topic` so far in this conversation."""
        return tuple(self._said.get(topic.id, ()))

    def offers(self, topic: Topic, said: tuple[str, ...]) -> list[str]:
        """Return the facets to offer next: those not shown yet, in the order of the topic file."""
        shown = {place.partition("/")[0] for place in said}
        return [facet for facet in topic.facets if facet not in shown][:MAX_OFFERS]

    def _show_bubble(
        self, topic: Topic, facet: str, index: int, said: tuple[str, ...], last: bool
    ) -> tuple[str, ...]:
        said = (*said, f"{facet}/{index}")
        values: dict[str, Any] = {"topic": topic.id, "facet": facet, "index": index}
        if last:
            values["offer"] = self.offers(topic, said)
        self.say("kb_claims", **values)
        return said


class SafeAction(Action, abc.ABC):
    """Catches whatever goes wrong, logs it without the person's words, and says something kind."""

    # Whether nothing can follow in a turn but listening, so that no policy need be asked again (a
    # quarter of a turn). False for actions of rules: Rasa hides a rule's turn as a whole.
    ends_turn = False

    @abc.abstractmethod
    def name(self) -> str:
        """Return the action's name in `domain.yml`."""

    @abc.abstractmethod
    def reply(self, conversation: Conversation, reply: Reply) -> None:
        """Fill `reply`."""

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Run the action; on any error take back what was said and apologise."""
        try:
            conversation = Conversation.of(tracker, knowledge_base())
            reply = Reply(conversation, dispatcher)
            self.reply(conversation, reply)
        except Exception:
            logger.exception("action %s failed", self.name())
            dispatcher.messages.clear()
            dispatcher.utter_message(response="utter_error", values={})
            return []
        if not dispatcher.messages:
            logger.error("action %s said nothing", self.name())
            dispatcher.utter_message(response="utter_error", values={})
        if self.ends_turn and nothing_follows(tracker):
            return [*reply.events, FollowupAction(ACTION_LISTEN_NAME)]
        return reply.events


def nothing_follows(tracker: Tracker) -> bool:
    """Return whether no form is open, no words wait, and the disclosure is not due."""
    disclosed = float(tracker.get_slot("disclosed_at") or 0.0)
    waiting = tracker.get_slot("plan") or tracker.get_slot("after")
    fresh = time.time() < disclosed + DISCLOSE_AGAIN_SECONDS
    return fresh and not waiting and not (tracker.active_loop or {}).get("name")
