"""The learnt layer of the risk assessment: a linear model on sentence vectors and n-grams.

Trained from `data/safety/examples*.<language>.yml` (written for it) and, as harmless messages,
from the topic questions of `data/nlu/`. It also sees which written patterns fired, so that it
learns how far to trust each (stacking, Wolpert 1992). Imports nothing of Rasa, so that the channel
can ask it before the conversation lock. Sentence vectors are multilingual: what was learnt in
English and Chinese carries over, less exactly, to the encoder's other languages.
"""

from __future__ import annotations

import logging
import random
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bot.content import ContentError, line_of, load_yaml
from bot.nlu.encoder import encode
from bot.nlu.leaning_data import read_leaning
from bot.nlu.linear import LinearIntentModel
from bot.nlu.network import Network
from bot.nlu.spelling import Speller
from bot.nlu.text import normalize
from bot.paths import DATA, MODELS
from bot.safety.assessor import Assessor

logger = logging.getLogger(__name__)

# What an example says; several labels make one level (bot.safety.model).
LABELS = (
    *("crisis", "imminent", "crisis_other", "imminent_other"),
    *("emergency_now", "emergency_today"),
    *("distress", "denial", "none"),
)
FOLDER = MODELS / "safety"
_NETWORK = "network.npz"
# Chosen on the development parts, beside other weights and an RBF support vector machine.
_C, _VECTOR_WEIGHT, _PATTERN_WEIGHT, _WORD_WEIGHT = 0.5, 2.0, 0.5, 0.7
_MOST_QUESTIONS = 30_000  # examples of topics that are read; more of them tell nothing new
_SEED = 20261122
# Examples of dialogue intents that speak of risk, and the label they count as.
_OF_INTENTS = {
    "report_crisis": "crisis",
    "report_distress": "distress",
    "no_risk_denial": "denial",
}
# Topics whose questions may themselves carry distress; examples_wellbeing*.yml says which do.
MAY_DISTRESS = ("ask_wellbeing_self_acceptance", "ask_wellbeing_bullying")
# Not used as harmless: these, and what may carry signs.
_NOT_HARMLESS = (
    *(*MAY_DISTRESS, "ask_emergency_"),
    "report_medical_emergency",  # mixes both urgencies
    *("decline_help", "request_safety_plan", "stop", "deny"),
)


def read_examples(folder: Path = DATA / "safety") -> list[tuple[str, str, str]]:
    """Return (label, kind, text) of every example file.

    Raises ContentError (file, line, reason) for an unknown label, an empty or a repeated text.
    """
    found: list[tuple[str, str, str]] = []
    seen: dict[str, str] = {}
    for file in sorted(folder.glob("examples*.yml")):
        root = load_yaml(file)
        if not isinstance(root, dict):
            raise ContentError(file, 1, f"needs the sections {', '.join(LABELS)}")
        for label, kinds in root.items():
            if label not in LABELS:
                raise ContentError(file, line_of(root, label), f"unknown section {label!r}")
            if not isinstance(kinds, dict):
                raise ContentError(file, line_of(root, label), f"{label} has named kinds")
            for kind, texts in kinds.items():
                if not isinstance(texts, list) or not texts:
                    raise ContentError(file, line_of(kinds, kind), f"{label}.{kind} is a list")
                for index, text in enumerate(texts):
                    line = line_of(texts, index)
                    if not isinstance(text, str) or not text.strip():
                        raise ContentError(file, line, "an example is a text; put it in quotes")
                    other = seen.setdefault(text.casefold(), label)
                    if other != label:
                        reason = f"{text!r} stands under {other} and under {label}"
                        raise ContentError(file, line, reason)
                    found.append((label, str(kind), text))
    return found


def topic_examples(folder: Path = DATA / "nlu") -> list[tuple[str, str]]:
    """Return (label, text) from the training examples of intents."""
    harmless, risky = [], []
    for file in sorted(folder.glob("*.yml")):
        for entry in load_yaml(file)["nlu"]:
            intent = str(entry["intent"])
            texts = [line.removeprefix("- ").strip() for line in entry["examples"].splitlines()]
            if intent in _OF_INTENTS:
                risky += [(_OF_INTENTS[intent], text) for text in texts if text]
            elif not intent.startswith(_NOT_HARMLESS):
                harmless += [("none", text) for text in texts if text]
    return risky + harmless


