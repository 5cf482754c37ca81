"""The conversation state of the contract, computed from one message and the state before it.

Pure functions over plain dictionaries: `bot.policies.turn_state` puts the result into slots at
the start of each turn, in the Rasa process, so that it is never stale when an action is late.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from actions.knowledge.schema import LANGUAGES
from bot.context import leans_on
from bot.nlu.questions import asks
from bot.nlu.text import CJK_CHARACTER, is_japanese, normalize
from bot.safety.assessor import RiskLevel
from bot.safety.model import THRESHOLDS
from bot.safety.protocol import Facts, advance

FALLBACK_INTENTS = frozenset({"nlu_fallback", "out_of_scope", "no_words"})
_SHORT_STATEMENT = 60  # characters
TOPIC_PREFIX = "ask_"
# Intents that begin with "ask_" but are dialogue acts.
_ACTS = frozenset({"ask_sources", "ask_who"})
# Topics for which it matters how old the person is; asked once, beside the answer.
_AGE_MATTERS = frozenset(
    {"ask_law_age", "ask_eligibility_candidacy", "ask_growth_adult_growth", "ask_growth_hormone"}
)
# Areas before which a young person hears of a trusted adult, growth and a children's doctor.
_NOT_FOR_MINORS = ("ask_cost_", "ask_procedure_", "ask_referral_", "ask_eligibility_", "ask_law_")
# Topics that say: name the country, and numbers follow.
_LINES_MATTER = frozenset(
    {"referral.mental_health", "wellbeing.supporting_someone", "emergency.red_flags", "about.human"}
)
ANSWER_TOPIC = "action_answer_topic"
_MOST_CM = 20  # a larger number of centimetres is not an amount of lengthening
TONGUE_WORDS = "utter_tongue"  # offers English or Chinese in the person's own language, once
ANSWER_FOLLOW_UP = "action_answer_follow_up"

_THEIR = (
    r"\b(?:my|our|his|her|a|the) (?:son|daughter|kid|child|boy|girl|brother|sister|nephew|niece"
    r"|cousin|friend|student|boyfriend|girlfriend|bf|gf|grandson|granddaughter)\b|\b(?:he|she)\b"
    r"|儿子|女儿|孩子|小孩|娃|弟弟|老大|老二|闺女|丫头|小子|囡囡|它|家(?:的)?今年|妹妹|哥哥|姐姐|侄|外甥|表弟|表妹|堂弟|同学|朋友|学生|他|她"
)
# After a number: it is no age but a height, an amount, a time since the operation.
_NO_AGE = (
    r"(?!\s*(?:cm|centimet|mm\b|millimet|kg|kilo|lbs?\b|pounds?|stone|%|percent|inch"
    r"|in\b(?! (?:grade|year|school|my|the))|-?(?:feet|foot|ft)|['’′\"”″]|[.,:/–-]\d|k\b|months?"
    r"|weeks?|days?|hours?|hrs?\b|minutes?|mins?\b|sessions?|turns?|times?|steps?|out of|of\b|to \d"
    r"|(?:years?|yrs?) (?!old)))(?!(?<=\b[4-7])\s+\d)"
)
_AGE = re.compile(
    r"(?<!like )(?<!liek )\b(?P<own>i\s*am|i['’]?m|im)\s+(?:(?:only|just|a|still|currently|like"
    r"|almost|nearly|about|turning|aged?)\s+){0,2}(?P<a>\d{1,2})\b"
    + _NO_AGE
    + r"|\b(?P<old>my age is|(?:boy|girl|male|female|student|son|daughter|^),?\s*aged?"
    r"|turning|just turned)\s+(?P<b>\d{1,2})\b"
    + _NO_AGE
    + r"|(?<!['’′.])\b(?P<c>\d{1,2})[\s-]*(?:(?:years?|yrs?)[\s-]*old\b(?! (?:son|daughter|brother"
    r"|sister|nephew|niece|cousin|child|kid|patient))|yo\b|y/o)"
    r"|(?<!['’′.])\b(?P<d>\d{1,2})[mf]\b(?! tall)"
    r"|(?P<mine>(?<!那年)(?<!当年)(?<!那时)(?<!时候)(?:我|本人)(?:是[一个名]{0,2})?)\s*(?P<e>\d{1,2})\s*(?:周?岁(?=\s*(?:[，,。.！!？?、；;~\d男女了]|$|的?(?:男|女|学生)"
    r"|身高|想|能|可|该|要|怎|还|是|初|小学|在?[上读]))|了)"
    r"|(?:今年|刚满|才|已经|快|现在|马上)\s*(?P<f>\d{1,2})\s*(?:周?岁|了|(?=[，,。！!？?]|$))"
    r"|(?<![\d\w])(?P<g>\d{1,2})\s*(?:周)?岁"
    r"(?:的?(?:男生|女生|学生|人|男(?!孩)|女(?![孩儿]))|[，,。 ]|$)",
    re.IGNORECASE,
)
# Before a number: an age of somebody else, of anybody, or of long ago.
_NOT_NOW = re.compile(
    r"(?:\b(?:is|are|was|were|since|at|until|till|before|after|from|by|over|under|like|age|than)"
    r"|(?<!\bas)(?<!i am)(?<!i'm)(?<!i’m)(?<!\bim)(?<!being)"
    r" \b(?:my|our|his|her|their|your|a|an|the|any|every|each|this|that|another|some|most)"
    r"|^(?:my|our|his|her|a|any))"
    r"(?: \w{1,9}){0,1}\W*$",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"\D{0,12}(\d{1,2})\D{0,12}")
_WORDS = (
    *("four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen"),
    *("fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
_IN_WORDS = re.compile(rf"\b(?:{'|'.join(_WORDS)})\b", re.IGNORECASE)
_CHINESE = "一二三四五六七八九"
_IN_CHINESE = re.compile(rf"[二三四五六七八九]?十[{_CHINESE}]?|[四五六七八九]")
_CHINESE_AGE = re.compile(
    rf"(?<![{_CHINESE}十百第两])({_IN_CHINESE.pattern})(?=\s*周?岁)|(?<=今年)({_IN_CHINESE.pattern})(?=了|[，,。！!？?]|$)"
)
_PAST = r"(?!.{0,3}(?:时|那[年会时]|就|毕业|老师|同学|开始|以来|以后|之后|之前|起|家长|学历))"
_SCHOOL = (
    (
        "under_14",
        re.compile(
            r"(?<!是)(?:我|本人)(?:还|是|在|现在|今年)*(?:上|读)?(?:小学)?[一二三四五六]年级"
            + _PAST
            + r"|(?:我|本人)(?:还|是|在|现在|今年)*(?:上|读)?小学(?:生)?(?=[，,。.！!？?\s]|$)"
        ),
    ),
    (
        "14_17",
        re.compile(
            r"(?:我|本人)(?:还|是|在|现在|今年)*(?:上|读)?(?:高中|高[一二三]|未成年)" + _PAST
        ),
    ),
    (
        "14_17",
        re.compile(r"\bi(?:['’]?m| am) (?:still )?(?:a minor|underage|in high ?school)\b", re.I),
    ),
)


def is_topic_intent(intent: str | None) -> bool:
    """Return whether `intent` asks a knowledge topic."""
    return bool(intent) and str(intent).startswith(TOPIC_PREFIX) and intent not in _ACTS


@dataclass(frozen=True)
class Place:
    """A place found in a message: `region` (ISO code), whether it is the whole message, and whether
    the message says that the person is there; `begins`: a place that it begins with."""

    region: str | None = None
    only: bool = False
    stated: bool = False
    begins: str | None = None


def next_state(
    before: Mapping[str, Any],
    parse: Mapping[str, Any],
    text: str,
    place: Place,
    metadata: Mapping[str, Any],
    form: str | None = None,
    presence: str = "utter_human_none",
    off: Collection[str] = (),
) -> dict[str, Any]:
    """Return the slots of this turn, before the reply: the contract's, and our memory.

    `before`: slot values so far; `parse`: the NLU result (intent, language, risk); `text`: the
    message; `place`: where the person says they are; `metadata`: what the channel adds
    (`language` chosen in the widget, `region` of the site); `form`: an open form; `presence`: the
    template that says whether a counsellor is there; `off`: features switched off. `topic` and
    `topics` are empty until the reply confirms them.

    Memory: `safety` (of `bot.safety.protocol`), `plan` (fixed words instead of another reply) and
    `after` (fixed words that follow it).
    """
    intent = (parse.get("intent") or {}).get("name")
    safety = before.get("safety") or {}
    # A bare "Canada" answers us only where numbers were the subject; else it asks about Canada.
    expected = _expects_place(before, safety)
    here = place.only and expected
    said = place.region if here or place.stated or not place.only else None
    if said is None and safety.get("open") and not before.get("region"):
        said = place.begins  # "Bangkok, alone in a flat", after we asked
    region = said or before.get("region") or metadata.get("region")
    calm_so_far = _is_calm(before, safety)
    asked_age = before.get("asked") == "age"
    age = age_band(text, asked=asked_age) or before.get("age_band")
    plan = advance(
        safety,
        Facts(
            risk=_risk(parse, here, calm_so_far, calm_so_far and _asks_on(parse, text)),
            intent=intent,
            confidence=float((parse.get("intent") or {}).get("confidence") or 0.0),
            region=region,
            region_only=here,
            region_said=said is not None,
            question=_may_ask(text),
            form=form,
            leaning_from=THRESHOLDS.crisis_after_distress,
            off=off,
        ),
    )
    calm = plan.level is RiskLevel.NONE and not plan.words and not form
    topic = plan.topic
    words, after, asked, told = plan.words, plan.after, None, list(before.get("told") or ())
    if calm:
        follow_up = leans_on(before.get("last_topic"), parse, text)
        words, told = _for_the_young(age, before.get("age_band"), intent, told, follow_up)
        if not words and asked_age and age and age != before.get("age_band"):
            words = ["utter_age_noted"]
        told_place = place.stated and said is not None and said != before.get("region")
        if not words and told_place and intent in FALLBACK_INTENTS and _says_no_more(text):
            words = ["utter_region_noted"]
        offered = presence != "utter_human_none" and age != "under_14"  # of whom nothing is kept
        if intent == "ask_about_human" and offered:
            words, topic = [presence], "about.human"
        if age is None and intent in _AGE_MATTERS and "utter_ask_age" not in told:
            after, asked = [*after, "utter_ask_age"], "age"
            told.append("utter_ask_age")
        if parse.get("tongue") and TONGUE_WORDS not in told:
            after = [*after, TONGUE_WORDS]
            told.append(TONGUE_WORDS)
    choice = _choice(intent, metadata) or before.get("language_choice")
    peak = max(plan.level, _level(before.get("peak_risk_level")), key=lambda one: one.rank)
    return {
        "topic": topic,
        "topics": [topic] if topic else [],
        "risk_level": plan.level.value,
        "peak_risk_level": peak.value,
        "language": choice or _language(before.get("language"), parse, text),
        "language_choice": choice,
        "region": region,
        "age_band": age,
        "fallback": intent in FALLBACK_INTENTS
        and plan.level is RiskLevel.NONE
        and not words
        and not leans_on(before.get("last_topic"), parse, text),
        "mentioned": mentioned(before.get("mentioned"), parse, text),
        "safety": plan.memory,
        "plan": words,
        "after": after,
        "asked": asked,
        "told": told,
    }


def _says_no_more(text: str) -> bool:
    """Return whether a statement is short and asks nothing ("I live in Canada")."""
    return len(text) <= _SHORT_STATEMENT and not asks(normalize(text))


def _risk(
    parse: Mapping[str, Any], place: bool, going_on: bool = False, asking: bool = False
) -> Mapping[str, Any]:
    """Return the risk of a message.

    A bare place that was asked for speaks of none. Nor does a message that the classifier alone
    doubts faintly, in a talk that goes on (`going_on`) without a trace of danger; a question
    about the last answer (`asking`) may sound a little worse ("at what point would they leave
    it?").
    """
    risk = parse.get("risk") or {}
    by_words = any(not str(rule).startswith("classifier:") for rule in risk.get("rules") or ())
    faint = float(risk.get("leaning") or 0.0) if risk.get("gentle") else 1.0
    calm = place or faint < (_FAINT_ASKING if asking else _FAINT if going_on else 0.0)
    return risk if by_words or not calm else {"level": RiskLevel.NONE.value}


def _is_calm(before: Mapping[str, Any], safety: Mapping[str, Any]) -> bool:
    """Return whether something was answered before, and nothing in the talk spoke of danger."""
    traces = safety.get("open") or safety.get("since") is not None or safety.get("low")
    return bool(before.get("last_topic")) and not traces


def _asks_on(parse: Mapping[str, Any], text: str) -> bool:
    return float(parse.get("leans") or 0.0) >= _LEANS and asks(normalize(text))


_QUESTION = re.compile(
    r"[?？]|\b(?:what|whats|how|hows|why|which|when|where|who|whos|does|is (?:it|this|that|there)"
    r"|are (?:there|they)|can (?:i|it|they|you|we|u)|could|should|would|will (?:i|it|they)"
    r"|do (?:i|they|you|people)|did|tell me|explain|wondering|any (?:idea|tips|advice))\b"
    r"|吗|么|呢|嘛|什么|啥|怎么|咋|怎样|为何|多久|多少|多高|多大|几|哪|谁|是不是|会不会|能不能|要不要|有没有"
    r"|可不可以|该不该|行不行|好不好|请问|想问|问一下|问下|说说|讲讲|介绍",
    re.IGNORECASE,
)
# Probabilities: doubts that are faint in a calm talk; a message that leans on the one before.
_FAINT, _FAINT_ASKING, _LEANS = 0.25, 0.35, 0.5
_FEW_WORDS, _FEW_CHARACTERS = 4, 10


def _may_ask(text: str) -> bool:
    """Return whether a message has the form of a question, or is too short to have one."""
    if _QUESTION.search(text):
        return True
    if CJK_CHARACTER.search(text):
        return len(text.strip()) <= _FEW_CHARACTERS
    return len(text.split()) <= _FEW_WORDS


def _expects_place(before: Mapping[str, Any], safety: Mapping[str, Any]) -> bool:
    in_danger = safety.get("open") or safety.get("since") is not None
    return bool(in_danger) or before.get("last_topic") in _LINES_MATTER


def _for_the_young(
    age: str | None, before: str | None, intent: str | None, told: list[str], follow_up: bool
) -> tuple[list[str], list[str]]:
    """Return the words that come first for a minor, once, and what was told so far."""
    words = {"under_14": "utter_child", "14_17": "utter_young"}.get(age or "")
    fits = age != before or (is_topic_intent(intent) and str(intent).startswith(_NOT_FOR_MINORS))
    if words is None or words in told or not (fits or age == "under_14"):
        return [], told
    then = [ANSWER_TOPIC] if is_topic_intent(intent) else []
    then = [ANSWER_FOLLOW_UP] if follow_up else then
    return [words, *then], [*told, words]


def age_band(text: str, asked: bool = False) -> str | None:
    """Return the age band of a person who says their age ("I'm 16", "我15岁"), else None.

    `asked`: we have just asked, so that a bare number counts too. Ages of others do not count.
    """
    text = _in_digits(text, asked)
    answer = _NUMBER.fullmatch(text) if asked else None
    if answer and not re.search(_THEIR, text, re.IGNORECASE):
        return _band(int(answer[1]))
    for match in _AGE.finditer(text):
        before = text[max(0, match.start() - 40) : match.start()]
        own = match["own"] or match["mine"]
        theirs = re.search(_THEIR, before + match.group(), re.IGNORECASE)
        if own or not (theirs or _NOT_NOW.search(before)):
            return _band(int(next(match[name] for name in "abcdefg" if match[name])))
    return next((band for band, pattern in _SCHOOL if pattern.search(text)), None)


def _in_digits(text: str, everywhere: bool) -> str:
    """Return the text with ages in words as digits; Chinese ones everywhere or before 岁."""
    text = _IN_WORDS.sub(lambda match: str(_WORDS.index(match[0].lower()) + 4), text)
    chinese = _IN_CHINESE if everywhere else _CHINESE_AGE
    return chinese.sub(lambda match: str(_chinese_number(match[0])), text)


def _chinese_number(words: str) -> int:
    tens, ten, ones = words.rpartition("十")
    units = _CHINESE.index(ones) + 1 if ones else 0
    return units + (10 * (_CHINESE.index(tens) + 1 if tens else 1) if ten else 0)


def _band(age: int) -> str | None:
    if age < 4:
        return None
    return "under_14" if age < 14 else "14_17" if age < 18 else "adult"


def mentioned(
    before: Mapping[str, Any] | None, parse: Mapping[str, Any], text: str
) -> dict[str, Any] | None:
    """Return the technique, bone and centimetres of height that the person named last.

    Keys as in `actions.knowledge.schema.Mentioned`. A kind named now replaces what was named of it
    before; a body height ("165 cm") is no amount of lengthening.
    """
    found: dict[str, Any] = {}
    for one in parse.get("entities") or ():
        kind, value, start = one.get("entity"), one.get("value"), int(one.get("start") or 0)
        if kind in ("technique", "segment") and value not in found.get(kind, ()):
            found[kind] = [*found.get(kind, ()), value]
        digit_before = text[max(0, start - 1) : start].isdigit()
        if kind == "amount" and not digit_before and 1 <= float(value) <= _MOST_CM:
            found["cm"] = float(value)
    return {**(before or {}), **found} or None


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
    chinese = CJK_CHARACTER.search(text) and not is_japanese(text)
    return before or ("zh" if chinese else "en")
