"""A small neural network on sentence vectors; trained by scikit-learn, asked with NumPy alone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.neural_network import MLPClassifier

_SEED = 20261122


class Network:
    """One hidden layer of rectified units, then a softmax over the labels."""

    def __init__(self, hidden: int = 512, alpha: float = 0.03, epochs: int = 12) -> None:
        """`alpha`: weight of the penalty on large weights; `epochs`: passes over the examples."""
        self._hidden, self._alpha, self._epochs = hidden, alpha, epochs
        self.labels: list[str] = []
        self._weights: list[NDArray[np.float32]] = []
        self._biases: list[NDArray[np.float32]] = []

    def fit(self, vectors: NDArray[np.float32], labels: Sequence[str]) -> Network:
        """Train on n examples: `vectors` (n, d) and `labels` (n), at least two different ones."""
        network = MLPClassifier(
            (self._hidden,),
            alpha=self._alpha,
            batch_size=min(256, len(labels)),
            max_iter=self._epochs,
            n_iter_no_change=self._epochs,
            random_state=_SEED,
        ).fit(vectors, labels)
        self.labels = [str(label) for label in network.classes_]
        self._weights = [weights.astype(np.float32) for weights in network.coefs_]
        self._biases = [biases.astype(np.float32) for biases in network.intercepts_]
        return self

    def predict(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return probabilities, shape (n, number of labels), columns as in `labels`."""
        hidden = np.maximum(vectors @ self._weights[0] + self._biases[0], 0.0)
        scores = hidden @ self._weights[1] + self._biases[1]
        if scores.shape[1] == 1:  # scikit-learn keeps one output for two labels
            scores = np.hstack([np.zeros_like(scores), scores])
        shifted = np.exp(scores - scores.max(axis=1, keepdims=True))
        return np.asarray(shifted / shifted.sum(axis=1, keepdims=True))

    def save(self, file: Path) -> None:
        """Write labels and weights: arrays only, nothing that can run code on loading."""
        arrays = {
            f"{name}{i}": array
            for name, layers in (("weights", self._weights), ("biases", self._biases))
            for i, array in enumerate(layers)
        }
        np.savez(file, labels=np.array(self.labels, dtype=np.str_), **arrays)

    @classmethod
    def load(cls, file: Path) -> Network:
        """Read what `save` wrote. Raises OSError, KeyError or ValueError for anything else."""
        stored = np.load(file, allow_pickle=False)
        network = cls()
        network.labels = [str(label) for label in stored["labels"]]
        network._weights = [stored["weights0"], stored["weights1"]]
        network._biases = [stored["biases0"], stored["biases1"]]
        return network
