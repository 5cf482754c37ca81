from __future__ import annotations

import pytest
from rasa.shared.nlu.training_data.message import Message

from bot.nlu.fallback import CalibratedFallback


def decide(*ranking: tuple[str, float]) -> str:
    """Return the intent that is decided on for a message with this ranking."""
    entries = [{"name": name, "confidence": share} for name, share in ranking]
    message = Message({"text": "a message", "intent": entries[0], "intent_ranking": entries})
    CalibratedFallback(CalibratedFallback.get_default_config()).annotate(message)
    return str(message.get("intent")["name"])


@pytest.mark.parametrize(
    ("ranking", "wanted"),
    [
        ([("ask_law_age", 0.6), ("request_forged_age", 0.3)], "request_forged_age"),
        (  # the requests count together
            [("ask_growth_hormone", 0.7), ("request_diy", 0.16), ("request_hiding", 0.1)],
            "request_diy",
        ),
        ([("ask_law_age", 0.8), ("request_forged_age", 0.15)], "ask_law_age"),
        ([("report_crisis", 0.6), ("request_hiding", 0.4)], "report_crisis"),
        ([("ask_law_age", 0.6), ("request_safety_plan", 0.4)], "ask_law_age"),
        (
            [("ask_cost_agents", 0.5), ("ask_referral_clinic_recommendation", 0.4)],
            "ask_referral_clinic_recommendation",
        ),
        ([("ask_law_age", 0.15), ("ask_law_china", 0.1)], "nlu_fallback"),
        ([("ask_law_age", 0.31), ("ask_law_china", 0.3)], "nlu_fallback"),
    ],
)
def test_decision(ranking: list[tuple[str, float]], wanted: str) -> None:
    assert decide(*ranking) == wanted
