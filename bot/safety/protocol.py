"""The course of a conversation about danger: which fixed words come next, and what is remembered.

Pure functions over plain values; nothing here knows Rasa. The steps follow what the VERA-MH
rubric asks of a reply (docs/safety.md): acknowledge, ask directly and once, guide to people of
two kinds, offer something to do now, ask what makes help hard, never repeat the list, never end
the conversation, believe a denial and leave the door open.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.safety.assessor import RiskLevel

__all__ = ["Facts", "Plan", "advance"]

# In an open crisis these intents go on with it; anything else that is clearly said leaves it.
_GOES_ON = frozenset(
    {
        *(
            "affirm",
            "deny",
            "no_risk_denial",
            "more",
            "insult",
            "greet",
            "thanks",
            "goodbye",
            "no_words",
        ),
        *("nlu_fallback", "out_of_scope", "report_distress", "report_crisis", "decline_help"),
        *("request_safety_plan", "stop", "switch_to_english", "switch_to_chinese"),
        *("ask_who", "ask_about_human", "ask_about_privacy", "ask_about_assistant"),
        *("ask_referral_mental_health", "follow_up_action", "report_medical_emergency"),
    }
)
_NEXT_STEP = frozenset({"affirm", "more", "thanks"})
SAFETY_PLAN = "safety_plan_form"
_CLEAR = 0.6  # probability from which an intent counts as a clear change of subject
_SURE = 0.8  # probability from which the classifier alone turns an emergency into a crisis
_RELIEF = 0.6  # probability of a denial that answers the direct question
_HOPELESS_TURNS = 2  # turns of distress after which hopelessness is asked about
_CHECK_IN_TURNS = 4  # turns after a crisis was left before it is asked after, once
_ABOUT = {
    "ask_about_human": "about.human",
    "ask_about_privacy": "about.privacy",
    "ask_about_assistant": "about.assistant",
}
_LISTEN = ("utter_crisis_listen_1", "utter_crisis_listen_2", "utter_crisis_listen_3")
_OTHER_LISTEN = ("utter_crisis_other_listen_1", "utter_crisis_other_listen_2")
# Slots of memory, with what they are at the beginning of a conversation.
_FRESH: Mapping[str, Any] = {
    "open": None,  # "self", "other" or "emergency" while one is open
    "stage": None,  # last question asked: "asked", "asked_today", "barrier"
    "said": [],  # templates of this crisis that must not come twice
    "theme": None,  # what it was about when it opened
    "region": None,  # region whose lines were given
    "low": 0,  # turns of distress in a row
    "since": None,  # turns since a crisis was left, None where there was none
    "checked_in": False,
}


@dataclass(frozen=True)
class Facts:
    """What is known at the start of a turn.

    `risk`: fields of `bot.safety.model.Risk` ({} for a button); `intent` with its `confidence`;
    `region`: as known now; `region_said`: said in this message; `region_only`: the message names a
    place and nothing else; `form`: the name of an open form.
    """

    risk: Mapping[str, Any]
    intent: str | None
    confidence: float
    region: str | None
    region_only: bool = False
    region_said: bool = False
    form: str | None = None
    leaning_from: float = 1.0  # classifier's probability that is a crisis after distress


@dataclass
class Plan:
    """What to do in this turn.

    `level`: of the contract; `words`: fixed words instead of any other reply, in order; `after`:
    words that follow the ordinary reply; `memory`: for the next turn; `asked`: topic of a question
    about this program.
    """

    level: RiskLevel
    words: list[str] = field(default_factory=list)
    after: list[str] = field(default_factory=list)
    memory: dict[str, Any] = field(default_factory=dict)

    asked: str | None = None

    @property
    def topic(self) -> str | None:
        """The topic that these words answer: an exercise, warning signs, this program."""
        if set(self.words) & set(GROUNDING_STEPS):
            return GROUNDING
        if self.level is RiskLevel.MEDICAL_EMERGENCY:
            return RED_FLAGS
        return self.asked if "utter_crisis_who_reads" in self.words else None


def advance(memory: Mapping[str, Any] | None, facts: Facts) -> Plan:
    """Return the plan for one turn."""
    before = {**_FRESH, **(memory or {})}
    now = {**before, "said": list(before["said"])}
    level = _level(before, facts)
    if level is RiskLevel.CRISIS:
        return _crisis(before, now, facts)
    if level is RiskLevel.MEDICAL_EMERGENCY:
        return _emergency(before, now, facts)
    return _calm(before, now, facts, level)


def _level(before: Mapping[str, Any], facts: Facts) -> RiskLevel:
    """Return the level of the message in its context."""
    found = RiskLevel(facts.risk.get("level") or "none")
    intent, is_open = facts.intent, before["open"]
    doubtful = is_open == "emergency" or (is_open and facts.risk.get("safe"))
    if found is RiskLevel.CRISIS and not (doubtful and _faint(facts.risk)):
        return found
    if found is RiskLevel.CRISIS:
        found = RiskLevel.NONE
    denied = _denies(before, facts)
    if is_open in ("self", "other"):
        if denied:
            return RiskLevel.DISTRESS if found is RiskLevel.DISTRESS else RiskLevel.NONE
        if _goes_on(facts) or found is RiskLevel.DISTRESS:
            return RiskLevel.CRISIS
        return found
    if found is RiskLevel.MEDICAL_EMERGENCY:
        return found
    if is_open == "emergency":
        stays = bool(facts.risk.get("wait") or facts.risk.get("coming"))
        leaves = denied or (intent in ("thanks", "goodbye") and not stays)
        if not leaves and (_goes_on(facts) or stays):
            return RiskLevel.MEDICAL_EMERGENCY
        return found
    if found is RiskLevel.DISTRESS or facts.risk.get("hopeless"):
        # Hopelessness that has grown over turns, or a wish that shows through after distress.
        low = int(before["low"])
        sinking = low >= 1 and float(facts.risk.get("leaning") or 0.0) >= facts.leaning_from
        if not denied and (sinking or (facts.risk.get("hopeless") and low >= _HOPELESS_TURNS)):
            return RiskLevel.CRISIS
    return found


def _faint(risk: Mapping[str, Any]) -> bool:
    """Return whether only the classifier, and not surely, sees a crisis."""
    return not _by_pattern(risk) and float(risk.get("leaning") or 0.0) < _SURE


def _denies(before: Mapping[str, Any], facts: Facts) -> bool:
    """Return whether the person says that there is no danger, or none any more.

    To the question about today a no means "not today"; somebody who does not answer, means at
    hand, hopelessness and "I mean it" are no all-clear, whatever else the message says.
    """
    risk, is_open, stage = facts.risk, before["open"], before["stage"]
    against = ("serious", "hopeless", "lost", "acting")
    if is_open and any(risk.get(name) for name in against):
        return False
    if is_open in ("self", "other") and risk.get("safe"):
        return True
    if "self_harm" in (risk.get("theme"), before["theme"]):
        return False  # "I don't want to die, cutting just calms me" is no all-clear either
    if stage == "asked_today":
        return bool(risk.get("denied_outright"))
    if risk.get("denied") or (facts.intent == "no_risk_denial" and facts.confidence >= _CLEAR):
        return True
    if is_open != "self" or stage != "asked":
        return False
    relief, leaning = float(risk.get("relief") or 0.0), float(risk.get("leaning") or 0.0)
    return bool(risk.get("plain_no")) or (relief >= _RELIEF and leaning < relief / 4)


def _goes_on(facts: Facts) -> bool:
    if facts.region_said or facts.risk.get("asks") or facts.risk.get("acting"):
        return True
    if facts.form or facts.region_only or facts.intent is None or facts.intent in _GOES_ON:
        return True
    if facts.intent.startswith("ask_wellbeing_"):
        return True  # the subject is still how they feel; height is not debated now
    return facts.confidence < _CLEAR


# --- thoughts of ending one's life ---------------------------------------------------------------


def _crisis(before: Mapping[str, Any], now: dict[str, Any], facts: Facts) -> Plan:
    risk = facts.risk
    reported = risk.get("level") == RiskLevel.CRISIS.value
    other = risk.get("subject") == "other" if reported else before["open"] == "other"
    if before["open"] in ("self", "other") and not _by_pattern(risk):
        other = before["open"] == "other"  # whom it is about changes only on clear words
    now.update(open="other" if other else "self", low=0, since=None)
    again = before["open"] == now["open"]
    words = _in_their_language(now, facts, other, again)
    words = words or (_next_other if other else _next_self)(now, facts, again)
    if _lines_are_due(before, now, facts, words):
        words.append("utter_lines_here")
    if not words and not facts.form:
        words = _listen(now, _OTHER_LISTEN if other else _LISTEN)
    if any(_gives_lines(name) for name in words):
        now["region"] = facts.region or "unknown"
        asks = any(name.startswith("utter_goes_on") for name in words)
        if facts.region is None and "utter_tell_region" not in now["said"] and not asks:
            words.append("utter_tell_region")
    now["said"] = list(dict.fromkeys([*now["said"], *words]))
    asked = _ABOUT.get(facts.intent or "")
    return Plan(RiskLevel.CRISIS, words, memory=now, asked=asked)


def _by_pattern(risk: Mapping[str, Any]) -> bool:
    """Return whether written patterns, not the classifier alone, saw the danger."""
    return any(not str(rule).startswith("classifier:") for rule in risk.get("rules") or ())


def _lines_are_due(
    before: Mapping[str, Any], now: Mapping[str, Any], facts: Facts, words: list[str]
) -> bool:
    """Lines are given again only when the region has become known or has changed."""
    given = before["region"] if before["open"] else None
    named = any(_gives_lines(name) for name in words)
    return bool(given and facts.region and facts.region != given and not named)


def _gives_lines(name: str) -> bool:
    return "lines" in name or ("_spoken_" in name and "_goes_on_" not in name)


def _in_their_language(now: dict[str, Any], facts: Facts, other: bool, again: bool) -> list[str]:
    """Return the words in the person's own language, each said once; [] goes on without them."""
    code = facts.risk.get("spoken")
    if not code or facts.risk.get("level") != RiskLevel.CRISIS.value or facts.form:
        return []
    if other:
        words = [f"utter_crisis_other_spoken_{code}"]
        if facts.risk.get("imminent"):
            words.insert(0, f"utter_crisis_imminent_spoken_{code}")
    elif facts.risk.get("imminent"):
        words = [f"utter_crisis_imminent_spoken_{code}", f"utter_crisis_also_spoken_{code}"]
    else:
        words = [f"utter_crisis_spoken_{code}"] if not again else []
    if not words or words[0] in now["said"]:
        return []
    now["stage"] = "asked_with" if other else "imminent" if len(words) > 1 else "asked"
    return _and_goes_on(now, words, code)


