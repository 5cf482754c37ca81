"""Join what the patterns and the classifier say about one message."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.safety.assessor import Assessment, RiskLevel

# The classifier's probability from which its safety intents count. Low, because missing a person
# costs more than asking one gentle question too many.
_THRESHOLDS = {
    "report_crisis": (RiskLevel.CRISIS, 0.35),
    "report_medical_emergency": (RiskLevel.MEDICAL_EMERGENCY, 0.4),
    "report_distress": (RiskLevel.DISTRESS, 0.35),
}


def combine(assessment: Assessment, ranking: Mapping[str, float]) -> dict[str, Any]:
    """Return level, rules, subject and denied as JSON-ready values.

    `ranking` maps intents to probabilities. The higher level of the two wins; a plain denial
    ("I'm not suicidal, just asking") is believed over the classifier.
    """
    level, rules = assessment.level, list(assessment.rule_ids)
    for intent, (by_intent, threshold) in _THRESHOLDS.items():
        if ranking.get(intent, 0.0) < threshold or by_intent.rank <= level.rank:
            continue
        if by_intent is RiskLevel.CRISIS and assessment.denied:
            continue
        level = by_intent
        rules.append(f"intent:{intent}")
    return {
        "level": level.value,
        "rules": rules,
        "subject": assessment.subject,
        "denied": assessment.denied,
    }
