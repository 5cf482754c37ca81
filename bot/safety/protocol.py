"""The course of a conversation about danger: which fixed words come next, and what is remembered.

Pure functions over plain values; nothing here knows Rasa. The steps follow what the VERA-MH
rubric asks of a reply (docs/safety.md): acknowledge, ask directly and once, guide to people of
two kinds, offer something to do now, ask what makes help hard, never repeat the list, never end
the conversation, believe a denial and leave the door open.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
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
# What may answer "how is that now?"; a clear question or request is a change of subject.
_TELLS = frozenset(
    {
        *("affirm", "deny", "nlu_fallback", "out_of_scope", "no_words", "decline_help"),
        *("report_distress", "report_crisis", "report_medical_emergency"),
    }
)
SAFETY_PLAN = "safety_plan_form"
STOP_FORM = "action_deactivate_loop"
_CLEAR = 0.6  # probability from which an intent counts as a clear change of subject
# Probability from which the intent alone opens a crisis, gently. Measured on the 1,301 development
# messages: with the patterns alone 102 more crises are asked about and nobody else, with the
# classifier nobody else either; what was denied is left out.
_REPORTED = 0.7
_ASKING = ("ask_", "request_", "follow_up_", "switch_")
_SURE = 0.8  # probability from which the classifier alone turns an emergency into a crisis
# Probability from which a wish may show beside signs after surgery: who is in agony or afraid for
# their leg sounds desperate.
_WISH_BESIDE_SIGNS = 0.35
_ASKS_ELSEWHERE = 0.4  # and an intent from which a question after mere doubt is of something else
_SURE = 0.9  # the same for an exercise
_EXERCISES = (
    "ask_wellbeing_thought_check",
    "ask_wellbeing_self_compassion",
    "ask_wellbeing_values",
)
_OF_THEM = ("ask_wellbeing_", "ask_about_", "ask_complication_death")
_NO_TRACE = 0.08  # probability of a crisis below which a long message holds no trace of one
_STATED = 0.9  # probability from which a message that asks nothing is a change of subject
_RELIEF = 0.6  # probability of a denial that answers the direct question
_HOPELESS_TURNS = 2  # turns of distress after which hopelessness is asked about
_CHECK_IN_TURNS = 4  # turns after a crisis was left before it is asked after, once
_REJECTED_TURNS = 6  # turns for which a rejection is remembered
_HELD_IN_DANGER = 2  # questions that are put off after imminent danger, before one is answered
_ABOUT = {
    "ask_about_human": "about.human",
    "ask_about_privacy": "about.privacy",
    "ask_about_assistant": "about.assistant",
}
# What is asked about signs after surgery rather than about something else.
_OF_SIGNS = (
    *("ask_complication_", "ask_emergency_", "ask_recovery_pain", "ask_referral_after_surgery"),
    "follow_up_",
)
_HELPFUL = (
    *("ask_referral_mental_health", "ask_wellbeing_supporting_someone"),
    *("ask_eligibility_body_dysmorphia", "ask_eligibility_psychological_evaluation"),
)
# Last questions after which "tonight" says when.
_WHEN = ("asked", "asked_today", "barrier", "listening", "offered")
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
    # What the next message may answer: "check_in" how that is now, "gently" the gentle question
    # beside signs after surgery, "signs" which of them there are.
    "awaiting": None,
    "rejected": None,  # turns since they told of being turned away
    "danger": False,  # imminent danger was spoken of, and help is not there yet
    "held": 0,  # questions put off in this crisis
    "doubt": False,  # it was opened by a mere doubt
    "arrived": False,  # help is there, or the person is at a hospital
}


@dataclass(frozen=True)
class Facts:
    """What is known at the start of a turn.

    `risk`: fields of `bot.safety.model.Risk` ({} for a button); `intent` with its `confidence`;
    `region`: as known now; `region_said`: said in this message; `region_only`: the message names a
    place and nothing else; `question`: whether it has the form of one; `form`: the name of an
    open form.
    """

    risk: Mapping[str, Any]
    intent: str | None
    confidence: float
    region: str | None
    region_only: bool = False
    region_said: bool = False
    question: bool = True  # asks, or is too short to tell
    form: str | None = None
    leaning_from: float = 1.0  # classifier's probability that is a crisis after distress
    off: Collection[str] = ()  # features that are switched off


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
    answers: bool = False  # the question is answered as always, and the crisis stays open

    @property
    def topic(self) -> str | None:
        """The topic that these words answer: an exercise, warning signs, this program."""
        if self.answers:
            return None
        if set(self.words) & set(GROUNDING_STEPS):
            return GROUNDING
        if self.level is RiskLevel.MEDICAL_EMERGENCY:
            return RED_FLAGS
        return self.asked if "utter_crisis_who_reads" in self.words else None


def advance(memory: Mapping[str, Any] | None, facts: Facts) -> Plan:
    """Return the plan for one turn."""
    before = {**_FRESH, **(memory or {})}
    now = {**before, "said": list(before["said"]), "awaiting": None}
    now["rejected"] = _since_rejection(before, facts)
    level = _level(before, facts)
    if level is RiskLevel.CRISIS:
        plan = _crisis(before, now, facts)
    elif level is RiskLevel.MEDICAL_EMERGENCY:
        plan = _emergency(before, now, facts)
    else:
        plan = _calm(before, now, facts, level)
    return _without_what_is_off(plan, facts)


def _without_what_is_off(plan: Plan, facts: Facts) -> Plan:
    """Take a safety plan that is switched off out of the turn, and leave its form."""
    if "safety_plan" not in facts.off:
        return plan
    plan.words = [PLAN_OFF if name == SAFETY_PLAN else name for name in plan.words]
    in_form = facts.form == SAFETY_PLAN
    if not plan.words and (in_form or facts.intent == "request_safety_plan"):
        plan.words = [PLAN_OFF]
        if plan.level is RiskLevel.CRISIS:
            plan.words.append(_LISTEN[0])
    if in_form and STOP_FORM not in plan.words:
        plan.words = [STOP_FORM, *plan.words]
    return plan


def _level(before: Mapping[str, Any], facts: Facts) -> RiskLevel:
    """Return the level of the message in its context."""
    found = RiskLevel(facts.risk.get("level") or "none")
    is_open, awaiting = before["open"], before["awaiting"]
    if awaiting == "gently" and (_wishes_plainly(facts) or _says_yes(facts)):
        return RiskLevel.CRISIS
    doubtful = is_open == "emergency" or (is_open and facts.risk.get("safe"))
    if found is RiskLevel.CRISIS and not (doubtful and _faint(facts.risk)):
        return found
    if found is RiskLevel.CRISIS:
        found = RiskLevel.NONE
    denied = _denies(before, facts)
    if is_open in ("self", "other"):
        if denied:
            return found  # signs after surgery count whatever else is denied
        if _doubt_is_over(before, facts, found):
            return found
        if found is not RiskLevel.NONE or _goes_on(before, facts):
            return RiskLevel.CRISIS
        return found
    if found is RiskLevel.MEDICAL_EMERGENCY or (awaiting == "signs" and _says_yes(facts)):
        return RiskLevel.MEDICAL_EMERGENCY
    if is_open == "emergency":
        return _level_in_emergency(before, facts, found, denied)
    if awaiting == "check_in" and not denied and _tells_how_it_is(facts, found):
        return RiskLevel.CRISIS
    if found is RiskLevel.DISTRESS or facts.risk.get("hopeless"):
        # Hopelessness that has grown over turns or follows a rejection, or a wish that shows
        # through after distress.
        hopeless, low = facts.risk.get("hopeless"), int(before["low"])
        sinking = low >= 1 and float(facts.risk.get("leaning") or 0.0) >= facts.leaning_from
        if not denied and (sinking or (hopeless and low >= _HOPELESS_TURNS)):
            return RiskLevel.CRISIS
        if not denied and hopeless and _after_rejection(before, facts):
            return RiskLevel.CRISIS
    return found if denied else _with_intent(facts, found)


def _level_in_emergency(
    before: Mapping[str, Any], facts: Facts, found: RiskLevel, denied: bool
) -> RiskLevel:
    """Return the level of a message that reports no new signs while signs are the subject."""
    if facts.risk.get("cleared") and found is RiskLevel.NONE and not _wishes_faintly(facts):
        return found
    asks = _asks_clearly(facts) and facts.question
    coming = facts.risk.get("coming") and not asks
    stays = bool(facts.risk.get("wait") or coming or _wishes_faintly(facts))
    leaves = denied or (facts.intent in ("thanks", "goodbye") and not stays)
    if before["awaiting"] == "gently" and denied:
        return RiskLevel.MEDICAL_EMERGENCY  # denied is the wish, not the signs
    if not leaves and (stays or _goes_on(before, facts)):
        return RiskLevel.MEDICAL_EMERGENCY
    return found


def _with_intent(facts: Facts, found: RiskLevel) -> RiskLevel:
    """Return the level where the intent alone says what the assessment did not see.

    Asked about gently; a wish that is less clear is heard as distress, signs that are less clear
    are asked about without a level (`_calm`). Answers in a form are left to the form.
    """
    if facts.form:
        return found
    if facts.intent == "report_crisis":
        sure = facts.confidence >= _REPORTED
        return RiskLevel.CRISIS if sure else RiskLevel.DISTRESS
    if _reports_signs(facts) and found is RiskLevel.NONE:
        return RiskLevel.MEDICAL_EMERGENCY
    return found


def _reports_signs(facts: Facts) -> bool:
    return facts.intent == "report_medical_emergency" and facts.confidence >= _CLEAR


def _since_rejection(before: Mapping[str, Any], facts: Facts) -> int | None:
    """Return the turns since the person told of being turned away, None for long ago or never."""
    if facts.risk.get("theme") == "rejected" and not _asks_clearly(facts):
        return 0
    turns = before["rejected"]
    return turns + 1 if turns is not None and turns < _REJECTED_TURNS else None


def _after_rejection(before: Mapping[str, Any], facts: Facts) -> bool:
    """Return whether hopelessness follows a rejection; "no use in a frame?" is a question."""
    distressed = facts.risk.get("level") == RiskLevel.DISTRESS.value
    return before["rejected"] is not None and (distressed or not _asks_clearly(facts))


def _asks_clearly(facts: Facts) -> bool:
    return str(facts.intent).startswith(_ASKING) and facts.confidence >= _CLEAR


def _says_yes(facts: Facts) -> bool:
    return facts.intent == "affirm" or bool(facts.risk.get("serious"))


def _pressed_no(facts: Facts) -> bool:
    return facts.intent == "deny" and not facts.risk  # a button carries no risk


def _wishes_faintly(facts: Facts) -> bool:
    """Return whether a wish to die may show beside signs after surgery: asked gently then."""
    faint = facts.risk.get("level") == RiskLevel.CRISIS.value and _faint(facts.risk)
    faint = faint and float(facts.risk.get("leaning") or 0.0) >= _WISH_BESIDE_SIGNS
    reported = facts.intent == "report_crisis" and facts.confidence >= _REPORTED
    return (faint or reported) and not facts.risk.get("denied")


def _doubt_is_over(before: Mapping[str, Any], facts: Facts, found: RiskLevel) -> bool:
    """Return whether somebody who was asked in mere doubt goes on with no trace of danger.

    They told something at length, and neither words nor classifier hear a wish in it; the door is
    named. A word or two may be an answer, and stays; a question of another subject is none.
    """
    risk = facts.risk
    signs = ("hopeless", "serious", "acting", "barrier", "asks", "coming")
    if not before["doubt"] or before["stage"] != "asked" or facts.form:
        return False
    intent = str(facts.intent)
    elsewhere = intent.startswith("ask_") and not intent.startswith(_OF_THEM)
    elsewhere = elsewhere and facts.confidence >= _ASKS_ELSEWHERE
    # "Can we take that sentence apart?" asks for help that we have.
    elsewhere = elsewhere or (intent in _EXERCISES and facts.confidence >= _SURE)
    if facts.question and not elsewhere:
        return False
    if any(risk.get(name) for name in signs) or _says_yes(facts) or facts.region_said:
        return False
    calm = found is RiskLevel.NONE or found is RiskLevel.DISTRESS
    return calm and float(risk.get("leaning") or 0.0) < _NO_TRACE


def _wishes_plainly(facts: Facts) -> bool:
    if facts.risk.get("level") != RiskLevel.CRISIS.value:
        return False
    leaning = float(facts.risk.get("leaning") or 0.0)
    return _by_pattern(facts.risk) or leaning >= _WISH_BESIDE_SIGNS


def _tells_how_it_is(facts: Facts, found: RiskLevel) -> bool:
    """Return whether a message may say that it is no better, after "how is that now?".

    "Better" and thanks are believed; a clear question is one.
    """
    if _is_well(facts) or facts.intent in ("thanks", "goodbye", "greet", "stop", "insult"):
        return False
    if not facts.risk and facts.intent not in ("affirm", "deny"):
        return False  # some other button
    tells = facts.intent is None or facts.intent in _TELLS or facts.confidence < _CLEAR
    return tells or found is RiskLevel.DISTRESS or bool(facts.risk.get("hopeless"))


def _is_well(facts: Facts) -> bool:
    relief, leaning = (float(facts.risk.get(name) or 0.0) for name in ("relief", "leaning"))
    return bool(facts.risk.get("safe")) or (relief >= _RELIEF and leaning < relief / 4)


def _faint(risk: Mapping[str, Any]) -> bool:
    """Return whether only the classifier, and not surely, sees a crisis."""
    return not _by_pattern(risk) and float(risk.get("leaning") or 0.0) < _SURE


def _denies(before: Mapping[str, Any], facts: Facts) -> bool:
    """Return whether the person says that there is no danger, or none any more.

    To the question about today a no means "not today"; somebody who does not answer, means at
    hand, hopelessness and "I mean it" are no all-clear, whatever else the message says.
    """
    risk, is_open, stage = facts.risk, before["open"], before["stage"]
    against = ["serious", "hopeless", "lost"]
    if risk.get("means") or not (risk.get("safe") or risk.get("denied_outright")):
        against.append("acting")  # "I came down, mum is on her way": words before probabilities
    if before["awaiting"] == "signs" and (facts.intent == "deny" or risk.get("plain_no")):
        return True
    if is_open and any(risk.get(name) for name in against):
        return False
    if is_open in ("self", "other") and risk.get("safe"):
        return True
    if _says_yes(facts):
        return False
    if "self_harm" in (risk.get("theme"), before["theme"]):
        return False  # "I don't want to die, cutting just calms me" is no all-clear either
    if stage == "asked_today":
        return bool(risk.get("denied_outright"))
    if risk.get("denied") or (facts.intent == "no_risk_denial" and facts.confidence >= _CLEAR):
        return True
    if is_open != "self" or stage != "asked":
        return False
    relief, leaning = float(risk.get("relief") or 0.0), float(risk.get("leaning") or 0.0)
    if _pressed_no(facts):
        return True
    return bool(risk.get("plain_no")) or (relief >= _RELIEF and leaning < relief / 4)


def _goes_on(before: Mapping[str, Any], facts: Facts) -> bool:
    if facts.region_said or facts.risk.get("asks") or facts.risk.get("acting"):
        return True
    if facts.form or facts.region_only or (before.get("urgency") and facts.risk.get("wait")):
        return True
    return not _changes_subject(facts) or _is_held(before, facts)


def _changes_subject(facts: Facts) -> bool:
    if facts.intent is None or facts.intent in _GOES_ON:
        return False
    if facts.intent.startswith("ask_wellbeing_"):
        return False  # the subject is still how they feel; height is not debated now
    if not facts.question and facts.intent.startswith("ask_"):
        return facts.confidence >= _STATED  # "I only lie there after work" asks nothing
    return facts.confidence >= _CLEAR


def _is_held(before: Mapping[str, Any], facts: Facts) -> bool:
    """Return whether a clear question does not leave the crisis yet.

    Height is not debated in the answer to the direct question; dying stays the subject; right
    after imminent danger nothing else is; until help is there, so it is with urgent signs after
    surgery, and pain is heard as more about them. Asked on, it is answered: nobody is locked in.
    """
    held, intent = int(before["held"]), str(facts.intent)
    if before["open"] == "emergency":
        if before["arrived"] or facts.risk.get("coming"):
            return False
        urgent = before.get("urgency") == "now"
        return (urgent or intent.startswith(_OF_SIGNS)) and held < _HELD_IN_DANGER
    if before["danger"] or intent == "ask_complication_death":
        return held < _HELD_IN_DANGER
    # Somebody who said yes has been asked about today; centimetres can wait for that answer.
    unanswered = before["open"] == "self" and before["stage"] == "asked_today"
    if before["doubt"] and not unanswered:
        return False
    return (unanswered or intent.startswith("ask_growth_")) and held < 1


# --- thoughts of ending one's life ---------------------------------------------------------------


def _crisis(before: Mapping[str, Any], now: dict[str, Any], facts: Facts) -> Plan:
    risk = facts.risk
    reported = risk.get("level") == RiskLevel.CRISIS.value
    other = risk.get("subject") == "other" if reported else before["open"] == "other"
    if before["open"] in ("self", "other") and not _by_pattern(risk):
        # Whom it is about changes only on clear words, or a sure result about themselves.
        other = before["open"] == "other" and not (reported and not other and not _faint(risk))
    if before["open"] == "other" and risk.get("of_other"):
        other = True  # "I asked. He cried and said yes": patterns hear the yes alone
    now.update(open="other" if other else "self", low=0, since=None)
    again = before["open"] == now["open"]
    if facts.form and not any(_gives_lines(name) for name in now["said"]):
        again = False  # a plan that was begun without a crisis: nothing was asked yet
    if _changes_subject(facts):
        now["held"] = int(now["held"]) + 1
    if again and _seeks_help(facts, reported) and not before["danger"]:
        due = _lines_are_due(before, now, facts, [])
        now["region"] = facts.region or now["region"]
        after = ["utter_lines_here"] if due else ["utter_crisis_door"]
        return Plan(RiskLevel.CRISIS, after=after, memory=now, answers=True)
    words = _in_their_language(now, facts, other, again)
    if not words:
        words = _next_other(now, facts, again) if other else _next_self(before, now, facts, again)
    if _lines_are_due(before, now, facts, words):
        words.append("utter_lines_here")
    if not words and not facts.form:
        words = _listen(now, _OTHER_LISTEN if other else _LISTEN)
    at = 1 if words[:1] == [STOP_FORM] else 0
    words = [*words[:at], *_with_signs(now, facts, words[at:])]
    if risk.get("coming"):
        now["danger"] = False
    elif any("_imminent" in name for name in words):
        now["danger"] = True
    if any(_gives_lines(name) for name in words):
        now["region"] = facts.region or "unknown"
        asks = any(name.startswith("utter_goes_on") for name in words)
        if facts.region is None and "utter_tell_region" not in now["said"] and not asks:
            words.append("utter_tell_region")
    now["said"] = list(dict.fromkeys([*now["said"], *words]))
    asked = _ABOUT.get(facts.intent or "")
    return Plan(RiskLevel.CRISIS, words, memory=now, asked=asked)


def _seeks_help(facts: Facts, reported: bool) -> bool:
    """Return whether they ask how to find help or how to help: that is answered, and goes on."""
    asks = facts.intent in _HELPFUL and facts.confidence >= _CLEAR and facts.question
    return asks and not facts.form and not (reported and _by_pattern(facts.risk))


def _with_signs(now: dict[str, Any], facts: Facts, words: list[str]) -> list[str]:
    """Put what signs after surgery need before the words of a crisis, each once."""
    risk, said = facts.risk, now["said"]
    if now.get("urgency") and risk.get("wait"):
        return [f"utter_emergency_wait_{now['urgency']}", *words]
    if not _speaks_of_signs(facts):
        return words
    if words and "_imminent" in words[0]:
        return words  # the emergency number comes first there; what was taken or done matters more
    urgency, sign, code = risk.get("urgency") or "now", risk.get("sign"), risk.get("spoken")
    do_now = [f"utter_emergency_do_{sign}"] if sign else []
    worse = urgency == "now" and now.get("urgency") == "today"
    if code:
        signs = [f"utter_emergency_spoken_{code}"]
        signs = [] if signs[0] in said else signs
    elif worse or not any(name in said for name in _FIRST):
        signs = _first_words(urgency, sign)
    else:
        signs = ["utter_emergency_number", *(name for name in do_now if name not in said)]
    if signs and (worse or not now.get("urgency")):
        now["urgency"] = urgency
    listens = bool(words) and words[0] in (*_LISTEN, *_OTHER_LISTEN)
    if signs and listens:  # a doctor first; what hurts is not forgotten
        beside = "utter_crisis_and_signs"
        fits = now["open"] == "self" and beside not in said
        words = [beside] if fits else []
        if facts.region is None and "utter_tell_region" not in said:
            words.append("utter_tell_region")
    return [*signs, *words]


def _speaks_of_signs(facts: Facts) -> bool:
    risk = facts.risk
    if risk.get("level") == RiskLevel.MEDICAL_EMERGENCY.value:
        return True
    if any(str(rule).startswith("medical_") for rule in risk.get("rules") or ()):
        return True
    return _reports_signs(facts)


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


def _next_self(
    before: Mapping[str, Any], now: dict[str, Any], facts: Facts, again: bool
) -> list[str]:
    if facts.form:  # the person is filling in the plan; the form speaks
        if not _interrupts(now, facts.risk, again):
            return []
        return [STOP_FORM, *_next_words(before, now, facts, again)]
    return _next_words(before, now, facts, again)


def _interrupts(now: Mapping[str, Any], risk: Mapping[str, Any], again: bool) -> bool:
    """Return whether an answer in the plan is answered itself, and the plan left.

    Imminent danger, from either layer; a plain wish to die where no lines were given yet. Signs
    and means are what the plan asks about, so that mere doubt does not interrupt.
    """
    if risk.get("level") != RiskLevel.CRISIS.value:
        return False
    if risk.get("imminent") and _by_pattern(risk):
        return True
    if risk.get("acting") and "utter_crisis_imminent" not in now["said"]:
        return True
    return not again and not _faint(risk)


def _next_words(
    before: Mapping[str, Any], now: dict[str, Any], facts: Facts, again: bool
) -> list[str]:
    risk, intent, said = facts.risk, facts.intent, now["said"]
    hard = intent == "decline_help" or risk.get("barrier") or risk.get("asks")
    if not again and now["region"] and risk.get("asks") == "calm" and not _by_pattern(risk):
        # A mere doubt, in the lines' own conversation: what was asked for comes first.
        now["stage"], now["theme"], now["doubt"] = "asked", risk.get("theme"), True
        return _grounding(now)
    acts = risk.get("acting") if again else risk.get("imminent")
    acts = acts or (again and risk.get("soon") and now["stage"] in _WHEN)
    if acts and not (again and hard and not _by_pattern(risk)):
        if "utter_crisis_imminent" in said:
            return ["utter_crisis_coming" if risk.get("coming") else "utter_crisis_stay"]
        now["stage"] = "imminent"
        return ["utter_crisis_imminent", "utter_crisis_lines_also"]
    if again and risk.get("coming"):
        return _once(now, "utter_crisis_coming", _LISTEN)
    if before["awaiting"] == "gently":  # "yes", or said plainly, after the gentle question
        now["stage"] = "asked_today"
        return ["utter_crisis_yes", "utter_crisis_lines_also"]
    if before["awaiting"] == "check_in" and risk.get("level") != RiskLevel.CRISIS.value:
        now["stage"], now["theme"] = "asked", None
        return ["utter_crisis_still"]
    if not again and risk.get("gentle") and intent == "request_safety_plan":
        return [SAFETY_PLAN]  # asks for it of their own accord; the lines are part of it
    if not again:
        rejected = before["rejected"] is not None
        theme = risk.get("theme") or ("rejected" if rejected else None)
        now["stage"], now["theme"], now["doubt"] = "asked", theme, False
        plainly = risk.get("level") == RiskLevel.CRISIS.value and not risk.get("gentle")
        plainly |= rejected and theme == "rejected" and bool(risk.get("hopeless"))
        if not plainly:
            now["doubt"] = True
            return ["utter_crisis_ask_gently", "utter_crisis_lines"]
        theme = theme or "plain"
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
    no = _pressed_no(facts) or intent == "no_risk_denial"
    no = no or any(risk.get(name) for name in ("plain_no", "denied"))
    if no and stage == "asked" and "self_harm" in (risk.get("theme"), now["theme"]):
        now["stage"] = "offered"  # believed; hurting oneself stays the subject
        return _once(now, "utter_crisis_hurting", _LISTEN)
    yes = _says_yes(facts)
    yes = yes or (stage == "asked" and risk.get("level") == "crisis" and not _faint(risk))
    if yes and stage == "asked":
        now["stage"] = "asked_today"
        given = any(_gives_lines(name) for name in said)
        return ["utter_crisis_yes"] if given else ["utter_crisis_yes", "utter_crisis_lines_also"]
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
    if facts.risk.get("barrier") and not _by_pattern(facts.risk):
        return _barrier(now, facts)
    if now["danger"] and _changes_subject(facts):
        return ["utter_crisis_stay" if now["held"] == 1 else _LISTEN[1]]
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
    risk, was, awaiting = facts.risk, before["open"], before["awaiting"]
    reported = risk.get("level") == RiskLevel.MEDICAL_EMERGENCY.value
    worse = risk.get("urgency") == "now" and before.get("urgency") == "today"
    first = was != "emergency" or worse or awaiting == "signs"
    if was == "emergency" and _changes_subject(facts):
        now["held"] = int(now["held"]) + 1
    now.update(open="emergency", low=0)
    if first:
        now["arrived"] = False
    now["arrived"] = bool(now["arrived"] or risk.get("coming"))
    if was in ("self", "other"):  # a crisis that was denied in the same message
        now.update(stage=None, theme=None, said=[], since=None, checked_in=True)
        now.update(danger=False, held=0, urgency=None)
    if was != "emergency" and not reported and awaiting != "signs":  # which signs, is asked
        now.update(awaiting="signs", urgency=None, region=facts.region or "unknown")
        now["said"] = [*now["said"], "utter_emergency_ask"]
        return Plan(RiskLevel.MEDICAL_EMERGENCY, ["utter_emergency_ask"], memory=now)
    no = facts.intent in ("deny", "no_risk_denial")
    no = no or any(risk.get(name) for name in ("plain_no", "denied"))
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
        if was == "self":
            words.append("utter_denial_ok")
    elif awaiting == "gently" and no and not reported:
        words = ["utter_denial_ok", "utter_emergency_number"]
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
    gently = _wishes_faintly(facts) and "utter_crisis_ask_gently" not in now["said"]
    if gently and not first and not risk.get("coming"):
        # One question a turn: the wish comes before who can drive.
        again, number = "utter_emergency_again", "utter_emergency_number"
        words = [number if name == again else name for name in words]
        words.append("utter_crisis_ask_gently")
        now["awaiting"] = "gently"
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
        now.update(danger=False, held=0, urgency=None)
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
            now["checked_in"] = was == "other"  # the words ask how they themselves are
        elif facts.risk.get("cleared"):
            words = [] if facts.question else ["utter_emergency_cleared"]
        elif facts.intent in ("thanks", "goodbye"):
            words = ["utter_emergency_goodbye"]
        else:
            after = ["utter_emergency_door"]
    elif before["since"] is not None:
        now["since"] = before["since"] + 1
        if now["since"] >= _CHECK_IN_TURNS and not before["checked_in"] and not facts.form:
            now.update(checked_in=True, awaiting="check_in")
            after = ["utter_crisis_check_in"]
        elif before["awaiting"] == "check_in" and (denied or _is_well(facts)):
            words = ["utter_crisis_safe"]
    leaves = bool(was) and facts.intent in ("thanks", "goodbye")
    if before["awaiting"] == "signs" and (denied or leaves):
        words = ["utter_emergency_not_so"]
    reported = facts.intent == "report_medical_emergency" and level is RiskLevel.NONE
    if reported and not denied and not words and not facts.form:
        now["awaiting"], words = "signs", ["utter_emergency_ask"]
    if facts.region_only and not words:
        words = ["utter_lines_here"]
    return Plan(level, words, after, now)


PLAN_OFF = "utter_plan_off"
_FIRST = ("utter_emergency_call", "utter_emergency_now", "utter_emergency_today")
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
    "utter_emergency_cleared",
    *("utter_emergency_goodbye", "utter_emergency_coming", "utter_crisis_coming"),
    *("utter_crisis_still", "utter_crisis_hurting", "utter_crisis_and_signs", "utter_denial_ok"),
    *("utter_emergency_ask", "utter_emergency_not_so", PLAN_OFF),
)