class RiskClassifier:
    """Probabilities of `LABELS` for one message; immutable once trained or loaded.

    The mean of a linear model and a small neural network: at the same share of people missed the
    two together alarm fewer others than either alone (docs/evaluation.md).
    """

    def __init__(self, model: LinearIntentModel, network: Network, assessor: Assessor) -> None:
        self._model = model
        self._network = network
        self._assessor = assessor
        self._speller: Speller | None = None

    @classmethod
    def train(cls, examples: Iterable[tuple[str, str]], assessor: Assessor) -> RiskClassifier:
        """Train on (label, text) pairs. Raises ValueError with fewer than two labels."""
        first = {normalize(text): (label, text) for label, text in reversed(list(examples))}
        pairs = list(first.values())[::-1]
        model = LinearIntentModel(_C, 1.0, word_weight=_WORD_WEIGHT)
        classifier = cls(model, Network(), assessor)
        texts, labels = [text for _, text in pairs], [label for label, _ in pairs]
        dense = classifier._dense(texts)
        model.fit(dense, list(map(normalize, texts)), labels)
        classifier._network.fit(dense, labels)
        return classifier

    @classmethod
    def load(cls, assessor: Assessor, folder: Path = FOLDER) -> RiskClassifier:
        """Load what `save` wrote. Raises OSError or ValueError where it is missing or broken."""
        try:
            model = LinearIntentModel.load(folder)
            return cls(model, Network.load(folder / _NETWORK), assessor)
        except (KeyError, EOFError, zipfile.BadZipFile) as error:
            raise ValueError(f"broken risk classifier in {folder}: {error!r}") from error

    def save(self, folder: Path = FOLDER) -> None:
        """Write the model into `folder`."""
        folder.mkdir(parents=True, exist_ok=True)
        self._model.save(folder)
        self._network.save(folder / _NETWORK)

    def probabilities(self, text: str) -> Mapping[str, float]:
        """Return the calibrated probability of each label for `text`."""
        return self.rows([text])[0]

    def rows(self, texts: list[str]) -> list[dict[str, float]]:
        """Return `probabilities` of many texts at once."""
        dense = self._dense(texts)
        rows = self._model.predict(dense, [normalize(text) for text in texts])
        rows = (rows + self._network.predict(dense)) / 2  # both name the labels in one order
        return [dict(zip(self._model.labels, map(float, row))) for row in rows]

    def mended(self, text: str) -> str | None:
        """Return `text` with misspelt English words mended, None where nothing is misspelt."""
        if self._speller is None:  # from what the model knows, so that nothing more is stored
            self._speller = Speller.from_counts(self._model.word_counts(), shortest=3)
        plain = normalize(text)
        mended = self._speller(plain)
        return mended if mended != plain else None

    def familiarity(self, text: str) -> float:
        """Return the share of the words of `text` that occurred in training, 0 for none."""
        return self._model.familiarity(normalize(text))

    def _dense(self, texts: list[str]) -> NDArray[np.float32]:
        """Return sentence vectors and pattern hits, shape (n, 512 + patterns)."""
        vectors = encode([normalize(text) for text in texts]) * _VECTOR_WEIGHT
        hits = [self._assessor.hits(text) for text in texts]
        return np.hstack([vectors, np.asarray(hits, dtype=np.float32) * _PATTERN_WEIGHT])


def train_and_save() -> RiskClassifier:
    """Train from the project's files and store the result. Raises ContentError."""
    pairs = [(label, text) for label, _, text in read_examples()]
    questions = topic_examples()
    if len(questions) > _MOST_QUESTIONS:
        questions = random.Random(_SEED).sample(questions, _MOST_QUESTIONS)
    pairs += questions
    # "That fast?" after an answer is short, and harmless.
    pairs += [("none", text) for text in read_leaning()]
    assessor = Assessor.load(DATA / "safety" / "rules.yml")
    classifier = RiskClassifier.train(pairs, assessor)
    classifier.save()
    return classifier
