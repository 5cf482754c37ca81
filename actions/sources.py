"""Sources on request."""

from __future__ import annotations

from actions.base import Reply, SafeAction
from actions.conversation import Conversation


class ShowSources(SafeAction):
    """Names the sources of what was said last."""

    ends_turn = True

    def name(self) -> str:
        """Return the action's name in `domain.yml`."""
        return "action_show_sources"

    def reply(self, conversation: Conversation, reply: Reply) -> None:
        """List the sources of all bubbles shown of the topic in hand."""
        topic = conversation.topic_in_hand
        if topic is None:
            reply.say("utter_no_sources")
            return
        said = reply.said_of(topic) or ("answer/0",)
        bubbles = []
        for place in said:
            facet, _, index = place.partition("/")
            packed = conversation.knowledge.bubbles(topic, facet)
            if int(index) < len(packed):
                bubbles.append((place, packed[int(index)]))
        places = [place for place, claims in bubbles if any(c.sources for c in claims)]
        if places:
            reply.say("kb_sources", topic=topic.id, places=places)
        else:
            reply.say("utter_no_sources")
        reply.about(topic, said)
