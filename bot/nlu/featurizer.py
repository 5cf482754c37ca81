"""Dense sentence features from the multilingual sentence encoder."""

from __future__ import annotations

import json
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.featurizers.dense_featurizer.dense_featurizer import DenseFeaturizer
from rasa.nlu.tokenizers.tokenizer import Tokenizer
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, TEXT
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from actions.knowledge import load_knowledge
from bot.nlu.encoder import encode
from bot.nlu.spelling import Speller
from bot.nlu.text import Neutralizer

NEUTRAL_TEXT = "neutral_text"
_VOCABULARY = "vocabulary.json"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=True)
class SentenceVectorFeaturizer(DenseFeaturizer, GraphComponent):
    """Adds one dense sentence feature of shape (1, 512) and the neutral text it was made from.

    Neutral text: normalised, the operation's names replaced (`bot.nlu.text.Neutralizer`),
    misspelt English words mended (`bot.nlu.spelling.Speller`, learnt from the training texts).
    With `neutralize: false`, as for a public benchmark, the knowledge files are not read.
    """

    @classmethod
    def required_components(cls) -> list[type]:
        """Return the components that must come before this one."""
        return [Tokenizer]

    @staticmethod
    def required_packages() -> list[str]:
        """Return the packages this component needs."""
        return ["symspellpy"]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Return the default options."""
        return {**DenseFeaturizer.get_default_config(), "neutralize": True}

    def __init__(
        self,
        config: dict[str, Any],
        name: str,
        model_storage: ModelStorage,
        resource: Resource,
        speller: Speller | None = None,
    ) -> None:
        super().__init__(name, config)
        self._storage = model_storage
        self._resource = resource
        names = load_knowledge().operation_names() if config["neutralize"] else []
        self._neutralize = Neutralizer(names)
        self._speller = speller

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> SentenceVectorFeaturizer:
        """Create the component from its part of `config.yml`."""
        return cls(config, execution_context.node_name, model_storage, resource)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> SentenceVectorFeaturizer:
        """Load the speller's vocabulary; a missing one is an error."""
        with model_storage.read_from(resource) as folder:
            counts = json.loads((folder / _VOCABULARY).read_text("utf-8"))
        encode(["warm up"])  # the weights are read now, not while somebody waits
        name = execution_context.node_name
        return cls(config, name, model_storage, resource, Speller(counts))

    def train(self, training_data: TrainingData) -> Resource:
        """Learn the vocabulary of the speller, and store it."""
        texts = [e.get(TEXT) for e in training_data.training_examples if e.get(TEXT)]
        self._speller = Speller.of(self._neutralize(text) for text in texts)
        with self._storage.write_to(self._resource) as folder:
            (folder / _VOCABULARY).write_text(json.dumps(self._speller.counts), encoding="utf-8")
        return self._resource

    @classmethod
    def validate_config(cls, config: dict[str, Any]) -> None:
        """Accept any configuration; the options have no invalid values."""

    def process(self, messages: list[Message]) -> list[Message]:
        """Add the features to each message that has a text."""
        texted = [message for message in messages if message.get(TEXT)]
        assert self._speller is not None, "process() before train() or load()"
        neutral = [self._speller(self._neutralize(message.get(TEXT))) for message in texted]
        for message, text, vector in zip(texted, neutral, encode(neutral)):
            message.set(NEUTRAL_TEXT, text)
            message.add_features(
                Features(vector[None, :], FEATURE_TYPE_SENTENCE, TEXT, self._identifier)
            )
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Add the features to the training examples."""
        self.process(training_data.training_examples)
        return training_data
