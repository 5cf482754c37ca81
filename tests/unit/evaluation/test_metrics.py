"""The computations of the evaluation against values worked out by hand."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.evaluation.metrics import Detection, Share, calibration_error, reliability, wilson


@pytest.mark.parametrize(
    "right, n, low, high",
    # Newcombe 1998, table I, method 3
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_the_interval_of_wilson(right, n, low, high):
    assert wilson(right, n) == pytest.approx((low, high), abs=5e-5)


def test_of_nothing_everything_is_possible():
    assert wilson(0, 0) == (0.0, 1.0)
    assert math.isnan(Share(0, 0).value)
    assert Share(0, 0).percent == "–"


@given(st.integers(0, 500), st.integers(0, 500))
def test_an_interval_holds_its_share(right, wrong):
    low, high = wilson(right, right + wrong)
    assert 0.0 <= low <= high <= 1.0
    if right + wrong:
        assert low - 1e-12 <= right / (right + wrong) <= high + 1e-12


@pytest.mark.parametrize("right, n", [(3, 2), (-1, 2)])
def test_more_than_all_is_no_share(right, n):
    with pytest.raises(ValueError, match="no share"):
        Share(right, n)


def test_precision_and_recall():
    pairs = [(True, True)] * 3 + [(True, False)] * 1 + [(False, True)] * 2 + [(False, False)] * 9
    found = Detection.of(iter(pairs))
    assert found.precision == Share(3, 5)
    assert found.recall == Share(3, 4)


def test_who_says_nothing_has_no_precision():
    found = Detection.of([(True, False), (False, False)])
    assert found.precision.n == 0
    assert found.recall == Share(0, 1)


def test_calibration_error_by_hand():
    # Bin (0.8, 0.9]: confidence 0.85, 1 of 2 right; bin (0.1, 0.2]: 0.2, 0 of 1 right.
    bins = reliability([0.8 + 1e-9, 0.9, 0.2], [True, False, False])
    assert [(b.low, b.accuracy) for b in bins] == [(0.1, Share(0, 1)), (0.8, Share(1, 2))]
    assert calibration_error(bins) == pytest.approx((2 * 0.35 + 1 * 0.2) / 3)


def test_believing_rightly_costs_nothing():
    assert calibration_error(reliability([1.0, 1.0, 0.0], [True, True, False])) == 0.0
    assert math.isnan(calibration_error([]))


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), max_size=60), st.integers(1, 20))
def test_every_message_is_in_one_bin(known, bins):
    found = reliability([c for c, _ in known], [right for _, right in known], bins)
    assert sum(b.accuracy.n for b in found) == len(known)
    assert sum(b.accuracy.right for b in found) == sum(right for _, right in known)
    assert all(b.low - 1e-9 <= b.confidence <= b.high + 1e-9 for b in found)


@pytest.mark.parametrize("confidences, right", [([1.2], [True]), ([0.5], []), ([math.nan], [True])])
def test_what_is_no_confidence_is_refused(confidences, right):
    with pytest.raises(ValueError, match="confidence"):
        reliability(confidences, right)
