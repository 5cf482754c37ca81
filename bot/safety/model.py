"""The whole risk assessment of one message: patterns and classifier, joined.

    load_risk().assess("...")  ->  {"level": "crisis", "subject": "self", "imminent": False, ...}

A plain library without Rasa. It is called twice: by the channel before the conversation lock, and
by the graph. If the classifier is missing or fails, the patterns alone decide.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from bot.nlu.text import CJK_CHARACTER
from bot.safety.assessor import Assessment, Assessor, RiskLevel
from bot.safety.classifier import RiskClassifier
from bot.safety.languages import UNKNOWN, Danger, OtherLanguages
from bot.safety.sentences import sentences

__all__ = ["THRESHOLDS", "Risk", "RiskModel", "relieve"]

logger = logging.getLogger(__name__)
Urgency = Literal["now", "today"]


@dataclass(frozen=True)
class Thresholds:
    """Probabilities of the classifier from which it raises the level.

    Low, because missing a person costs more than one gentle question too many. Chosen on
    out-of-fold predictions and the development part of the safety evaluation; `crisis_sure` is
    where the words no longer need to ask gently first. Below `overrule` the classifier overrules
    a pattern: it has learnt from both what the pattern cannot see (a news story, a question). From
    `clear_question` on, an intent that asks something lifts a `doubt`, a probability of a crisis
    below that (`relieve`). `sentence_sure`: a
    single sentence of a long message is enough; `unsupported`: up to here a doubt needs a sentence
    that supports it. Below `over` a crisis that the words
    put into the past, and say is over, is. `imminent` counts from `imminent_beside` for a crisis:
    a mere doubt is asked about, gently.
    """

    crisis: float = 0.17
    crisis_sure: float = 0.75
    crisis_after_distress: float = 0.14
    imminent: float = 0.12
    imminent_beside: float = 0.4
    acting: float = 0.35
    crisis_over_emergency: float = 0.8
    sentence_sure: float = 0.95
    unsupported: float = 0.5
    clear_question: float = 0.9
    plain_distress: float = 0.9
    doubt: float = 0.5
    overrule: float = 0.3
    overrule_emergency: float = 0.08
    over: float = 0.6
    emergency: float = 0.25
    distress: float = 0.2
    denial: float = 0.45


THRESHOLDS = Thresholds()

# Characters up to which the classifier reads a message well enough to overrule a pattern in it.
_READ_WHOLE = 500
_SHORT = 250  # characters of English within which the whole is read better than its sentences
_OVER = frozenset({"past", "well"})
_NOT_OVER = frozenset({"present", "imminent", "hopeless", "soon", "lost"})
_LATEST = 64  # messages whose assessment is kept for a moment
# Share of words that the classifier knows from which an unidentified message counts as English.
_FAMILIAR = 0.5
_MOST_SENTENCES = 20  # of a message that are read by themselves
_LEVEL_OF_KIND = {
    "crisis": RiskLevel.CRISIS,
    "imminent": RiskLevel.CRISIS,
    "crisis_other": RiskLevel.CRISIS,
    "emergency_now": RiskLevel.MEDICAL_EMERGENCY,
    "none": RiskLevel.NONE,
}
_SELF, _OTHER = ("crisis", "imminent"), ("crisis_other", "imminent_other")
_IMMINENT = ("imminent", "imminent_other")
_EMERGENCY = ("emergency_now", "emergency_today")
# Questions that are asked in despair as well.
_HEAVY = {
    *("ask_complication_death", "ask_wellbeing_self_acceptance", "ask_wellbeing_grounding"),
    "ask_cost_insurance_and_financing",  # "would it still pay if it was me who did it?"
}
_ASKING = ("ask_", "request_", "switch_", "follow_up_")
_OF_US = "ask_about_"
# What is taken up first where a message has several.
_SIGNS = ("chest", "fat", "circulation", "nerve", "clot", "infection", "hardware")
_NOW = {"chest", "fat", "circulation", "motor"}
_THEMES = ("self_harm", "burden", "rejected", "surgery", "height", "alone", "tired")
_BARRIERS = ("police", "nobody", "useless", "phone", "effort")


@dataclass(frozen=True)
class Risk:
    """What one message says about danger, before its conversation is looked at.

    `denied_outright`: by a written pattern ("I'm not suicidal"), not by the classifier alone;
    `gentle`: in doubt, to be asked about gently; `urgency`: of a medical emergency; `sign`: which
    signs; `theme`: what hurts; `barrier`: what makes asking for help hard; `hopeless`: no way out;
    `wait`: asks whether it can wait; `asks`: "calm" or "plan"; `coming`: help is near; `safe`:
    says they are safe now; `cleared`: a doctor found nothing; `serious`: means what they said;
    `soon`: nothing but a time close by; `of_other`: names another, and no wish of their own;
    `lost`: the other cannot be reached;
    `plain_no`, `not_today`: nothing but a no, will not act on it now;
    `spoken`: language of the message where that is neither English nor Chinese and we have words;
    `acting`: sounds like acting now, whatever the level; `means`: and says so in words;
    `leaning` and `relief`: probabilities of a crisis and of a denial by the classifier.
    """

    level: RiskLevel
    rules: tuple[str, ...]
    subject: Literal["self", "other"]
    denied: bool
    denied_outright: bool = False
    gentle: bool = False
    imminent: bool = False
    urgency: Urgency | None = None
    sign: str | None = None
    theme: str | None = None
    barrier: str | None = None
    hopeless: bool = False
    wait: bool = False
    asks: str | None = None
    coming: bool = False
    safe: bool = False
    cleared: bool = False
    serious: bool = False
    soon: bool = False
    of_other: bool = False
    lost: bool = False
    plain_no: bool = False
    not_today: bool = False
    spoken: str | None = None
    acting: bool = False
    means: bool = False
    leaning: float = 0.0
    relief: float = 0.0

    def as_json(self) -> dict[str, Any]:
        """Return JSON-ready values, for Rasa's parse result."""
        return {**asdict(self), "level": self.level.value, "rules": list(self.rules)}


