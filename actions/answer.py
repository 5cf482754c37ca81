"""Answers a topic: the question flow."""

from __future__ import annotations

from dataclasses import replace

from rasa_sdk.events import SlotSet

from actions.base import Reply, SafeAction
from actions.conversation import Conversation
from actions.knowledge import Topic

# Facets of a complication that a question may ask first ("how common is ...", "能治好吗").
_ASKED_FIRST = frozenset(
    ("frequency", "signs", "reversibility", "treatment", "action", "duration", "technique")
)

_AT_ONCE = 3  # topics answered in one turn


def answer(conversation: Conversation, reply: Reply, topic: Topic) -> None:
    """Answer `topic`; with a country named, what is known of it there.

    Asked again, it goes on with what was not said yet instead of repeating itself.
    """
    if len(conversation.countries) > 1 and (topic.countries or topic.country):
        # Each country for itself, in the order asked; never ranked.
        for code in conversation.countries:
            place = conversation.topic_of_country(topic, code)
            facet = f"country:{code}" if place and code in place.countries else "answer"
            if place is None or not reply.show(place, facet):
                reply.say("utter_sources_none_country", country=code, topic=topic.id)
        reply.about(topic, reply.said_of(topic))
        return
    elsewhere = conversation.country if conversation.country != topic.country else None
    if elsewhere and (topic.countries or conversation.only_country):
        if reply.show(topic, f"country:{elsewhere}"):
            return
        reply.say("utter_sources_none_country", country=elsewhere, topic=topic.id)
        reply.about(topic, reply.said_of(topic))
        if not reply.said_of(topic):  # what holds everywhere
            reply.show(topic, "answer")
        return
    if not reply.said_of(topic):
        if conversation.compares and reply.show_unsaid(topic, "technique"):
            return
        asked = conversation.asks if topic.area == "complication" else ""
        if asked in _ASKED_FIRST and reply.show(topic, asked, bubbles=2):
            return
        reply.show_fitting(topic)
        reply.show(topic, "answer")
        return
    near = conversation.near(topic)
    if near and reply.show_at(topic, *near):
        return
    if not reply.show_next(topic):
        offer = list(topic.related[:3])
        reply.say("utter_no_more", topic=topic.id, choices=offer)
        reply.about(topic, reply.said_of(topic))


def answer_all(conversation: Conversation, reply: Reply, topics: list[Topic]) -> None:
    """Answer the first topics in the order in which they were asked, and offer the others.

    What side of a topic the message asks is known of the whole only, so each gets its answer.
    """
    alone = replace(conversation, asks="")
    now, later = topics[:_AT_ONCE], topics[_AT_ONCE:]
    for topic in now:
        answer(alone, reply, topic)
    if later:
        reply.offer_topics(later)
    reply.events += [SlotSet("topic", now[0].id), SlotSet("topics", [t.id for t in now])]


class AnswerTopic(SafeAction):
    """Answers the topic of an `ask_<area>_<name>` intent."""

    ends_turn = True

    def name(self) -> str:
        """Return the action's name in `domain.yml`."""
        return "action_answer_topic"

    def reply(self, conversation: Conversation, reply: Reply) -> None:
        """Answer, or say that this topic is not written yet."""
        topic = conversation.asked_topic
        if conversation.only_country:
            topic = conversation.topic_for_country() or topic
        several = conversation.asked_topics
        if len(several) > 1:
            answer_all(conversation, reply, several)
        elif topic:
            answer(conversation, reply, topic)
        else:
            reply.say("utter_not_yet")
