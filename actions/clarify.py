"""When the message was not understood: ask which of two or three it is, or say so."""

from __future__ import annotations

from rasa_sdk.events import SlotSet

from actions.answer import answer
from actions.base import Reply, SafeAction
from actions.conversation import Conversation

_LIKELY = 0.08  # calibrated probability from which a topic is worth offering
_MOST = 3


class Clarify(SafeAction):
    """Narrows down: "did you mean ..." with the likely topics as buttons."""

    def name(self) -> str:
        """Return the action's name in `domain.yml`."""
        return "action_clarify"

    def reply(self, conversation: Conversation, reply: Reply) -> None:
        """Offer likely topics; "and in Turkey?" goes on with a topic that knows countries."""
        topic = conversation.topic_for_country()
        if topic and (topic.countries or topic.country):
            answer(conversation, reply, topic)
            reply.events.append(SlotSet("fallback", False))
            return
        named = [conversation.named_topic] if conversation.named_topic else []
        likely = [topic.id for topic in (*named, *conversation.likely_topics(_LIKELY))]
        if likely:
            reply.say("utter_did_you_mean", choices=list(dict.fromkeys(likely))[:_MOST])
        else:
            reply.say("utter_fallback")