def _and_goes_on(now: Mapping[str, Any], words: list[str], code: str) -> list[str]:
    """Add, once, that the chat goes on in English or Chinese, and the question about the region."""
    goes_on = f"utter_goes_on_spoken_{code}"
    return words if goes_on in now["said"] else [*words, goes_on]


def _next_self(now: dict[str, Any], facts: Facts, again: bool) -> list[str]:
    risk, intent, said = facts.risk, facts.intent, now["said"]
    if facts.form and not (risk.get("imminent") and _by_pattern(risk)):
        return []  # the person is filling in the plan; the form speaks
    hard = intent == "decline_help" or risk.get("barrier")
    acts = risk.get("acting") if again else risk.get("imminent")
    if acts and not (again and hard and not _by_pattern(risk)):
        if "utter_crisis_imminent" in said:
            return ["utter_crisis_coming" if risk.get("coming") else "utter_crisis_stay"]
        now["stage"] = "imminent"
        return ["utter_crisis_imminent", "utter_crisis_lines_also"]
    if again and risk.get("coming"):
        return _once(now, "utter_crisis_coming", _LISTEN)
    if not again and risk.get("gentle") and intent == "request_safety_plan":
        return [SAFETY_PLAN]  # asks for it of their own accord; the lines are part of it
    if not again:
        now["stage"], now["theme"] = "asked", risk.get("theme")
        if risk.get("gentle") or risk.get("level") != RiskLevel.CRISIS.value:
            return ["utter_crisis_ask_gently", "utter_crisis_lines"]
        theme = risk.get("theme") or "plain"
        return [f"utter_crisis_ask_{theme}", "utter_crisis_lines"]
    stage = now["stage"]
    goes_on = intent in _NEXT_STEP and stage == "grounding"
    if intent == "ask_wellbeing_grounding" or risk.get("asks") == "calm" or goes_on:
        return _grounding(now)
    if (
        intent == "request_safety_plan"
        or risk.get("asks") == "plan"
        or (intent == "affirm" and stage == "offered_plan")
    ):
        now["stage"] = "listening"
        return [SAFETY_PLAN]
    yes = intent == "affirm" or risk.get("serious")
    yes = yes or (stage == "asked" and risk.get("level") == "crisis" and not _faint(risk))
    if yes and stage == "asked":
        now["stage"] = "asked_today"
        return ["utter_crisis_yes"]
    if yes and stage == "asked_today":
        now["stage"] = "imminent"
        return ["utter_crisis_imminent", "utter_crisis_lines_also"]
    not_now = any(risk.get(name) for name in ("denied", "not_today", "plain_no"))
    if (intent in ("deny", "no_risk_denial") or not_now) and stage == "asked_today":
        now["stage"] = "offered"
        return ["utter_crisis_not_today"]
    if (intent == "deny" and stage in ("offered", "barrier", "listening")) or (
        intent == "decline_help" or (stage == "barrier" and risk.get("barrier"))
    ):
        return _barrier(now, facts)
    if intent in _ABOUT:
        return _once(now, "utter_crisis_who_reads", _LISTEN)
    if intent == "insult":
        return _once(now, "utter_crisis_only_program", _LISTEN)
    if intent in ("thanks", "goodbye"):
        return ["utter_crisis_goodbye"]
    if facts.region_only:
        return []  # the lines of that region follow
    if facts.risk.get("barrier") and not facts.risk.get("rules"):
        return _barrier(now, facts)
    return _listen(now, _LISTEN)


