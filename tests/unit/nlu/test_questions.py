"""Several questions in one message."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.nlu.questions import split


@pytest.mark.parametrize(
    "text, parts",
    [
        (
            "how much is it and how long before i walk?",
            ["how much is it", "how long before i walk?"],
        ),
        ("can it get infected? what does it cost?", ["can it get infected?", "what does it cost?"]),
        ("会感染吗？要花多少钱", ["会感染吗？", "要花多少钱"]),
        ("多久能走路，还有疼不疼啊，要多少钱", ["多久能走路", "要多少钱"]),
        ("how painful is it", []),
        ("nails and frames", []),
        ("i am 20, i work in a bank, i live alone, my mum is old, is it safe, what is it", []),
    ],
)
def test_split(text, parts):
    assert split(text) == parts


@given(st.text())
def test_any_text_can_be_split(text):
    parts = split(text.lower())
    assert len(parts) != 1
    assert all(part in text.lower() for part in parts)
