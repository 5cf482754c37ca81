"""The safety assessor inside the graph; the channel base calls the same library beforehand."""

from __future__ import annotations

from typing import Any

from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.nlu.component import MessageAnnotator
from bot.safety.model import relieve
from bot.safety.runtime import load_risk

RISK = "risk"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=False)
class RiskAssessor(MessageAnnotator):
    """Sets `risk` in the parse result: the fields of `bot.safety.model.Risk`.

    Comes after the intent classifier: a clear question lifts a mere doubt.
    """

    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__(config)
        self._model = load_risk()

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Leave training examples alone: nothing learns from their risk."""
        return training_data

    def annotate(self, message: Message) -> None:
        """Assess one message; a button's payload carries no risk."""
        text = message.get(TEXT)
        if text.startswith("/"):
            return
        intent = message.get(INTENT) or {}
        risk = relieve(
            self._model.assess(text), intent.get("name"), float(intent.get("confidence") or 0.0)
        )
        message.set(RISK, risk.as_json(), add_to_output=True)