def _next_other(now: dict[str, Any], facts: Facts, again: bool) -> list[str]:
    risk, intent = facts.risk, facts.intent
    if risk.get("imminent") or (again and (risk.get("lost") or risk.get("acting"))):
        if "utter_crisis_other_imminent" in now["said"]:
            return _listen(now, _OTHER_LISTEN)
        now["stage"] = "asked_with"
        lines = [] if "utter_crisis_other_lines" in now["said"] else ["utter_crisis_other_lines"]
        return ["utter_crisis_other_imminent", *lines]
    if not again:
        now["stage"] = "asked_with"
        return ["utter_crisis_other", "utter_crisis_other_lines"]
    if intent in ("affirm", "deny") and now["stage"] == "asked_with":
        now["stage"] = "listening"
        return ["utter_crisis_other_with" if intent == "affirm" else "utter_crisis_other_apart"]
    if intent == "decline_help" or risk.get("barrier"):
        return _once(now, "utter_crisis_other_barrier", _OTHER_LISTEN)
    if intent in _ABOUT:
        return _once(now, "utter_crisis_who_reads", _OTHER_LISTEN)
    if intent in ("thanks", "goodbye"):
        return ["utter_crisis_other_goodbye"]
    if facts.region_only:
        return []
    return _listen(now, _OTHER_LISTEN)


