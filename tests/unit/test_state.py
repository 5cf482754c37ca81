"""The state contract, as pure functions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.state import Place, age_band, is_topic_intent, next_state


def parse(intent="ask_cost_overview", level="none", denied=False, language=None):
    return {
        "intent": {"name": intent, "confidence": 0.9},
        "risk": {"level": level, "rules": [level], "subject": "self", "denied": denied},
        "language": language,
    }


def state(before=None, text="", region=None, metadata=None, only=False, **kwargs):
    place = Place(region, only)
    return next_state(before or {}, parse(**kwargs), text, place, metadata or {})


OPEN = {"crisis": "self", "medical_emergency": "emergency"}


def test_topic_is_empty_until_the_reply_confirms_it():
    after = state({"topic": "law.china", "topics": ["law.china"]})
    assert after["topic"] is None
    assert after["topics"] == []


@pytest.mark.parametrize(
    "before, detected, text, expected",
    [
        (None, "en", "how long", "en"),
        (None, "zh", "多久", "zh"),
        ("zh", None, "ok", "zh"),
        ("en", None, "5cm", "en"),
        (None, None, "infection?", "en"),
        (None, None, "👍", "en"),
        ("en", "zh", "多久", "zh"),
    ],
)
def test_language_stays_until_a_message_tells(before, detected, text, expected):
    assert state({"language": before}, text, language=detected)["language"] == expected


def test_a_choice_wins_over_detection_and_stays():
    after = state(metadata={"language": "zh"}, language="en")
    assert after["language"] == "zh"
    assert state(after, language="en")["language"] == "zh"
    switched = state(after, intent="switch_to_english", language="zh")
    assert switched["language"] == "en"
    assert state(switched, language="zh")["language"] == "en"


@pytest.mark.parametrize("metadata", [{"language": "fr"}, {"language": 7}, {"language": None}])
def test_other_languages_are_no_choice(metadata):
    assert state(metadata=metadata, language="zh")["language"] == "zh"


@pytest.mark.parametrize(
    "before, intent, level, denied, expected",
    [
        ("none", "greet", "crisis", False, "crisis"),
        ("crisis", "affirm", "none", False, "crisis"),
        ("crisis", "nlu_fallback", "none", False, "crisis"),
        ("crisis", "report_distress", "distress", False, "crisis"),
        ("crisis", "no_risk_denial", "none", True, "none"),
        ("crisis", "no_risk_denial", "none", False, "none"),
        ("crisis", "ask_cost_overview", "none", False, "none"),
        ("medical_emergency", "affirm", "none", False, "medical_emergency"),
        ("medical_emergency", "ask_recovery_pain", "none", False, "medical_emergency"),
        ("medical_emergency", "affirm", "crisis", False, "crisis"),
        ("distress", "affirm", "none", False, "none"),
        (None, "greet", "distress", False, "distress"),
    ],
)
def test_an_open_crisis_lasts_while_the_person_goes_on(before, intent, level, denied, expected):
    memory = {"risk_level": before, "safety": {"open": OPEN.get(before)}}
    after = state(memory, intent=intent, level=level, denied=denied)
    assert after["risk_level"] == expected


def test_the_peak_never_falls_and_crisis_ranks_highest():
    after = state({"peak_risk_level": "medical_emergency"}, level="none")
    assert after["peak_risk_level"] == "medical_emergency"
    assert state(after, level="crisis")["peak_risk_level"] == "crisis"
    assert state({"peak_risk_level": "crisis"}, level="medical_emergency")["peak_risk_level"] == (
        "crisis"
    )


@pytest.mark.parametrize(
    "intent, level, expected",
    [
        ("nlu_fallback", "none", True),
        ("out_of_scope", "none", True),
        ("no_words", "none", True),
        ("nlu_fallback", "crisis", False),
        ("greet", "none", False),
        ("ask_cost_overview", "none", False),
    ],
)
def test_fallback(intent, level, expected):
    assert state(intent=intent, level=level)["fallback"] is expected


def test_region_from_words_then_memory_then_site():
    assert state(region="CA", metadata={"region": "US"})["region"] == "CA"
    assert state({"region": "GB"}, metadata={"region": "US"})["region"] == "GB"
    assert state(metadata={"region": "US"})["region"] == "US"
    assert state(language="zh")["region"] is None


def test_a_bare_place_is_the_persons_only_where_numbers_were_the_subject():
    assert state(region="IN", only=True)["region"] is None
    assert state({"last_topic": "cost.by_country"}, region="IN", only=True)["region"] is None
    asked = state({"last_topic": "referral.mental_health"}, region="IN", only=True)
    assert asked["region"] == "IN"
    assert asked["plan"] == ["utter_lines_here"]
    assert state({"safety": {"open": "self"}}, region="IN", only=True)["region"] == "IN"


@pytest.mark.parametrize(
    "text, band",
    [
        ("I'm 16 and 160cm", "14_17"),
        ("im 13", "under_14"),
        ("i am 25, is it too late", "adult"),
        ("17 years old boy here", "14_17"),
        ("我今年15岁", "14_17"),
        ("我28了", "adult"),
        ("16岁男生168", "14_17"),
        ("I'm 165 cm tall", None),
        ("i'm 58 kg", None),
        ("i am 5 foot 4", None),
        ("我想长5厘米", None),
        ("i'm 15M and hate it", "14_17"),
        ("我上小学五年级", "under_14"),
        ("我高二", "14_17"),
        ("i'm in high school", "14_17"),
        ("my son is 15 years old", None),
        ("我儿子今年15岁了", None),
        ("she is 13 yo", None),
        ("he's 16 and i'm 45", "adult"),
        ("i'm 12 weeks post op", None),
        ("", None),
        # heights, amounts and times are no ages
        ("I’m 5’6 and hate it", None),
        ("I'm 5'7", None),
        ("im 5 7", None),
        ("i'm five seven", None),
        ("I'm 6.5 cm in", None),
        ("I'm 12 hours post op", None),
        ("I'm 10 years post op", None),
        ("im 9/10 tired", None),
        ("explain it like i'm 5", None),
        ("今年12个月", None),
        ("今年12月做手术", None),
        # somebody else, anybody, long ago
        ("my 13 year old is small", None),
        ("our small eleven-year-old won't eat", None),
        ("my son is turning 13", None),
        ("my son, aged 12", None),
        ("can a 12 year old get it", None),
        ("when i was 12 years old i stopped growing", None),
        ("my son is 12 years old and i'm 45", "adult"),
        ("我儿子今年12", None),
        ("我孩子十二岁", None),
        ("我们家小子今年十一，不长个", None),
        ("我十二岁踢球伤了生长板", None),
        ("我12岁的时候就这么高", None),
        ("我小学的时候就最矮", None),
        ("我高中的时候", None),
        # in words
        ("i am twelve", "under_14"),
        ("As a 13 year old I get laughed at", "under_14"),
        ("I'm a 12 year old boy", "under_14"),
        ("boy, aged 12", "under_14"),
        ("i just turned 13", "under_14"),
        ("im 12 5'2", "under_14"),
        ("I'm 13 in grade 8", "under_14"),
        ("十二岁", "under_14"),
        ("我今年十二岁了", "under_14"),
        ("今年12", "under_14"),
        ("我今年十二，想长高", "under_14"),
        ("我是12岁的男生", "under_14"),
        ("我二十三岁", "adult"),
    ],
)
def test_age_band(text, band):
    assert age_band(text) == band


@pytest.mark.parametrize(
    "text, band",
    [
        ("16", "14_17"),
        ("我13", "under_14"),
        ("30.", "adult"),
        ("twelve", "under_14"),
        ("十二", "under_14"),
    ],
)
def test_a_bare_number_counts_where_the_age_was_asked(text, band):
    assert age_band(text) is None or text == "我13"
    assert age_band(text, asked=True) == band


def test_the_age_is_asked_once_and_only_where_it_matters():
    first = state(intent="ask_law_age")
    assert first["after"] == ["utter_ask_age"]
    assert state(first, intent="ask_law_age")["after"] == []
    assert state(intent="ask_cost_overview")["after"] == []
    answered = state(first, text="30", intent="nlu_fallback")
    assert (answered["age_band"], answered["plan"]) == ("adult", ["utter_age_noted"])
    assert answered["fallback"] is False


@pytest.mark.parametrize("text", ["I live in Canada", "我住在加拿大"])
def test_where_somebody_lives_is_noted_where_nothing_else_is_said(text):
    def plan(before, text):
        found = parse("out_of_scope")
        return next_state(before, found, text, Place("CA", False, True), {})["plan"]

    assert plan({}, text) == ["utter_region_noted"]
    assert plan({"region": "CA"}, text) == []
    assert plan({}, text + "，天气怎么样?") == []


def test_the_young_hear_of_an_adult_and_a_childrens_doctor_first():
    young = state(text="i'm 15, how much is it", intent="ask_cost_overview")
    assert young["plan"] == ["utter_young", "action_answer_topic"]
    assert state(young, intent="ask_cost_overview")["plan"] == []
    child = state(text="i am 12", intent="nlu_fallback")
    assert (child["age_band"], child["plan"]) == ("under_14", ["utter_child"])


def test_a_person_is_named_only_where_hours_are_set():
    assert state(intent="ask_about_human")["plan"] == []
    on_duty = next_state({}, parse("ask_about_human"), "", Place(), {}, presence="utter_human_now")
    assert (on_duty["plan"], on_duty["topic"]) == (["utter_human_now"], "about.human")
    child = {"age_band": "under_14", "told": ["utter_child"]}
    alone = next_state(child, parse("ask_about_human"), "", Place(), {}, presence="utter_human_now")
    assert alone["plan"] == []  # nothing is kept that anybody could read


def test_a_plan_that_is_switched_off_in_the_middle_is_left():
    def answer(intent, off, form="safety_plan_form", level="none"):
        found = parse(intent, level)
        return next_state({}, found, "", Place(), {}, form=form, off=off)["plan"]

    off = frozenset({"safety_plan"})
    stopped = ["action_deactivate_loop", "utter_plan_off"]
    assert answer("nlu_fallback", off) == stopped
    assert answer("nlu_fallback", ()) == []
    assert answer("request_safety_plan", off, form=None) == ["utter_plan_off"]
    assert answer("nlu_fallback", off, form=None) == []


@given(st.text(), st.text(max_size=20))
def test_any_message_gives_a_whole_state(text, intent):
    after = next_state({}, {"intent": {"name": intent}}, text, Place(), {})
    assert after["language"] in ("en", "zh")
    assert after["risk_level"] == "none"


def test_acts_are_no_topics():
    assert is_topic_intent("ask_law_china")
    assert not any(is_topic_intent(i) for i in ("ask_sources", "ask_who", "more", "", None))


@pytest.mark.parametrize(
    "before, leaning, text, level",
    [
        ({"last_topic": "recovery.pain"}, 0.2, "and at what point would they say leave it", "none"),
        ({"last_topic": "recovery.pain"}, 0.5, "and what if i'm not here for that", "crisis"),
        ({"last_topic": "recovery.pain"}, 0.2, "the last one asked me to wear flats", "none"),
        ({"last_topic": "recovery.pain"}, 0.3, "then i am done with all of it", "crisis"),
        ({"last_topic": "recovery.pain", "safety": {"low": 1}}, 0.2, "what is left then", "crisis"),
        ({}, 0.2, "and at what point would they say leave it", "crisis"),
    ],
)
def test_a_calm_talk_stands_against_a_faint_doubt(before, leaning, text, level):
    risk = {"level": "crisis", "rules": ["classifier:crisis"], "gentle": True, "leaning": leaning}
    found = {"intent": {"name": "ask_procedure_scars", "confidence": 0.2}, "leans": 0.8}
    after = next_state(before, {**found, "risk": risk}, text, Place(), {})
    assert after["risk_level"] == level
