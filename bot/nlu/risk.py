"""The safety assessor inside the graph; the channel base calls the same library beforehand."""

from __future__ import annotations

from typing import Any

from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message

from bot.nlu.classifier import RANKING
from bot.nlu.component import MessageAnnotator
from bot.safety.combine import combine
from bot.safety.runtime import load_assessor

RISK = "risk"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=False)
class RiskAssessor(MessageAnnotator):
    """Sets `risk` in the parse result: level, rules, subject, denied.

    Patterns and the classifier's safety intents are joined by `bot.safety.combine`.
    """

    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__(config)
        self._assessor = load_assessor()

    def annotate(self, message: Message) -> None:
        """Assess one message; a button's payload carries no risk."""
        text = message.get(TEXT)
        if text.startswith("/"):
            return
        ranking = {r["name"]: r["confidence"] for r in message.get(RANKING) or []}
        message.set(RISK, combine(self._assessor.assess(text), ranking), add_to_output=True)
