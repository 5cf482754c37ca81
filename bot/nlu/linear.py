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
# With this many labels each is fitted against the examples near it alone (`_fit_many`).
_MANY = 30
_AT_ONCE = 64  # labels whose scores for all examples are held at once
_NEAREST, _OTHERS = 300, 100  # examples of other labels to begin with: the nearest ones, any
_MORE = 600  # added at once, at least
_LEFT_OUT = 0.1  # how far an example left out may reach into the margin, which is 1 wide
_ROUNDS = 8


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
        names, counts = np.unique(y, return_counts=True)
        self.labels = [str(label) for label in names]
        folds = min(_FOLDS, int(counts.min()))
        if len(names) >= _MANY and self._weight is None:
            numbers = np.searchsorted(names, y)
            self._coefficients, self._intercepts, near = _fit_many(x, numbers, self._new_svm)
            if folds >= 2:
                self.temperature = self._calibrate(x, y, folds, near)
            return self
        # liblinear releases the interpreter lock, so both fits run at once.
        with ThreadPoolExecutor(2) as pool:
            fitting = pool.submit(self._new_svm().fit, x, y)
            if folds >= 2:
                self.temperature = self._calibrate(x, y, folds)
            self._coefficients, self._intercepts = _weights(fitting.result())
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

    def word_counts(self) -> dict[str, int]:
        """Return in how many training texts each word occurred, of those that two or more have.

        Read from the weights, as idf = 1 + ln((1 + texts) / (1 + count)), up to a factor.
        """
        known = self._words.vocabulary_ if hasattr(self._words, "vocabulary_") else None
        words = known or getattr(self._words, "vocabulary", None) or {}
        if not words:
            return {}
        idf = np.asarray(self._words.idf_)
        relative = np.exp(idf.max() - idf) * 3  # the rarest words are in two texts: 1 + 2
        return {w: max(2, round(relative[i]) - 1) for w, i in words.items() if " " not in w}

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

    def _calibrate(
        self,
        x: sp.csr_matrix,
        y: NDArray[np.str_],
        folds: int,
        near: list[NDArray[np.intp]] | None = None,
    ) -> float:
        """Return the temperature that minimises the log loss of held-out examples.

        `near`: what `_fit_many` returned for all examples, where there are many labels.
        """
        parts = StratifiedKFold(folds, shuffle=True, random_state=_SEED)
        train, held_out = next(parts.split(x, y))
        numbers = np.searchsorted(self.labels, y)
        if near is None:
            coefficients, intercepts = _weights(self._new_svm().fit(x[train], y[train]))
        else:
            place = np.full(len(y), -1)
            place[train] = np.arange(len(train))
            begin = [place[rows][place[rows] >= 0] for rows in near]
            coefficients, intercepts, _ = _fit_many(x[train], numbers[train], self._new_svm, begin)
        scores = x[held_out] @ coefficients + intercepts
        scores -= scores.max(axis=1, keepdims=True)
        right = scores[np.arange(len(held_out)), numbers[held_out]]

        def loss(temperature: float) -> float:
            total = np.exp(scores / temperature).sum(axis=1)
            return float((np.log(total) - right / temperature).mean())

        # The loss is convex in 1 / temperature: halve the grid until its lowest point is left.
        grid = np.geomspace(0.02, 2.0, 60)
        low, high = 0, len(grid) - 1
        while low < high:
            middle = (low + high) // 2
            if loss(grid[middle]) <= loss(grid[middle + 1]):
                high = middle
            else:
                low = middle + 1
        return float(grid[low])


