"""Follow-ups on the last topic: one facet of it, more of it, or the answer once more."""

from __future__ import annotations

from actions.answer import answer
from actions.base import Reply, SafeAction
from actions.conversation import Conversation

_LIKELY = 0.1  # probability from which a topic is taken where there is none to follow up
# The least probability from which a topic is taken where the last one has nothing to say. The more
# a message leans on that one, the clearer it has to be: at least the cube of how much it leans.
_OF_ITS_OWN = 0.35
# Where a topic lacks the facet asked for, the one that answers nearly the same.
_NEXT_BEST = {
    "reversibility": ("treatment", "duration"),
    "treatment": ("action", "reversibility"),
    "action": ("treatment", "prevention"),
    "amount": ("frequency", "evidence"),
    "duration": ("reversibility",),
}


class AnswerFollowUp(SafeAction):
    """Answers `follow_up_<facet>` ("how common is that?", "能治好吗")."""

    ends_turn = True

    def name(self) -> str:
        """Return the action's name in `domain.yml`."""
        return "action_answer_follow_up"

    def reply(self, conversation: Conversation, reply: Reply) -> None:
        """Answer the facet of the topic in hand, or say what there is instead."""
        topic = conversation.topic_in_hand
        if topic is None:
            # Nothing to follow up: the message was a question of its own, put without a noun.
            likely = conversation.likely_topics(_LIKELY)
            if likely:
                answer(conversation, reply, likely[0])
            else:
                reply.say("utter_which_topic")
            return
        place = conversation.topic_for_country() if topic == conversation.last_topic else None
        if place and (place.countries or conversation.country == place.country):
            answer(conversation, reply, place)
            return
        wanted = conversation.facet
        for facet in (wanted, *_NEXT_BEST.get(wanted, ())):
            if facet and reply.show_unsaid(topic, facet):
                return
        near = conversation.near(topic)
        if near and reply.show_at(topic, *near):
            return
        likely = conversation.likely_topics(max(_OF_ITS_OWN, conversation.leaning**3))
        own = [one for one in likely if one != topic]
        if own:
            answer(conversation, reply, own[0])
            return
        said = reply.said_of(topic)
        known = any(place.startswith(f"{wanted}/") for place in said) if wanted else False
        offer = reply.offers(topic, said)
        reply.say("utter_said_all" if known else "utter_no_facet", topic=topic.id, offer=offer)
        reply.about(topic, said)


class TellMore(SafeAction):
    """Goes on about the last topic."""

    ends_turn = True

    def name(self) -> str:
        """Return the action's name in `domain.yml`."""
        return "action_tell_more"

    def reply(self, conversation: Conversation, reply: Reply) -> None:
        """Say the next bubble, or that this is all, with related topics."""
        topic = conversation.topic_in_hand
        if topic is None:
            reply.say("utter_which_topic")
        elif not reply.show_next(topic):
            reply.say("utter_no_more", topic=topic.id, choices=list(topic.related[:3]))
            reply.about(topic, reply.said_of(topic))


class RepeatAnswer(SafeAction):
    """Gives the last answer again, after a change of language."""

    def name(self) -> str:
        """Return the action's name in `domain.yml`."""
        return "action_repeat_answer"

    def reply(self, conversation: Conversation, reply: Reply) -> None:
        """Repeat the last topic's answer; without one, invite a question."""
        if conversation.last_topic is None:
            reply.say("utter_which_topic")
        else:
            reply.show(conversation.last_topic, "answer")
