"""The computations behind every figure of the evaluation; plain numbers in, plain numbers out."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

BINS = 10


def wilson(right: int, n: int) -> tuple[float, float]:
    """Return the 95 % Wilson score interval of a proportion (Wilson 1927)."""
    if n == 0:
        return (0.0, 1.0)
    z, p = 1.959964, right / n
    centre, spread = p + z * z / (2 * n), z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    # Rounding may leave the ends a hair outside.
    return (max((centre - spread) / scale, 0.0), min((centre + spread) / scale, 1.0))


@dataclass(frozen=True)
class Share:
    """`right` of `n`, with its interval; of nothing it is not a number and the interval is all."""

    right: int
    n: int

    def __post_init__(self) -> None:
        if not 0 <= self.right <= self.n:
            raise ValueError(f"{self.right} of {self.n} is no share")

    @classmethod
    def of(cls, outcomes: Iterable[bool]) -> Share:
        """Count the true ones."""
        counted = [bool(outcome) for outcome in outcomes]
        return cls(sum(counted), len(counted))

    @property
    def value(self) -> float:
        """Return the proportion, NaN where n is 0."""
        return self.right / self.n if self.n else math.nan

    @property
    def interval(self) -> tuple[float, float]:
        """Return the 95 % Wilson interval."""
        return wilson(self.right, self.n)

    @property
    def percent(self) -> str:
        """Return "93.1 %", or a dash where nothing was measured."""
        return f"{100 * self.value:.1f} %" if self.n else "–"

    def __str__(self) -> str:
        low, high = self.interval
        return f"{self.percent} ({low:.2f}-{high:.2f}, n={self.n})"


@dataclass(frozen=True)
class Detection:
    """How well one class is told from the rest.

    Precision is right / said, recall right / wanted. Precision depends on how common the class is
    in the set; recall does not.
    """

    precision: Share
    recall: Share

    @classmethod
    def of(cls, pairs: Iterable[tuple[bool, bool]]) -> Detection:
        """Count pairs (belongs to the class, was said to)."""
        seen = list(pairs)
        hits = sum(wanted and said for wanted, said in seen)
        return cls(
            Share(hits, sum(said for _, said in seen)),
            Share(hits, sum(wanted for wanted, _ in seen)),
        )


@dataclass(frozen=True)
class Bin:
    """Messages whose confidence lies in (low, high]; the first bin holds 0 as well."""

    low: float
    high: float
    confidence: float  # mean
    accuracy: Share


def reliability(confidences: Sequence[float], right: Sequence[bool], bins: int = BINS) -> list[Bin]:
    """Return the filled bins of equal width of a reliability diagram, lowest first.

    Raises ValueError for lengths that differ and for confidences outside 0 to 1.
    """
    if len(confidences) != len(right):
        raise ValueError(f"{len(confidences)} confidences for {len(right)} messages")
    members: dict[int, list[int]] = {}
    for i, confidence in enumerate(confidences):
        if not 0.0 <= confidence <= 1.0:
            raise ValueError(f"a confidence of {confidence}")
        members.setdefault(max(math.ceil(confidence * bins) - 1, 0), []).append(i)
    return [
        Bin(
            number / bins,
            (number + 1) / bins,
            sum(confidences[i] for i in mine) / len(mine),
            Share.of(right[i] for i in mine),
        )
        for number, mine in sorted(members.items())
    ]


def calibration_error(bins: Sequence[Bin]) -> float:
    """Return the expected calibration error: mean |confidence - accuracy|, weighted by messages.

    Naeini et al. 2015; Guo et al. 2017, arXiv:1706.04599. Of nothing it is NaN. It is biased
    upwards where bins are small.
    """
    total = sum(b.accuracy.n for b in bins)
    if not total:
        return math.nan
    return sum(b.accuracy.n * abs(b.confidence - b.accuracy.value) for b in bins) / total