def _fit_many(
    x: sp.csr_matrix,
    numbers: NDArray[np.intp],
    new_svm: Callable[[], LinearSVC],
    begin: list[NDArray[np.intp]] | None = None,
) -> tuple[NDArray[np.float32], NDArray[np.float32], list[NDArray[np.intp]]]:
    """Fit one against the rest for each of many labels, as a fit on all examples would.

    Examples of other labels that lie beyond the margin have no influence on a label's weights,
    and with many labels nearly all do. So each label is fitted against the nearest others, and
    again with those that turn out to lie within the margin, until none does that was left out.

    `numbers`: the label of each example, 0 to labels - 1; `begin`: the examples to begin with, of
    each label. Returns coefficients (features, labels), intercepts (labels) and the examples that
    each label was fitted to.
    """
    count = int(numbers.max()) + 1
    coefficients = np.zeros((x.shape[1], count), dtype=np.float32)
    intercepts = np.zeros(count, dtype=np.float32)
    fitted: list[NDArray[np.intp]] = []
    score = _Scorer(x)
    chance = np.random.default_rng(_SEED)
    for start in range(0, count, _AT_ONCE):
        labels = np.arange(start, min(start + _AT_ONCE, count))
        ours = numbers[:, None] == labels  # (examples, labels)
        chosen = ours.copy()
        if begin is None:
            centres = x.T @ sp.csr_matrix(ours / ours.sum(axis=0), dtype=np.float32)
            _choose(chosen, score(centres.toarray()), ~ours, _NEAREST)
            for column in range(len(labels)):
                chosen[chance.integers(len(numbers), size=_OTHERS), column] = True
        else:
            for column, label in enumerate(labels):
                chosen[begin[label], column] = True
        coefficients[:, labels], intercepts[labels] = _fit_near(x, ours, chosen, score, new_svm)
        fitted += [np.flatnonzero(chosen[:, column]) for column in range(len(labels))]
    return coefficients, intercepts, fitted


def _fit_near(
    x: sp.csr_matrix,
    ours: NDArray[np.bool_],
    chosen: NDArray[np.bool_],
    score: _Scorer,
    new_svm: Callable[[], LinearSVC],
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Fit each label (a column of `ours`) to its `chosen` examples, adding those it turns out to
    need; return coefficients and intercepts.
    """
    coefficients = np.zeros((x.shape[1], ours.shape[1]), dtype=np.float32)
    intercepts = np.zeros(ours.shape[1], dtype=np.float32)

    def fit(column: int) -> None:
        rows = np.flatnonzero(chosen[:, column])
        svm = new_svm().fit(x[rows], ours[rows, column])
        coefficients[:, column], intercepts[column] = svm.coef_[0], svm.intercept_[0]

    pending = np.arange(ours.shape[1])
    with ThreadPoolExecutor(2) as pool:
        for _ in range(_ROUNDS):
            list(pool.map(fit, pending))
            scores = score(coefficients[:, pending]) + intercepts[pending]
            left_out = ~chosen[:, pending] & (scores > _LEFT_OUT - 1)
            more = chosen[:, pending]
            _choose(more, scores, left_out, _MORE)
            chosen[:, pending] = more
            pending = pending[left_out.any(axis=0)]
            if not len(pending):
                break
    return coefficients, intercepts


def _choose(
    chosen: NDArray[np.bool_],
    scores: NDArray[np.float32],
    among: NDArray[np.bool_],
    least: int,
) -> None:
    """Add to each column of `chosen` the examples with the highest scores, of those in `among`.

    `least` of them, or as many as the label has examples already where that is more.
    """
    for column in range(chosen.shape[1]):
        rows = np.flatnonzero(among[:, column])
        size = max(least, int(chosen[:, column].sum()))
        if len(rows) > size:
            rows = rows[np.argpartition(-scores[rows, column], size)[:size]]
        chosen[rows, column] = True


class _Scorer:
    """Multiplies examples with weights of many labels; dense features, which come first, apart."""

    def __init__(self, x: sp.csr_matrix) -> None:
        often = np.bincount(x.indices, minlength=x.shape[1]) > x.shape[0] / 2
        size = int(np.argmin(often)) if not often.all() else x.shape[1]
        self._dense, self._sparse = x[:, :size].toarray(), x[:, size:]

    def __call__(self, weights: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the scores (examples, columns of `weights`)."""
        size = self._dense.shape[1]
        return np.asarray(self._dense @ weights[:size] + self._sparse @ weights[size:])


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
