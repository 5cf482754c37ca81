"""The intent classifier: a linear model on sentence vectors and character n-grams."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.nlu.encoder import encode
from bot.nlu.featurizer import NEUTRAL_TEXT, SentenceVectorFeaturizer
from bot.nlu.linear import LinearIntentModel
from bot.nlu.questions import asked, pieces

RANKING = "intent_ranking"
FACET = "facet"  # the follow-up intent that fits best, with its share among follow-ups
QUESTIONS = "questions"  # topic intents of a message that asks several things, in order
_FOLLOW_UP = "follow_up_"
_TOPIC, _NO_TOPIC = "ask_", ("ask_sources", "ask_who")
# Follow-ups that beside another question are about the operation as a whole: what they say, and the
# topic. After one of its complications they lean on that ("how long does it take").
_OF_THE_WHOLE = {
    "follow_up_duration": (
        r"\bhow long\b.*\btakes?\b|(?:要|花|需|共|全程|整个).{0,3}"
        r"(?:多久|多长时间|几年|几个月|几天)",
        "ask_procedure_duration",
    ),
    "follow_up_amount": (
        r"\bhow much (?:is|does|would|will|for) (?:it|this|that)\b",
        "ask_cost_overview",
    ),
    "follow_up_reversibility": (r"\bpermanent\b|永久", "ask_procedure_permanence"),
}
_COMPLICATION, _ALL_COMPLICATIONS = "ask_complication_", "ask_complication_overview"
# A request that is refused, or danger, is never answered in part.
_GOES_FIRST, _SURELY = ("request_", "report_crisis", "report_medical_emergency"), 0.7
_POLITE = "ask_about_"  # "can you tell me ..." sounds like a question about the assistant
_CLEARLY_ABOUT = 0.9  # from this probability it is one


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class LinearIntentClassifier(GraphComponent, IntentClassifier):
    """Sets `intent` and `intent_ranking` (best first) with calibrated confidences."""

    @classmethod
    def required_components(cls) -> list[type]:
        """Return the components that must come before this one."""
        return [SentenceVectorFeaturizer]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Return the default options: SVM cost, weights of the vector and of word n-grams, length
        of the ranking.
        """
        return {"c": 0.5, "vector_weight": 0.8, "word_weight": 0.5, "ranking_length": 8}

    def __init__(
        self,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        model: LinearIntentModel | None = None,
    ) -> None:
        self._config = config
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
    ) -> LinearIntentClassifier:
        """Create an untrained classifier."""
        return cls(config, model_storage, resource)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> LinearIntentClassifier:
        """Load a trained classifier; a missing model is an error, never a silent empty one."""
        with model_storage.read_from(resource) as folder:
            return cls(config, model_storage, resource, LinearIntentModel.load(folder))

    def train(self, training_data: TrainingData) -> Resource:
        """Train on the examples that have an intent, and store the model."""
        examples = [
            e for e in training_data.training_examples if e.get(INTENT) and e.get(NEUTRAL_TEXT)
        ]
        options = self._config
        self._model = LinearIntentModel(
            options["c"], options["vector_weight"], word_weight=options["word_weight"]
        ).fit(
            np.stack([_vector(e) for e in examples]),
            [e.get(NEUTRAL_TEXT) for e in examples],
            [e.get(INTENT) for e in examples],
        )
        with self._storage.write_to(self._resource) as folder:
            self._model.save(folder)
        return self._resource

    def process(self, messages: list[Message]) -> list[Message]:
        """Classify each message; one without a text gets intent None."""
        assert self._model is not None, "process() before train() or load()"
        for message in messages:
            ranking = []
            if message.get(NEUTRAL_TEXT):
                row = self._model.predict(_vector(message)[None, :], [message.get(NEUTRAL_TEXT)])[0]
                message.set(FACET, self._facet(row), add_to_output=True)
                best = np.argsort(-row)[: self._config["ranking_length"]]
                ranking = [
                    {"name": self._model.labels[i], "confidence": float(row[i])} for i in best
                ]
            top = ranking[0] if ranking else {"name": None, "confidence": 0.0}
            asked = self._questions(message.get(NEUTRAL_TEXT) or "")
            if len(asked) > 1:
                top = {"name": asked[0][0], "confidence": asked[0][1]}
                message.set(QUESTIONS, [name for name, _ in asked], add_to_output=True)
            message.set(INTENT, dict(top), add_to_output=True)
            message.set(RANKING, ranking, add_to_output=True)
        return messages

    def _facet(self, row: np.ndarray[Any, np.dtype[np.float64]]) -> dict[str, Any]:
        """Return what the message asks if it is a follow-up, with its share among follow-ups."""
        assert self._model is not None
        shares = {n: float(p) for n, p in zip(self._model.labels, row) if n.startswith(_FOLLOW_UP)}
        name = max(shares, key=shares.__getitem__, default=None)
        if name is None:
            return {"name": None, "confidence": 0.0}
        share = shares[name] / (sum(shares.values()) or 1.0)
        return {"name": name[len(_FOLLOW_UP) :], "confidence": round(share, 3)}

    def _questions(self, text: str) -> list[tuple[str, float]]:
        """Return the different topics asked in one message, or nothing where it asks one."""
        found: dict[str, float] = {}
        last = ""
        for name, confidence in asked(text, self._understand):
            if name in _OF_THE_WHOLE:
                leans = last.startswith(_COMPLICATION) and last != _ALL_COMPLICATIONS
                name = "" if leans else _OF_THE_WHOLE[name][1]
            if name:
                found.setdefault(name, confidence)
            last = name or last
        return list(found.items()) if len(found) > 1 and not self._goes_first(text) else []

    def _goes_first(self, text: str) -> bool:
        """Return whether the whole or a part is what must not be lost among questions."""
        assert self._model is not None
        texts = list(dict.fromkeys([text, *pieces(text)]))
        rows = self._model.predict(encode(texts), texts)
        tops = [(self._model.labels[int(row.argmax())], float(row.max())) for row in rows]
        return any(name.startswith(_GOES_FIRST) and p >= _SURELY for name, p in tops)

    def _understand(self, texts: Sequence[str]) -> list[tuple[str | None, float]]:
        """Return the topic of each part of a message, None where a part asks no topic."""
        assert self._model is not None
        found: list[tuple[str | None, float]] = []
        for text, row in zip(texts, self._model.predict(encode(texts), texts)):
            name, confidence = self._model.labels[int(row.argmax())], float(row.max())
            if name in _OF_THE_WHOLE:
                understood = bool(re.search(_OF_THE_WHOLE[name][0], text))
            else:
                understood = name.startswith(_TOPIC) and name not in _NO_TOPIC
                if name.startswith(_POLITE) and confidence < _CLEARLY_ABOUT:
                    understood = False
            found.append((name if understood else None, confidence))
        return found


def _vector(message: Message) -> np.ndarray[Any, np.dtype[np.float32]]:
    _, sentence = message.get_dense_features(TEXT, [])
    assert sentence is not None
    return np.asarray(sentence.features[0])
