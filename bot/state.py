"""The conversation state of the contract, computed from one message and the state before it.

Pure functions over plain dictionaries: `bot.policies.turn_state` puts the result into slots at
the start of each turn, in the Rasa process, so that it is never stale when an action is late.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from actions.knowledge.schema import LANGUAGES
from bot.nlu.text import CJK_CHARACTER
from bot.safety.assessor import RiskLevel

FALLBACK_INTENTS = frozenset({"nlu_fallback", "out_of_scope", "no_words"})
TOPIC_PREFIX = "ask_"
# Intents that begin with "ask_" but are dialogue acts.
_ACTS = frozenset({"ask_sources", "ask_who"})
# A message with one of these intents neither answers nor leaves an open crisis.
_UNCLEAR = frozenset({"affirm", "more", "insult", "greet", None, *FALLBACK_INTENTS})

_AGE = re.compile(
    r"\b(?:i\s*am|i['’]?m|im|aged?|turning|just turned)\s*(\d{1,2})\b"
    r"(?!\s*(?:cm|kg|%|inch|feet|foot|ft|['\"]|k\b|months?|weeks?|days?|out of))"
    r"|\b(\d{1,2})\s*(?:years? old|yo\b|y/o)"
    r"|(?:我|本人|今年|刚满|才|已经)\s*(\d{1,2})\s*(?:周?岁|了)"
    r"|(?<![\d\w])(\d{1,2})\s*(?:周)?岁的?(?:男生|女生|学生|人)",
    re.IGNORECASE,
)


def is_topic_intent(intent: str | None) -> bool:
    """Return whether `intent` asks a knowledge topic."""
    return bool(intent) and str(intent).startswith(TOPIC_PREFIX) and intent not in _ACTS


def next_state(
    before: Mapping[str, Any],
    parse: Mapping[str, Any],
    text: str,
    region_said: str | None,
    metadata: Mapping[str, Any],
) -> dict[str, Any]:
    """Return the contract slots for this turn, before the reply.

    `before`: slot values so far; `parse`: the NLU result (intent, language, risk); `text`: the
    message; `region_said`: ISO code found in it; `metadata`: what the channel adds (`language`
    chosen in the widget, `region` of the site). `topic` and `topics` are empty until the reply
    confirms them.
    """
    intent = (parse.get("intent") or {}).get("name")
    risk = parse.get("risk") or {}
    level = _risk(before.get("risk_level"), risk, intent)
    choice = _choice(intent, metadata) or before.get("language_choice")
    peak = max(level, _level(before.get("peak_risk_level")), key=lambda one: one.rank)
    return {
        "topic": None,
        "topics": [],
        "risk_level": level.value,
        "peak_risk_level": peak.value,
        "language": choice or _language(before.get("language"), parse, text),
        "language_choice": choice,
        "region": region_said or before.get("region") or metadata.get("region"),
        "age_band": age_band(text) or before.get("age_band"),
        "fallback": intent in FALLBACK_INTENTS and level is RiskLevel.NONE,
    }


def age_band(text: str) -> str | None:
    """Return the age band of a person who says their age ("I'm 16", "我15岁"), else None."""
    match = _AGE.search(text)
    if not match:
        return None
    age = int(next(group for group in match.groups() if group))
    if age < 4:
        return None
    return "under_14" if age < 14 else "14_17" if age < 18 else "adult"


def _risk(before: Any, risk: Mapping[str, Any], intent: str | None) -> RiskLevel:
    """An open crisis or emergency lasts while the person goes on with it."""
    now, open_level = _level(risk.get("level")), _level(before)
    if open_level.rank < RiskLevel.MEDICAL_EMERGENCY.rank or risk.get("denied"):
        return now
    goes_on = intent in _UNCLEAR or intent in {"report_distress", "report_crisis"}
    return max(now, open_level, key=lambda one: one.rank) if goes_on else now


def _level(value: Any) -> RiskLevel:
    return RiskLevel(value) if value else RiskLevel.NONE


def _choice(intent: str | None, metadata: Mapping[str, Any]) -> str | None:
    if intent == "switch_to_english":
        return "en"
    if intent == "switch_to_chinese":
        return "zh"
    chosen = metadata.get("language")
    return chosen if chosen in LANGUAGES else None


def _language(before: str | None, parse: Mapping[str, Any], text: str) -> str:
    detected = parse.get("language")
    if detected in LANGUAGES:
        return str(detected)
    return before or ("zh" if CJK_CHARACTER.search(text) else "en")
