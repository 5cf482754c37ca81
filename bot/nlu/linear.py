"""The linear intent model: vectors plus character n-grams; imports nothing of Rasa.

Chosen by measurement against DIET: docs/decisions/0002-classifier.md.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import scipy.sparse as sp
import skops.io
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.model_selection import StratifiedKFold
from sklearn.svm import LinearSVC

_FOLDS = 5
_SEED = 20261122


class LinearIntentModel:
    """One-vs-rest linear support vector machine with temperature-calibrated probabilities.

    Input of a message: its sentence vector (512 values, length 1) and its neutral text, of which
    tf-idf weighted character n-grams (1-5, within words) are taken. The probability of intent i is
    softmax(decision / temperature); the temperature minimises the log loss of five-fold
    cross-validated decisions on the training data (Guo et al. 2017, "On Calibration of Modern
    Neural Networks", arXiv:1706.04599).
    """

    def __init__(self, c: float = 1.0, vector_weight: float = 2.0) -> None:
        self.c = c
        self.vector_weight = vector_weight
        self.temperature = 1.0
        self.labels: list[str] = []
        self._tfidf = TfidfVectorizer(
            analyzer="char_wb", ngram_range=(1, 5), min_df=2, sublinear_tf=True, dtype=np.float32
        )
        self._svm = LinearSVC(C=c, random_state=_SEED)

    def fit(
        self, vectors: NDArray[np.float32], texts: Sequence[str], labels: Sequence[str]
    ) -> LinearIntentModel:
        """Train on n examples: `vectors` (n, 512), `texts` (n) and `labels` (n).

        Raises ValueError with fewer than two labels. Calibration needs at least two examples of
        each label; with fewer the temperature stays 1.
        """
        if len(set(labels)) < 2:
            raise ValueError("an intent classifier needs examples of at least two intents")
        self._tfidf.fit(texts)
        x = self._features(vectors, texts)
        y = np.asarray(labels)
        folds = min(_FOLDS, int(np.unique(y, return_counts=True)[1].min()))
        if folds >= 2:
            self.temperature = self._calibrate(x, y, folds)
        self._svm.fit(x, y)
        self.labels = [str(label) for label in self._svm.classes_]
        return self

    def predict(
        self, vectors: NDArray[np.float32], texts: Sequence[str]
    ) -> NDArray[np.float64]:
        """Return probabilities, shape (n, number of labels), columns as in `labels`."""
        scores = _decision(self._svm, self._features(vectors, texts))
        return _softmax(scores / self.temperature)

    def save(self, folder: Path) -> None:
        """Write the model into `folder` (skops and JSON; no pickle)."""
        skops.io.dump(self._svm, folder / "svm.skops")
        skops.io.dump(self._tfidf, folder / "tfidf.skops")
        meta = {
            "c": self.c,
            "vector_weight": self.vector_weight,
            "temperature": self.temperature,
            "labels": self.labels,
        }
        (folder / "model.json").write_text(json.dumps(meta), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> LinearIntentModel:
        """Read what `save` wrote. Raises FileNotFoundError where it is missing."""
        meta = json.loads((folder / "model.json").read_text(encoding="utf-8"))
        model = cls(meta["c"], meta["vector_weight"])
        model.temperature, model.labels = meta["temperature"], meta["labels"]
        trusted = ["numpy.float32", "numpy.dtype", "scipy.sparse._csr.csr_matrix"]
        model._svm = skops.io.load(folder / "svm.skops", trusted=trusted)
        model._tfidf = skops.io.load(folder / "tfidf.skops", trusted=trusted)
        return model

    def _features(self, vectors: NDArray[np.float32], texts: Sequence[str]) -> sp.csr_matrix:
        dense = sp.csr_matrix(np.asarray(vectors) * self.vector_weight)
        return sp.hstack([dense, self._tfidf.transform(texts)], format="csr")

    def _calibrate(self, x: sp.csr_matrix, y: NDArray[np.str_], folds: int) -> float:
        """Return the temperature that minimises the cross-validated log loss."""
        classes = np.unique(y)
        scores = np.zeros((len(y), len(classes)))
        splitter = StratifiedKFold(folds, shuffle=True, random_state=_SEED)
        for train, test in splitter.split(x, y):
            fold = LinearSVC(C=self.c, random_state=_SEED).fit(x[train], y[train])
            scores[test] = _decision(fold, x[test])
        truth = np.searchsorted(classes, y)
        grid = np.geomspace(0.02, 2.0, 60)
        losses = [
            -np.log(_softmax(scores / t)[np.arange(len(y)), truth] + 1e-12).mean() for t in grid
        ]
        return float(grid[int(np.argmin(losses))])


def _decision(svm: LinearSVC, x: sp.csr_matrix) -> NDArray[np.float64]:
    """Return one score a class, also for two classes, where scikit-learn gives one in all."""
    scores = svm.decision_function(x)
    return np.stack([-scores, scores], axis=1) if scores.ndim == 1 else scores


def _softmax(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    shifted = np.exp(scores - scores.max(axis=1, keepdims=True))
    probabilities: NDArray[np.float64] = shifted / shifted.sum(axis=1, keepdims=True)
    return probabilities
