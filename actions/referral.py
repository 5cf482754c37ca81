"""Who to turn to about the last topic."""

from __future__ import annotations

from actions.base import Reply, SafeAction
from actions.conversation import Conversation

_DEFAULT = "referral.surgeon_checklist"
_BY_AREA = {
    "wellbeing": "referral.mental_health",
    "growth": "referral.endocrinology",
    "complication": "referral.after_surgery",
    "recovery": "referral.after_surgery",
    "emergency": "referral.after_surgery",
}
_OF_PEOPLE = ("wellbeing", "growth")


class Refer(SafeAction):
    """Names the kind of professional or person for the topic in hand."""

    ends_turn = True

    def name(self) -> str:
        """Return the action's name in `domain.yml`."""
        return "action_refer"

    def reply(self, conversation: Conversation, reply: Reply) -> None:
        """Answer with a related referral topic, else with that of the area."""
        topics, last = conversation.knowledge.topics, conversation.topic_in_hand
        wanted = [t for t in (last.related if last else ()) if t.startswith("referral.")]
        if last:
            of_area = _BY_AREA.get(last.area, _DEFAULT)
            # "Which department?" about a feeling or about growing is no question of surgeons.
            wanted.insert(0 if last.area in _OF_PEOPLE else len(wanted), of_area)
        topic = next((topics[t] for t in (*wanted, _DEFAULT) if t in topics), None)
        if topic is None or not reply.show(topic, "answer"):
            reply.say("utter_fallback")
