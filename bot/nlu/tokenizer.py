"""Tokenizer for English, Chinese and text that mixes them."""

from __future__ import annotations

from typing import Any

from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.nlu.tokenizers.tokenizer import Token, Tokenizer
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.nlu.text import tokenize


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_TOKENIZER, is_trainable=False)
class MultilingualTokenizer(Tokenizer):
    """spaCy blank `en` and `zh` (jieba), chosen by script run; see `bot.nlu.text.tokenize`.

    `training: false` leaves the training examples without tokens: right where no trained
    component reads them, and five seconds faster on 8,000 examples.
    """

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Return Rasa's usual tokenizer options."""
        return {
            "intent_tokenization_flag": False,
            "intent_split_symbol": "_",
            "token_pattern": None,
            "training": True,
        }

    @staticmethod
    def required_packages() -> list[str]:
        """Return the packages this component needs."""
        return ["spacy", "jieba"]

    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__(config)
        tokenize("warm up 预热")  # jieba's dictionary is read now, not while somebody waits

    def tokenize(self, message: Message, attribute: str) -> list[Token]:
        """Return the tokens of one attribute of `message`."""
        tokens = [Token(word, start) for word, start in tokenize(message.get(attribute) or "")]
        return self._apply_token_pattern(tokens)

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Tokenize the training examples, unless `training` is off."""
        if self._config["training"]:
            return super().process_training_data(training_data)
        return training_data
