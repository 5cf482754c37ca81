"""Sentences of a message, and what they do to the assessment of a long one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.safety.assessor import RiskLevel
from bot.safety.model import THRESHOLDS, join
from bot.safety.runtime import load_assessor
from bot.safety.sentences import sentences


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("One. Two? Three", ["One.", "Two?", "Three"]),
        ("6.5 cm is much. Is it?", ["6.5 cm is much.", "Is it?"]),
        ("第一句。第二句！第三句", ["第一句。", "第二句！", "第三句"]),
        ("a line\nanother line", ["a line", "another line"]),
        ("", []),
        ("?! 12", []),
    ],
)
def test_sentences(text, parts):
    assert sentences(text) == parts


@given(st.text(max_size=300))
def test_any_text_is_cut_and_nothing_is_invented(text):
    for part in sentences(text):
        assert part in text


def quiet():
    return load_assessor().assess("how long is the stay")


def test_one_sure_sentence_of_a_long_message_is_enough():
    risk = join(quiet(), {"crisis": 0.02, "none": 0.98}, support=THRESHOLDS.sentence_sure)
    assert (risk.level, risk.gentle) == (RiskLevel.CRISIS, True)
    risk = join(quiet(), {"crisis": 0.02, "none": 0.98}, support=0.6)
    assert risk.level is RiskLevel.NONE


def test_a_doubt_that_no_sentence_supports_falls():
    scores = {"crisis": 0.3, "none": 0.7}
    assert join(quiet(), scores, support=0.01).level is RiskLevel.NONE
    assert join(quiet(), scores, support=0.3).level is RiskLevel.CRISIS
    assert join(quiet(), scores).level is RiskLevel.CRISIS  # one sentence
    assert join(quiet(), {"crisis": 0.9, "none": 0.1}, support=0.01).level is RiskLevel.CRISIS


def test_a_pattern_in_a_sentence_is_not_overruled_by_the_rest():
    found = load_assessor().assess("Calcium or magnesium? I want to die. And how much vitamin D?")
    assert found.level is RiskLevel.CRISIS
    scores = {"crisis": 0.05, "none": 0.95}
    assert join(found, scores, support=0.9).level is RiskLevel.CRISIS
    assert join(found, scores, support=0.05).level is RiskLevel.NONE


@pytest.mark.parametrize(
    "text",
    [
        "I swallowed all my tablets to die",
        "the gun is on my lap and i want to die",
        "might kill myself tonight",
        "I'm bleeding, I tried to end my life",
        "我翻过栏杆了，不想活了",
        "农药我喝了半瓶，想死",
        "刀抵着手腕，不想活了",
        "不等了，就今晚，我去死",
    ],
)
def test_means_at_hand_and_now_are_marked(text):
    assert "imminent" in load_assessor().assess(text).marks


@pytest.mark.parametrize(
    "text", ["I think about suicide a lot", "我经常想死", "i want to die but i have no plan"]
)
def test_a_wish_alone_is_not(text):
    assert "imminent" not in load_assessor().assess(text).marks
