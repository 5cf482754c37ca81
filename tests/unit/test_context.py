"""Which messages go on with the last topic, and what of it they are about."""

import pytest

from actions.knowledge import load_knowledge
from actions.knowledge.schema import Fits, Mentioned
from bot.context import leans_on, nearest
from bot.state import mentioned

LAST = "complication.infection"


def parse(intent, confidence, leans, entities=(), **more):
    return {
        "intent": {"name": intent, "confidence": confidence},
        "intent_ranking": [{"name": intent, "confidence": confidence}],
        "entities": [{"entity": kind, "value": value} for kind, value in entities],
        "leans": leans,
        **more,
    }


@pytest.mark.parametrize(
    "intent, confidence, leans, text, expected",
    [
        ("ask_eligibility_candidacy", 0.6, 0.97, "and for older people?", True),
        ("ask_cost_overview", 0.99, 0.03, "what does it cost", False),
        ("out_of_scope", 0.3, 0.9, "什么时候开始的", True),
        ("out_of_scope", 0.95, 0.02, "what's the weather", False),
        ("deny", 0.8, 0.95, "not even a little?", True),
        ("deny", 0.8, 0.95, "no", False),
        ("thanks", 0.9, 0.99, "thanks, why", False),
        ("decline_help", 0.6, 0.95, "she won't listen", True),
        ("decline_help", 0.95, 0.95, "i can't call anyone", False),
        ("request_diy", 0.9, 0.99, "can i do it at home", False),
        ("follow_up_signs", 0.9, 0.99, "how would i notice", False),
    ],
)
def test_leaning_messages_stay(intent, confidence, leans, text, expected):
    assert leans_on(LAST, parse(intent, confidence, leans), text) is expected


def test_nothing_to_lean_on():
    assert not leans_on(None, parse("ask_cost_overview", 0.3, 0.99), "why")


def test_naming_the_operation_speaks_for_a_new_question():
    asked = parse("ask_procedure_overview", 0.9, 0.6)
    assert leans_on(LAST, asked, "how do they do that")
    assert not leans_on(LAST, asked, "how do they do the surgery")


def test_the_nearest_statement_leaves_out_what_was_said():
    knowledge = load_knowledge()
    first, cosine = nearest(knowledge, LAST, "pus and redness around a pin")
    assert first is not None
    assert first.startswith("signs/")
    assert cosine > 0.25
    assert nearest(knowledge, LAST, "pus and redness around a pin", [first])[0] != first


def test_a_claim_fits_what_was_mentioned():
    fits = Fits(technique=("internal_nail",), cm=(5, 8))
    assert fits.rank(Mentioned(technique=("internal_nail",), cm=6)) == 1
    assert fits.rank(Mentioned(technique=("internal_nail",), cm=3)) == -1
    assert fits.rank(Mentioned(technique=("lon",))) == -1
    assert fits.rank(Mentioned(segment=("femur",))) == 0


def test_a_body_height_is_no_amount():
    entities = [{"entity": "amount", "value": 65.0, "start": 6, "end": 11}]
    assert mentioned(None, {"entities": entities}, "i'm 165 cm") is None
    entities = [{"entity": "amount", "value": 8.0, "start": 7, "end": 11}]
    assert mentioned(None, {"entities": entities}, "i want 8 cm") == {"cm": 8.0}
