"""Small neural networks on sentence vectors; trained by scikit-learn, asked with NumPy alone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.neural_network import MLPClassifier

_SEED = 20261122
_ARRAYS = ("weights0", "weights1", "biases0", "biases1")
_Member = dict[str, NDArray[np.float32]]


class Network:
    """The mean of a few networks: one hidden layer of rectified units, softmax over the labels.

    They differ in their random start alone; what one of them is sure of by chance, the mean is not
    (docs/evaluation.md).
    """

    def __init__(
        self, hidden: int = 512, alpha: float = 0.03, epochs: int = 12, members: int = 5
    ) -> None:
        """`alpha`: weight of the penalty on large weights; `epochs`: passes over the examples."""
        self._hidden, self._alpha, self._epochs = hidden, alpha, epochs
        self._count = members
        self.labels: list[str] = []
        self._members: list[_Member] = []

    def fit(self, vectors: NDArray[np.float32], labels: Sequence[str]) -> Network:
        """Train on n examples: `vectors` (n, d) and `labels` (n), at least two different ones."""
        self._members = []
        for seed in range(_SEED, _SEED + self._count):
            network = MLPClassifier(
                (self._hidden,),
                alpha=self._alpha,
                batch_size=min(256, len(labels)),
                max_iter=self._epochs,
                n_iter_no_change=self._epochs,
                random_state=seed,
            ).fit(vectors, labels)
            self.labels = [str(label) for label in network.classes_]
            arrays = zip(_ARRAYS, (*network.coefs_, *network.intercepts_))
            self._members.append({name: array.astype(np.float32) for name, array in arrays})
        return self

    def predict(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return probabilities, shape (n, number of labels), columns as in `labels`."""
        return np.asarray(np.mean([_ask(member, vectors) for member in self._members], axis=0))

    def save(self, file: Path) -> None:
        """Write labels and weights: arrays only, nothing that can run code on loading."""
        stacked = {name: np.stack([member[name] for member in self._members]) for name in _ARRAYS}
        np.savez(file, labels=np.array(self.labels, dtype=np.str_), **stacked)

    @classmethod
    def load(cls, file: Path) -> Network:
        """Read what `save` wrote. Raises OSError, KeyError or ValueError for anything else."""
        stored = np.load(file, allow_pickle=False)
        network = cls()
        network.labels = [str(label) for label in stored["labels"]]
        arrays = {name: stored[name] for name in _ARRAYS}
        count = len(arrays[_ARRAYS[0]])
        network._members = [{n: array[i] for n, array in arrays.items()} for i in range(count)]
        return network


def _ask(member: _Member, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    hidden = np.maximum(vectors @ member["weights0"] + member["biases0"], 0.0)
    scores = hidden @ member["weights1"] + member["biases1"]
    if scores.shape[1] == 1:  # scikit-learn keeps one output for two labels
        scores = np.hstack([np.zeros_like(scores), scores])
    shifted = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True))