def _barrier(now: dict[str, Any], facts: Facts) -> list[str]:
    """Take up what makes asking for help hard; ask for it where it was not said."""
    kind = facts.risk.get("barrier")
    if kind:
        now["stage"] = "listening"
        return _once(now, f"utter_crisis_barrier_{kind}", _LISTEN)
    if "utter_crisis_barrier" in now["said"]:
        return _listen(now, _LISTEN)
    now["stage"] = "barrier"
    return ["utter_crisis_barrier"]


GROUNDING = "wellbeing.grounding"
RED_FLAGS = "emergency.red_flags"
GROUNDING_STEPS = tuple(f"utter_grounding_{number}" for number in range(1, 5))


def _grounding(now: dict[str, Any]) -> list[str]:
    """Return the next step of the calming exercise, begun anew after the last."""
    done = int(now.get("grounding", 0))
    step = GROUNDING_STEPS[done]
    now["grounding"] = (done + 1) % len(GROUNDING_STEPS)
    now["stage"] = "grounding" if now["grounding"] else "offered_plan"
    return [step]


def _once(now: dict[str, Any], words: str, otherwise: tuple[str, ...]) -> list[str]:
    return _listen(now, otherwise) if words in now["said"] else [words]


def _listen(now: dict[str, Any], rotation: tuple[str, ...]) -> list[str]:
    """Return the words of a rotation that were said longest ago."""
    if now["stage"] not in ("asked", "asked_today", "asked_with"):
        now["stage"] = "listening"
    turn = int(now.get("listened", 0))
    now["listened"] = turn + 1
    return [rotation[turn % len(rotation)]]


# --- signs after surgery -------------------------------------------------------------------------


