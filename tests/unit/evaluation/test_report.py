"""Figures from made-up results, and the page that shows them."""

import dataclasses
import re
from xml.etree import ElementTree

import pytest

from tests.evaluation.curve import Curve, Point, read_curve, write_curve
from tests.evaluation.metrics import Detection, Share
from tests.evaluation.report import render, write_report
from tests.evaluation.summary import (
    Confusion,
    Dialogue,
    Result,
    as_text,
    confusions,
    outcome_of,
    summarise,
)

HOSTILE = "<script>alert(1)</script> & \" ' $\\frac{$ -- ]]> </svg>"


def result(**fields):
    made = Result(
        language="en",
        script=None,
        group="cost",
        style="plain",
        right=True,
        offered=False,
        text="how much",
        wanted="cost.overview",
        got="cost.overview",
        topic="cost.overview",
        risk="none",
        outcome="answered",
        confidence=0.95,
        top_right=True,
    )
    return dataclasses.replace(made, **fields)


WRONG = {"right": False, "top_right": False}
UNKNOWN = {"topic": None, "outcome": "said unknown", "got": "None"}
SEEN = {"topic": None, "risk": "crisis", "outcome": "other words", "confidence": None}
OUTSIDE = {"wanted": "out_of_scope", "group": "out_of_scope"}
RESULTS = [
    *[result() for _ in range(6)],
    result(**WRONG, topic="law.china", got="law.china", text="MARK wrong", confidence=0.55),
    result(**WRONG, topic="law.china", got="law.china", confidence=0.35),
    result(**WRONG, **UNKNOWN, confidence=0.15),
    result(**WRONG, **SEEN),
    result(**OUTSIDE, **UNKNOWN),
    result(**OUTSIDE, topic=None, outcome="asked back", got="None"),
    result(**OUTSIDE, **WRONG, topic="cost.overview"),
    result(language="zh", script="hans", text="多少钱"),
    result(
        language="zh",
        script="hant",
        text="多少錢",
        **WRONG,
        topic=None,
        outcome="asked back",
        offered=True,
    ),
    result(
        wanted="crisis",
        group="crisis",
        topic=None,
        risk="crisis",
        outcome="other words",
        confidence=None,
    ),
]
TURNS = [Dialogue("en", True, ""), Dialogue("zh", False, "")]
CURVE = Curve(
    "how",
    [
        Point(0.5, 10, {"en": Share(1, 2), "zh": Share(0, 2)}, 1.0),
        Point(1.0, 20, {"en": Share(2, 2), "zh": Share(1, 2)}, 2.0),
    ],
)


@pytest.fixture(scope="module")
def summary():
    return summarise("development", RESULTS, TURNS)


@pytest.fixture(scope="module")
def page(summary):
    return render(summary, RESULTS, CURVE)


def test_traditional_chinese_is_a_group_of_its_own(summary):
    assert [(r.name, r.share) for r in summary.scripts] == [
        ("simplified", Share(1, 1)),
        ("traditional", Share(0, 1)),
    ]


def test_out_of_scope_told_from_topics(summary):
    found = summary.detection["nothing answered"]
    # Unanswered: one topic message (the crisis was not), two of three out of scope.
    assert found["en"] == Detection(Share(2, 3), Share(2, 3))
    assert found["zh"] == Detection(Share(0, 1), Share(0, 0))
    assert summary.detection["said so"]["all"] == Detection(Share(1, 2), Share(1, 3))


def test_confusions_count_pairs_and_outcomes():
    found = confusions([r for r in RESULTS if r.asks_topic])
    assert found[0] == Confusion("cost.overview", "law.china", 2, 12)
    assert {c.got for c in found[1:]} == {"(said unknown)", "(crisis)", "(asked back)"}


def test_what_happened(summary):
    counts = {(o.group, o.kind): o.counts for o in summary.outcomes}
    assert counts["en", "topic messages"] == {
        "answered rightly": 6,
        "answered wrongly": 2,
        "said unknown": 1,
        "other words": 1,
    }
    assert counts["en", "out of scope"]["answered wrongly"] == 1


def test_messages_that_were_not_classified_have_no_calibration(summary):
    assert summary.calibration["en"].n == 12  # ten and three, less the crisis
    assert summary.calibration["all"].n == 14


@pytest.mark.parametrize(
    "topic, templates, outcome",
    [
        ("cost.overview", ["kb_claims"], "answered"),
        (None, ["utter_did_you_mean"], "asked back"),
        (None, ["utter_disclosure", "utter_out_of_scope"], "said unknown"),
        (None, ["utter_fallback"], "said unknown"),
        (None, ["utter_crisis"], "other words"),
    ],
)
def test_outcomes(topic, templates, outcome):
    assert outcome_of(topic, templates) == outcome


def test_text_and_page_show_the_same_figures(summary, page):
    text = as_text(summary)
    for row in (*summary.overall, *summary.areas, *summary.scripts, *summary.dialogues):
        assert str(row.share) in text
        assert row.share.percent in page
    for groups in summary.detection.values():
        for found in groups.values():
            assert str(found.precision) in text
            assert str(found.precision) in page
            assert str(found.recall) in text
            assert str(found.recall) in page
    for found in summary.calibration.values():
        assert f"{found.error:.3f}" in text
        assert f"{found.error:.3f}" in page


def test_the_page_needs_nothing_from_elsewhere(page):
    assert page.count("<svg") == 6
    assert not re.search(r"<(?:script|link|img|iframe|image|object|embed)\b", page)
    assert not re.search(r"""(?:src|href)\s*=\s*["'](?!#)""", page)
    assert "url(http" not in page.replace(" ", "")
    assert "@import" not in page


def test_hostile_text_stays_text():
    hostile = result(
        **WRONG,
        text=HOSTILE,
        got=HOSTILE,
        topic=HOSTILE,
        style=HOSTILE,
        wanted=f"a.{HOSTILE}",
        group=HOSTILE,
    )
    summary = summarise(HOSTILE, [hostile, result()], TURNS)
    page = render(summary, [hostile], Curve(HOSTILE, CURVE.points))
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert page.count("</svg>") == page.count("<svg") == 6
    for svg in re.findall(r"<svg.*?</svg>", page, re.DOTALL):
        ElementTree.fromstring(svg)


def test_a_sealed_part_shows_no_message_and_no_confusion(summary):
    page = render(summary, None, None)
    assert "MARK wrong" not in page
    assert "law.china" not in page
    assert "make eval-curve" in page


def test_nothing_measured_still_renders(tmp_path):
    write_report(tmp_path / "new" / "page.html", summarise("x", [], []), [], tmp_path / "none.json")
    assert "Topics right" in (tmp_path / "new" / "page.html").read_text("utf-8")


def test_the_curve_survives_its_file(tmp_path):
    write_curve(tmp_path / "curve.json", CURVE)
    assert read_curve(tmp_path / "curve.json") == CURVE


@pytest.mark.parametrize("content", ["", "[]", '{"points": [{}]}', '{"points": [], "setting"', "7"])
def test_a_broken_curve_is_named(tmp_path, content):
    (tmp_path / "curve.json").write_text(content)
    with pytest.raises(ValueError, match=r"curve\.json"):
        read_curve(tmp_path / "curve.json")
