"""Whether a message leans on what was said before ("why is that", "那女生呢").

A message that names no subject of its own gets some topic from the intent classifier all the same.
This second, binary model sees only the message; `bot.context` weighs its result against the
classifier's and the conversation.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.nlu.encoder import encode
from bot.nlu.featurizer import NEUTRAL_TEXT, SentenceVectorFeaturizer
from bot.nlu.linear import LinearIntentModel
from bot.nlu.text import CJK_CHARACTER

LEANS = "leans"
FOLLOW_UP = "follow_up_"
_NOTHING = "no-follow-ups"  # file of a detector that had nothing to learn from
_YES, _NO = "leans", "stands"
# Words with which people begin a new question as well as a follow-up. Every eighth question that
# stands alone is learnt with one of them too, so that they decide nothing by themselves.
_OPENINGS = {"en": ("and ", "what about ", "ok so "), "zh": ("那", "那么", "还有")}
_EVERY = 8
# They lean on the conversation too, but say themselves what they want of it; neither class.
_NEITHER = frozenset({"ask_sources", "ask_who", "request_safety_plan", "stop"})


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class LeaningDetector(GraphComponent):
    """Sets `leans` in the parse result: the probability that a message leans on the one before.

    Learns from the messages that carry the property `leans` (added by `bot.importer`) and the
    follow-up intents against all other intents.
    """

    @classmethod
    def required_components(cls) -> list[type]:
        """Return the components that must come before this one."""
        return [SentenceVectorFeaturizer]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Return the default options: SVM cost, weights of the vector and of word n-grams."""
        return {"c": 0.5, "vector_weight": 0.8, "word_weight": 0.7}

    def __init__(
        self,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        model: LinearIntentModel | None = None,
        trained: bool = False,
    ) -> None:
        self._config = config
        self._trained = trained or model is not None
        self._storage = model_storage
        self._resource = resource
        self._model = model

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> LeaningDetector:
        """Create an untrained detector."""
        return cls(config, model_storage, resource)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> LeaningDetector:
        """Load a trained detector; a missing model is an error.

        Training data without follow-ups left a mark instead: then nothing is ever rated.
        """
        with model_storage.read_from(resource) as folder:
            if (folder / _NOTHING).exists():
                return cls(config, model_storage, resource, trained=True)
            return cls(config, model_storage, resource, LinearIntentModel.load(folder))

    def train(self, training_data: TrainingData) -> Resource:
        """Train on all examples but those of acts that are neither, and store the model."""
        texts, labels, vectors = [], [], []
        for example in training_data.training_examples:
            intent = str(example.get(INTENT) or "")
            leans = bool(example.get(LEANS)) or intent.startswith(FOLLOW_UP) or intent == "more"
            if not example.get(NEUTRAL_TEXT) or intent in _NEITHER or not (leans or intent):
                continue
            texts.append(example.get(NEUTRAL_TEXT))
            labels.append(_YES if leans else _NO)
            vectors.append(_vector(example))
        opened = list(_opened([t for t, label in zip(texts, labels) if label == _NO]))
        texts += opened
        labels += [_NO] * len(opened)
        vectors += list(encode(opened))
        self._trained = True
        if len(set(labels)) < 2:
            with self._storage.write_to(self._resource) as folder:
                (folder / _NOTHING).touch()
            return self._resource
        options = self._config
        self._model = LinearIntentModel(
            options["c"],
            options["vector_weight"],
            balanced=True,
            word_weight=options["word_weight"],
        ).fit(np.stack(vectors), texts, labels)
        with self._storage.write_to(self._resource) as folder:
            self._model.save(folder)
        return self._resource

    def process(self, messages: list[Message]) -> list[Message]:
        """Rate each message that has a text; a button's payload never leans."""
        assert self._trained, "process() before train() or load()"
        if self._model is None:
            return messages
        yes = self._model.labels.index(_YES)
        for message in messages:
            text = message.get(NEUTRAL_TEXT)
            if text and not str(message.get(TEXT)).startswith("/"):
                row = self._model.predict(_vector(message)[None, :], [text])[0]
                message.set(LEANS, round(float(row[yes]), 3), add_to_output=True)
        return messages


def _opened(texts: list[str]) -> Iterator[str]:
    for index, text in enumerate(texts[::_EVERY]):
        openings = _OPENINGS["zh" if CJK_CHARACTER.search(text) else "en"]
        yield openings[index % len(openings)] + text


def _vector(message: Message) -> np.ndarray[Any, np.dtype[np.float32]]:
    _, sentence = message.get_dense_features(TEXT, [])
    assert sentence is not None
    return np.asarray(sentence.features[0])
