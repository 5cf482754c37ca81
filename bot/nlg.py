"""Rasa's natural language generator: renders vetted words in the Rasa process.

`endpoints.yml`: `nlg: {type: bot.nlg.VettedGenerator}`. It can see the time, which conditional
responses cannot, and it speaks while the action server is dead.
"""

from __future__ import annotations

import logging
from typing import Any

from rasa.core.nlg.generator import NaturalLanguageGenerator
from rasa.shared.core.domain import Domain
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.endpoints import EndpointConfig

from actions.knowledge.schema import Language
from bot.counsellors import presence
from bot.state import TONGUE_WORDS
from bot.words import PLAN_STEPS, SAFETY_PLAN_WORDS, WordsError, features_off, load_words

logger = logging.getLogger(__name__)


class VettedGenerator(NaturalLanguageGenerator):
    """Renders `utter_*` and `kb_*` in the conversation's language."""

    def __init__(self, endpoint_config: EndpointConfig, domain: Domain) -> None:
        self._words = load_words()

    async def generate(
        self,
        utter_action: str,
        tracker: DialogueStateTracker,
        output_channel: str,
        **kwargs: Any,
    ) -> dict[str, Any] | None:
        """Return the message, or None where the template or its values are unknown.

        None leads to an empty turn, which the channel fills with fixed words.
        """
        language: Language = "zh" if tracker.get_slot("language") == "zh" else "en"
        values = dict(kwargs.get("values") or {}) | features_off()
        if self._words.needs_lines(utter_action):
            values |= self._words.safety_values(tracker.get_slot("region"), language)
        if utter_action == SAFETY_PLAN_WORDS:
            answers = {step: tracker.get_slot(f"plan_{step}") for step in PLAN_STEPS}
            values["own"] = {step: text.strip() for step, text in answers.items() if text}
        if utter_action == TONGUE_WORDS and tracker.latest_message:
            values["tongue"] = (tracker.latest_message.parse_data or {}).get("tongue")
        if utter_action.startswith("utter_human_"):
            values["minutes"] = presence()[1]
        try:
            return self._words.render(utter_action, values, language)
        except WordsError:
            logger.exception("no such words")
            return None
