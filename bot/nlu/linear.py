"""The linear intent model: vectors plus character n-grams; imports nothing of Rasa.

Chosen by measurement against DIET: docs/decisions/0002-classifier.md.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.model_selection import StratifiedKFold
from sklearn.svm import LinearSVC

_WORD = re.compile(r"(?u)\b\w+\b")
_FOLDS = 4  # one of four parts is held out for calibration
_TOLERANCE = 1e-2  # a tighter one changed no prediction on the development set
_SEED = 20261122


class LinearIntentModel:
    """One-vs-rest linear support vector machine with temperature-calibrated probabilities.

    Input of a message: its sentence vector (512 values, length 1) and its neutral text, of which
    tf-idf weighted character n-grams (1-5, within words) are taken. The probability of intent i is
    softmax(decision / temperature); the temperature minimises the log loss on a
    held-out quarter of the training data (Guo et al. 2017, "On Calibration of Modern
    Neural Networks", arXiv:1706.04599).
    """

    def __init__(
        self,
        c: float = 0.5,
        vector_weight: float = 0.8,
        balanced: bool = False,
        word_weight: float = 0.0,
    ) -> None:
        """`balanced`: weigh examples so that rare labels count as much as common ones.

        `word_weight`: weight of word n-grams (1-3) beside the characters'; 0 for none.
        """
        self.c = c
        self.word_weight = word_weight
        self._weight = "balanced" if balanced else None
        self.vector_weight = vector_weight
        self.temperature = 1.0
        self.labels: list[str] = []
        self._tfidf = TfidfVectorizer(
            analyzer="char_wb", ngram_range=(1, 5), min_df=2, sublinear_tf=True, dtype=np.float32
        )
        self._words = TfidfVectorizer(
            token_pattern=r"(?u)\b\w+\b",
            ngram_range=(1, 3),
            min_df=2,
            sublinear_tf=True,
            dtype=np.float32,
        )
        self._analyzers: dict[str, tuple[Callable[[str], list[str]], NDArray[np.float32]]] = {}
        self._coefficients = np.zeros((0, 0), dtype=np.float32)
        self._intercepts = np.zeros(0, dtype=np.float32)

    def fit(
        self, vectors: NDArray[np.float32], texts: Sequence[str], labels: Sequence[str]
    ) -> LinearIntentModel:
        """Train on n examples: `vectors` (n, 512), `texts` (n) and `labels` (n).

        Raises ValueError with fewer than two labels. Calibration needs at least two examples of
        each label; with fewer the temperature stays 1.
        """
        if len(set(labels)) < 2:
            raise ValueError("an intent classifier needs examples of at least two intents")
        self._analyzers.clear()
        self._tfidf.fit(texts)
        if self.word_weight:
            self._words.fit(texts)
        x = self._features(vectors, texts)
        y = np.asarray(labels)
        folds = min(_FOLDS, int(np.unique(y, return_counts=True)[1].min()))
        # liblinear releases the interpreter lock, so both fits run at once.
        with ThreadPoolExecutor(2) as pool:
            fitting = pool.submit(self._new_svm().fit, x, y)
            if folds >= 2:
                self.temperature = self._calibrate(x, y, folds)
            svm = fitting.result()
        self.labels = [str(label) for label in svm.classes_]
        self._coefficients, self._intercepts = _weights(svm)
        return self

    def predict(self, vectors: NDArray[np.float32], texts: Sequence[str]) -> NDArray[np.float64]:
        """Return probabilities, shape (n, number of labels), columns as in `labels`."""
        if len(texts) == 1:
            scores = self._scores_of_one(np.asarray(vectors)[0], texts[0])
        else:
            scores = self._features(vectors, texts) @ self._coefficients
        return _softmax((np.asarray(scores) + self._intercepts) / self.temperature)

    def _scores_of_one(self, vector: NDArray[np.float32], text: str) -> NDArray[np.float32]:
        """Return features @ coefficients, (1, labels), from the few features that a message has.

        The same arithmetic as `_features`; for a single text, checking and stacking sparse
        matrices takes ten times as long as all the arithmetic.
        """
        size = len(vector)
        scores = (vector * self.vector_weight) @ self._coefficients[:size]
        for name, tfidf in self._used():
            counts: Counter[int] = Counter()
            known = tfidf.vocabulary_ if hasattr(tfidf, "vocabulary_") else tfidf.vocabulary
            analyze, idf = self._of_one(name, tfidf)
            for ngram in analyze(text):
                index = known.get(ngram)
                if index is not None:
                    counts[index] += 1
            if counts:
                found = np.fromiter(counts, dtype=np.intp, count=len(counts))
                often = np.fromiter(counts.values(), dtype=np.float32, count=len(counts))
                values = (1.0 + np.log(often)) * idf[found]
                values *= (self.word_weight if name == "words" else 1.0) / np.linalg.norm(values)
                scores = scores + values @ self._coefficients[size + found]
            size += len(idf)
        return np.asarray(scores)[None, :]

    def _of_one(
        self, name: str, tfidf: TfidfVectorizer
    ) -> tuple[Callable[[str], list[str]], NDArray[np.float32]]:
        """Return what a vectoriser makes anew for each text: its analyser and its weights."""
        if name not in self._analyzers:
            idf = np.asarray(tfidf.idf_, dtype=np.float32)
            self._analyzers[name] = (tfidf.build_analyzer(), idf)
        return self._analyzers[name]

    def familiarity(self, text: str) -> float:
        """Return the share of words of `text` that are word n-grams of the model, 0 for none."""
        words = _WORD.findall(text)
        known = (self._words.vocabulary_ if hasattr(self._words, "vocabulary_") else None) or {}
        return sum(word in known for word in words) / len(words) if words else 0.0

    def save(self, folder: Path) -> None:
        """Write the model into `folder`: arrays and JSON, nothing that can run code on loading."""
        arrays = {"coefficients": self._coefficients, "intercepts": self._intercepts}
        meta = {
            "c": self.c,
            "vector_weight": self.vector_weight,
            "word_weight": self.word_weight,
            "temperature": self.temperature,
            "labels": self.labels,
        }
        for name, tfidf in self._used():
            arrays[name] = tfidf.idf_
            meta[name] = sorted(tfidf.vocabulary_, key=tfidf.vocabulary_.__getitem__)
        np.savez(folder / "weights.npz", **arrays)
        (folder / "model.json").write_text(json.dumps(meta, ensure_ascii=False), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> LinearIntentModel:
        """Read what `save` wrote. Raises FileNotFoundError where it is missing."""
        meta = json.loads((folder / "model.json").read_text(encoding="utf-8"))
        weights = np.load(folder / "weights.npz", allow_pickle=False)
        model = cls(meta["c"], meta["vector_weight"], word_weight=meta["word_weight"])
        model.temperature, model.labels = meta["temperature"], meta["labels"]
        model._coefficients, model._intercepts = weights["coefficients"], weights["intercepts"]
        for name, tfidf in model._used():
            tfidf.vocabulary = {ngram: i for i, ngram in enumerate(meta[name])}
            tfidf.idf_ = weights[name]
        return model

    def _used(self) -> list[tuple[str, TfidfVectorizer]]:
        used = [("ngrams", self._tfidf)]
        return [*used, ("words", self._words)] if self.word_weight else used

    def _new_svm(self) -> LinearSVC:
        return LinearSVC(C=self.c, tol=_TOLERANCE, class_weight=self._weight, random_state=_SEED)

    def _features(self, vectors: NDArray[np.float32], texts: Sequence[str]) -> sp.csr_matrix:
        parts = [sp.csr_matrix(np.asarray(vectors) * self.vector_weight)]
        parts.append(self._tfidf.transform(texts))
        if self.word_weight:
            parts.append(self._words.transform(texts) * self.word_weight)
        return sp.hstack(parts, format="csr", dtype=np.float32)

    def _calibrate(self, x: sp.csr_matrix, y: NDArray[np.str_], folds: int) -> float:
        """Return the temperature that minimises the log loss of held-out examples."""
        parts = StratifiedKFold(folds, shuffle=True, random_state=_SEED)
        train, held_out = next(parts.split(x, y))
        svm = self._new_svm().fit(x[train], y[train])
        coefficients, intercepts = _weights(svm)
        scores = x[held_out] @ coefficients + intercepts
        truth = np.searchsorted(svm.classes_, y[held_out])
        grid = np.geomspace(0.02, 2.0, 60)
        losses = [
            -np.log(_softmax(scores / t)[np.arange(len(truth)), truth] + 1e-12).mean() for t in grid
        ]
        return float(grid[int(np.argmin(losses))])


def _weights(svm: LinearSVC) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return coefficients (features, labels) and intercepts (labels), also for two labels.

    For two labels scikit-learn keeps one row only, that of the second.
    """
    rows, offsets = svm.coef_, svm.intercept_
    if len(svm.classes_) == 2:
        rows, offsets = np.vstack([-rows, rows]), np.concatenate([-offsets, offsets])
    return np.ascontiguousarray(rows.T, dtype=np.float32), offsets.astype(np.float32)


def _softmax(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    shifted = np.exp(scores - scores.max(axis=1, keepdims=True))
    probabilities: NDArray[np.float64] = shifted / shifted.sum(axis=1, keepdims=True)
    return probabilities