class RiskModel:
    """Patterns, classifier and other languages; each None where it could not be loaded."""

    def __init__(
        self,
        assessor: Assessor,
        classifier: RiskClassifier | None,
        languages: OtherLanguages | None = None,
    ) -> None:
        self._assessor = assessor
        self._classifier = classifier
        self._languages = languages
        self._latest: dict[str, Risk] = {}

    def assess(self, text: str) -> Risk:
        """Return the risk of one message. Total: never raises, whatever the classifier does.

        The channel and the graph ask about the same message within a second; the latest answers
        are kept for that, in memory only.
        """
        known = self._latest.get(text)
        if known is None:
            known = self._latest[text] = self._assess(text)
            if len(self._latest) > _LATEST:
                self._latest.pop(next(iter(self._latest)), None)
        return known

    def _assess(self, text: str) -> Risk:
        found = self._assessor.assess(text)
        other = self._other_language(text)
        if other is not None and other.language is not None:
            return _spoken(join(found, {}), other)
        risk = self._judge(text, found)
        mended = self._mended(text)
        if mended is not None:
            # "im gona kil mysekf" says nothing to patterns and vectors until it is mended.
            again = self._judge(mended, self._assessor.assess(mended))
            risk = again if again.level.rank > risk.level.rank else risk
        return risk if other is None else _spoken(risk, other)

    def _judge(self, text: str, found: Assessment) -> Risk:
        """Return what patterns (`found`) and classifier say together about `text`."""
        scores: Mapping[str, float] = {}
        support: float | None = None
        if self._classifier is not None and text.strip():
            try:
                scores, support = self._read(self._classifier, text)
            except Exception:
                logger.exception("risk classifier failed; patterns alone decide")
        # Chinese says as much in half the characters.
        length = len(text) * (2 if CJK_CHARACTER.search(text) else 1)
        whole, short = len(text) <= _READ_WHOLE, length <= _SHORT
        return join(found, scores, overrule=whole, support=support, short=short)

    def _mended(self, text: str) -> str | None:
        """Return a message without its spelling mistakes, None where it has none that we see."""
        try:
            return self._classifier.mended(text) if self._classifier is not None else None
        except Exception:
            logger.exception("spelling could not be mended; the message is read as it is")
            return None

    @staticmethod
    def _read(classifier: RiskClassifier, text: str) -> tuple[Mapping[str, float], float | None]:
        """Return the scores of the whole, and the highest of a sentence that speaks of a crisis.

        None for a message of one sentence. One call for all, so that it costs little more.
        """
        parts = sentences(text)
        if len(parts) > _MOST_SENTENCES:  # what is worst often comes last
            parts = [*parts[: _MOST_SENTENCES // 2], *parts[-_MOST_SENTENCES // 2 :]]
        if len(parts) < 2:
            return classifier.probabilities(text), None
        whole, *rows = classifier.rows([text, *parts])
        return whole, max(sum(row.get(label, 0.0) for label in (*_SELF, *_OTHER)) for row in rows)

    def _other_language(self, text: str) -> Danger | None:
        """Return what a message in another language speaks of, None for English and Chinese."""
        if self._languages is None:
            return None
        try:
            code = self._languages.identify(text)
            if code is None or (code == UNKNOWN and self._knows_words(text)):
                return None
            return self._languages.assess(text, code)
        except Exception:
            logger.exception("other languages failed; the message is read as English")
            return None

    def _knows_words(self, text: str) -> bool:
        """Return whether the classifier has learnt from most words of a message: terse English."""
        return self._classifier is not None and self._classifier.familiarity(text) >= _FAMILIAR


def _spoken(risk: Risk, danger: Danger) -> Risk:
    """Return the risk of a message in another language; the higher level of the two counts."""
    kind, language = danger.kind, danger.language
    level = _LEVEL_OF_KIND[kind]
    if level.rank <= risk.level.rank:
        return replace(risk, spoken=language)
    return replace(
        risk,
        level=level,
        rules=(f"language:{language}",) if language else ("classifier:language",),
        subject="other" if kind == "crisis_other" else "self",
        denied=False,
        denied_outright=False,
        gentle=language is None,  # no language that we know: ask before anything else
        imminent=kind == "imminent",
        urgency="now" if level is RiskLevel.MEDICAL_EMERGENCY else None,
        acting=kind == "imminent",
        spoken=language,
        leaning=1.0 if language and level is RiskLevel.CRISIS else risk.leaning,
    )


def join(
    found: Assessment,
    scores: Mapping[str, float],
    at: Thresholds = THRESHOLDS,
    overrule: bool = True,
    support: float | None = None,
    short: bool = False,
) -> Risk:
    """Return the joint result; the higher level of the two layers wins.

    `scores`: probability by label, empty where there is no classifier. A plain denial is believed
    over the classifier. `overrule`: whether the classifier may overrule a pattern. `support`: the
    highest probability of a crisis in a single sentence, None where there is one sentence: one
    sure sentence is enough, and a doubt about a long message that no sentence of it supports falls.
    `short`: the whole message is read better than its sentences, which may be of the past.
    """

    def mass(*labels: str) -> float:
        return sum(scores.get(label, 0.0) for label in labels)

    leaning = mass(*_SELF, *_OTHER)
    level, rules = found.level, list(found.rule_ids)
    if overrule and scores:
        # A sentence by itself may be of the past, of a story, of a form: in a short message the
        # whole decides; in a long one danger may be buried.
        certain = leaning if short else max(leaning, support or 0.0)
        refuted = level is RiskLevel.CRISIS and certain < at.overrule
        refuted |= (
            level is RiskLevel.MEDICAL_EMERGENCY and mass(*_EMERGENCY) < at.overrule_emergency
        )
        if refuted:
            level, rules = RiskLevel.NONE, []
    if overrule and level is RiskLevel.CRISIS and mass("denial") >= max(at.denial, leaning):
        level, rules = RiskLevel.NONE, []  # "nobody here wants to die, it's for homework"
    # "I tried at 17, I'm 40 now and well; does it count against me?"
    over = scores and found.marks >= _OVER and not found.marks & _NOT_OVER and leaning < at.over
    if over and level is RiskLevel.CRISIS:
        level, rules = RiskLevel.NONE, []
    by_pattern = level
    denied = found.denied or (
        level is not RiskLevel.CRISIS and mass("denial") >= max(at.denial, leaning)
    )
    sign = _first(_SIGNS, found.marks | ({"nerve"} if "motor" in found.marks else set()))
    sure = support is not None and support >= at.sentence_sure
    doubted = support is not None and support < at.crisis and leaning < at.unsupported
    layers = (
        (RiskLevel.CRISIS, 1.0 if sure else 0.0 if doubted else leaning, at.crisis),
        (RiskLevel.MEDICAL_EMERGENCY, mass(*_EMERGENCY), at.emergency),
        (RiskLevel.DISTRESS, mass("distress"), at.distress),
    )
    for its_level, probability, threshold in layers:
        if probability < threshold or its_level.rank <= level.rank:
            continue
        if its_level is RiskLevel.CRISIS and (denied or over):
            continue
        if its_level is RiskLevel.CRISIS and leaning < min(mass(*_EMERGENCY), at.crisis_sure):
            continue  # signs after surgery, told in despair or not
        if level is RiskLevel.MEDICAL_EMERGENCY and probability < at.crisis_over_emergency:
            continue  # signs after surgery are plain words; despair about them is not
        level = its_level
        rules.append(f"classifier:{its_level.value}")
    has_signs = level is RiskLevel.MEDICAL_EMERGENCY or (level is RiskLevel.CRISIS and sign)
    return Risk(
        level=level,
        rules=tuple(rules),
        subject=_subject(found, scores, by_pattern),
        denied=denied,
        denied_outright=found.denied and level is not RiskLevel.CRISIS,
        gentle=level is RiskLevel.CRISIS
        and by_pattern is not RiskLevel.CRISIS
        and leaning < at.crisis_sure,
        imminent=level is RiskLevel.CRISIS
        and (
            ("imminent" in found.marks and by_pattern is RiskLevel.CRISIS)
            or (
                ("imminent" in found.marks or mass(*_IMMINENT) >= at.imminent)
                and leaning >= at.imminent_beside
            )
        ),
        urgency=_urgency(found, scores) if has_signs else None,
        sign=sign,
        theme=_first(_THEMES, found.marks),
        barrier=_first(_BARRIERS, found.marks),
        hopeless="hopeless" in found.marks,
        wait="wait" in found.marks,
        asks=_first(("plan", "calm"), found.marks),
        coming="coming" in found.marks,
        safe="safe" in found.marks,
        cleared="cleared" in found.marks,
        serious="serious" in found.marks,
        soon="soon" in found.marks,
        of_other="them" in found.marks and "own_wish" not in found.marks,
        lost="lost" in found.marks,
        plain_no="plain_no" in found.marks,
        not_today="not_today" in found.marks,
        acting="imminent" in found.marks or mass(*_IMMINENT) >= at.acting,
        means="imminent" in found.marks,
        leaning=round(leaning, 3),
        relief=round(mass("denial"), 3),
    )


def relieve(risk: Risk, intent: str | None, confidence: float) -> Risk:
    """Return the risk of a message that plainly asks something else.

    A doubt of the classifier alone does not stand against a clear question about a topic (long
    and emotional questions resemble despair), nor against words that plainly tell of distress; what
    patterns saw, and a sure classifier, do.
    """
    plainly = intent == "report_distress" and confidence >= THRESHOLDS.plain_distress
    if plainly and risk.gentle and risk.leaning < THRESHOLDS.imminent_beside:
        # "ok, I'm scared now" says what it is.
        return replace(risk, level=RiskLevel.DISTRESS, gentle=False, imminent=False)
    asks = str(intent).startswith(_ASKING) and intent not in _HEAVY
    clear = asks and confidence >= THRESHOLDS.clear_question
    # "I'd sooner speak with someone of flesh and blood" asks for a person, whatever it sounds like.
    doubt = THRESHOLDS.crisis_sure if str(intent).startswith(_OF_US) else THRESHOLDS.doubt
    if not (risk.gentle and clear and risk.leaning < doubt):
        return risk
    return replace(risk, level=RiskLevel.NONE, gentle=False, imminent=False, rules=())


def _subject(
    found: Assessment, scores: Mapping[str, float], by_pattern: RiskLevel
) -> Literal["self", "other"]:
    of_self = sum(scores.get(label, 0.0) for label in _SELF)
    of_other = sum(scores.get(label, 0.0) for label in _OTHER)
    if by_pattern is RiskLevel.CRISIS and found.subject == "other":
        return "other" if of_self < 0.8 else "self"
    return "other" if of_other > 0.5 and of_other > of_self else "self"


def _urgency(found: Assessment, scores: Mapping[str, float]) -> Urgency:
    """Return "today" only where nothing points to "now"; in doubt now."""
    if found.marks & _NOW:
        return "now"
    if scores:
        later = scores.get("emergency_today", 0.0) > 2 * scores.get("emergency_now", 0.0)
        return "today" if later else "now"
    return "today" if "today" in found.marks else "now"


def _first(order: tuple[str, ...], marks: frozenset[str] | set[str]) -> str | None:
    return next((name for name in order if name in marks), None)