def _emergency(before: Mapping[str, Any], now: dict[str, Any], facts: Facts) -> Plan:
    risk = facts.risk
    reported = risk.get("level") == RiskLevel.MEDICAL_EMERGENCY.value
    worse = risk.get("urgency") == "now" and before.get("urgency") == "today"
    first = before["open"] != "emergency" or worse
    now.update(open="emergency", low=0)
    if first:
        urgency = risk.get("urgency") or "now"
        now["urgency"] = urgency
        if code := risk.get("spoken"):
            words = _and_goes_on(now, [f"utter_emergency_spoken_{code}"], code)
        else:
            words = _first_words(urgency, risk.get("sign"))
            if facts.region is None and "utter_tell_region" not in now["said"]:
                words.append("utter_tell_region")
        now["region"] = facts.region or "unknown"
    elif facts.region and facts.region != before["region"]:
        now["region"] = facts.region
        words = ["utter_emergency_number"]
    elif risk.get("coming"):
        words = ["utter_emergency_coming"]
    elif risk.get("wait") or facts.intent in ("deny", "decline_help"):
        now_or_today = before.get("urgency") or "now"
        words = [f"utter_emergency_wait_{now_or_today}"]
    elif reported and risk.get("sign") and f"utter_emergency_do_{risk['sign']}" not in now["said"]:
        words = ["utter_emergency_again", f"utter_emergency_do_{risk['sign']}"]
    else:
        words = ["utter_emergency_again"]
    now["said"] = list(dict.fromkeys([*now["said"], *words]))
    return Plan(RiskLevel.MEDICAL_EMERGENCY, words, memory=now)


def _first_words(urgency: str, sign: str | None) -> list[str]:
    call = urgency == "now" and sign in ("chest", "fat")
    words = ["utter_emergency_call" if call else f"utter_emergency_{urgency}"]
    return [*words, f"utter_emergency_do_{sign}"] if sign else words


# --- everything else -----------------------------------------------------------------------------


def _calm(before: Mapping[str, Any], now: dict[str, Any], facts: Facts, level: RiskLevel) -> Plan:
    words: list[str] = []
    after: list[str] = []
    was = before["open"]
    denied = _denies(before, facts)
    now["low"] = before["low"] + 1 if level is RiskLevel.DISTRESS else max(0, before["low"] - 1)
    if was:
        now.update(
            open=None, stage=None, theme=None, since=0 if was != "emergency" else None, said=[]
        )
        if denied:
            names = {
                "self": "utter_crisis_safe",
                "other": "utter_crisis_other_safe",
                "emergency": "utter_emergency_over",
            }
            words = [names[was]]
            now["checked_in"] = True  # a denial is believed; asking again would not be
        elif was != "emergency":
            after = ["utter_crisis_door"]
        elif facts.intent in ("thanks", "goodbye"):
            words = ["utter_emergency_goodbye"]
        else:
            after = ["utter_emergency_door"]
    elif before["since"] is not None:
        now["since"] = before["since"] + 1
        if now["since"] >= _CHECK_IN_TURNS and not before["checked_in"] and not facts.form:
            now["checked_in"] = True
            after = ["utter_crisis_check_in"]
    if facts.region_only and not words:
        words = ["utter_lines_here"]
    return Plan(level, words, after, now)


_BARRIERS = ("phone", "police", "useless", "effort", "nobody")
_THEMES = ("plain", "self_harm", "burden", "rejected", "surgery", "height", "alone", "tired")
_SIGNS = ("chest", "fat", "circulation", "nerve", "clot", "infection", "hardware")
# Every fixed word that a plan can name; without one of them nothing starts.
PROTOCOL_WORDS = (
    *(f"utter_crisis_ask_{theme}" for theme in _THEMES),
    *(f"utter_crisis_barrier_{kind}" for kind in _BARRIERS),
    *(f"utter_emergency_do_{sign}" for sign in _SIGNS),
    *(*_LISTEN, *_OTHER_LISTEN, *GROUNDING_STEPS),
    *("utter_crisis_ask_gently", "utter_crisis_lines", "utter_crisis_lines_also"),
    *("utter_crisis_imminent", "utter_crisis_stay", "utter_crisis_yes", "utter_crisis_not_today"),
    *("utter_crisis_barrier", "utter_crisis_who_reads", "utter_crisis_only_program"),
    *("utter_crisis_goodbye", "utter_crisis_safe", "utter_crisis_door", "utter_crisis_check_in"),
    *("utter_crisis_other", "utter_crisis_other_lines", "utter_crisis_other_imminent"),
    *("utter_crisis_other_with", "utter_crisis_other_apart", "utter_crisis_other_barrier"),
    *("utter_crisis_other_goodbye", "utter_crisis_other_safe"),
    *("utter_tell_region", "utter_lines_here"),
    *("utter_emergency_call", "utter_emergency_now", "utter_emergency_today"),
    *("utter_emergency_again", "utter_emergency_wait_now", "utter_emergency_wait_today"),
    *("utter_emergency_number", "utter_emergency_over", "utter_emergency_door"),
    *("utter_emergency_goodbye", "utter_emergency_coming", "utter_crisis_coming"),
)
