"""The training examples as the evaluation samples them, and the labels of its items."""

from collections import Counter
from itertools import pairwise

import pytest

from actions.knowledge import load_knowledge
from tests.evaluation.data import (
    DEVELOPMENT,
    Example,
    intents_of,
    out_of_scope_items,
    sample,
    topic_items,
    training_examples,
)


@pytest.fixture(scope="module")
def examples():
    return training_examples()


def groups(examples):
    return Counter((example.intent, example.language) for example in examples)


@pytest.mark.parametrize("share, wanted", [(0.12, 2), (0.25, 3), (0.5, 5), (1.0, 10)])
def test_a_share_of_each_group(share, wanted):
    made = [
        Example(f"{n} {lang}", intent, lang) for n in range(10) for intent in "ab" for lang in "xy"
    ]
    assert set(groups(sample(made, share)).values()) == {wanted}


def test_a_group_never_vanishes(examples):
    assert groups(sample(examples, 0.001)).keys() == groups(examples).keys()


def test_smaller_shares_lie_within_larger_ones(examples):
    shares = [set(sample(examples, share)) for share in (0.12, 0.25, 0.5, 1.0)]
    assert all(small < large for small, large in pairwise(shares))
    assert shares[-1] == set(examples)


def test_the_seed_decides_and_the_order_does_not(examples):
    chosen = sample(examples, 0.25, 1)
    assert chosen == sample(examples, 0.25, 1)
    assert set(chosen) != set(sample(examples, 0.25, 2))


@pytest.mark.parametrize("share", [0, -0.1, 1.01])
def test_what_is_no_share_is_refused(share):
    with pytest.raises(ValueError, match="share"):
        sample([], share)


def test_every_topic_has_examples_in_both_languages(examples):
    counted = groups(examples)
    intents = load_knowledge().by_intent
    assert all(counted[intent, lang] >= 10 for intent in intents for lang in ("en", "zh"))


def test_every_label_of_the_development_parts_is_trained(examples):
    trained = {example.intent for example in examples}
    items = topic_items(DEVELOPMENT)
    assert {intent for item in items for intent in intents_of(item)} <= trained
    assert "out_of_scope" in trained
    assert {item["language"] for item in out_of_scope_items(DEVELOPMENT)} == {"en", "zh"}


def test_both_answers_of_an_item_are_right():
    item = {"topic": "cost.overview", "also": ["cost.hidden"]}
    assert intents_of(item) == {"ask_cost_overview", "ask_cost_hidden"}
