"""The course of a conversation about danger, without Rasa."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.safety.assessor import RiskLevel
from bot.safety.protocol import GROUNDING_STEPS, PROTOCOL_WORDS, SAFETY_PLAN, Facts, advance


class Talk:
    """A conversation: each `say` is one turn and returns its plan."""

    def __init__(self):
        self.memory = None
        self.region = None

    def say(self, intent=None, level="none", confidence=0.9, form=None, region=None, **risk):
        only = region is not None
        self.region = region or self.region
        found = {"level": level, "rules": [level] if level != "none" else [], **risk}
        facts = Facts(
            found,
            intent,
            confidence,
            self.region,
            region_only=only,
            region_said=only,
            form=form,
            leaning_from=0.2,
        )
        plan = advance(self.memory, facts)
        self.memory = plan.memory
        return plan


def test_crisis_is_acknowledged_asked_about_and_given_lines():
    plan = Talk().say(level="crisis", theme="burden")
    assert plan.words == ["utter_crisis_ask_burden", "utter_crisis_lines", "utter_tell_region"]


def test_doubt_is_asked_about_gently_but_counts():
    plan = Talk().say(level="crisis", gentle=True)
    assert plan.level is RiskLevel.CRISIS
    assert plan.words[0] == "utter_crisis_ask_gently"


def test_the_direct_question_comes_once_and_the_lines_are_not_repeated():
    talk = Talk()
    said = talk.say(level="crisis").words
    for _ in range(8):
        said += talk.say(level="crisis").words
    assert said[3] == "utter_crisis_yes"  # said plainly again: a yes
    assert sum(name.startswith("utter_crisis_ask") for name in said) == 1
    assert said.count("utter_crisis_lines") == 1
    assert said.count("utter_tell_region") == 1
    assert "utter_crisis_listen_3" in said


def test_yes_then_today_then_emergency_number_first():
    talk = Talk()
    talk.say(level="crisis")
    assert talk.say("affirm").words == ["utter_crisis_yes"]
    assert talk.say("affirm").words[0] == "utter_crisis_imminent"
    assert talk.say(level="crisis", acting=True).words == ["utter_crisis_stay"]


def test_not_today_is_no_denial_of_the_thoughts():
    talk = Talk()
    talk.say(level="crisis")
    talk.say("affirm")
    plan = talk.say("deny")
    assert (plan.level, plan.words) == (RiskLevel.CRISIS, ["utter_crisis_not_today"])


def test_imminent_danger_names_the_emergency_number_first():
    words = Talk().say(level="crisis", imminent=True).words
    assert words[:2] == ["utter_crisis_imminent", "utter_crisis_lines_also"]


@pytest.mark.parametrize(
    "how",
    [
        {"intent": "deny", "plain_no": True},
        {"intent": "x", "denied": True},
        {"relief": 0.7, "leaning": 0.1},
        {"intent": "no_risk_denial"},
        {"safe": True},
    ],
)
def test_a_denial_is_believed_and_not_asked_again(how):
    talk = Talk()
    talk.say(level="crisis")
    plan = talk.say(**how)
    assert (plan.level, plan.words) == (RiskLevel.NONE, ["utter_crisis_safe"])
    after = [talk.say("ask_cost_overview").after for _ in range(8)]
    assert after == [[]] * 8


def test_after_a_change_of_subject_the_door_stays_open_and_it_is_asked_after_once():
    talk = Talk()
    talk.say(level="crisis")
    plan = talk.say("ask_cost_overview")
    assert (plan.level, plan.words, plan.after) == (RiskLevel.NONE, [], ["utter_crisis_door"])
    after = [talk.say("ask_cost_overview").after for _ in range(10)]
    assert after.count(["utter_crisis_check_in"]) == 1


@pytest.mark.parametrize("intent", ["ask_wellbeing_dating", "thanks", "goodbye", "insult", None])
def test_height_is_not_debated_and_nobody_is_let_go(intent):
    talk = Talk()
    talk.say(level="crisis")
    plan = talk.say(intent)
    assert plan.level is RiskLevel.CRISIS
    assert plan.words


def test_an_unsure_intent_is_no_change_of_subject():
    talk = Talk()
    talk.say(level="crisis")
    assert talk.say("ask_cost_overview", confidence=0.3).level is RiskLevel.CRISIS


def test_what_makes_calling_hard_is_asked_and_taken_up():
    talk = Talk()
    talk.say(level="crisis")
    assert talk.say("decline_help").words == ["utter_crisis_barrier"]
    assert talk.say(None, barrier="police").words == ["utter_crisis_barrier_police"]
    assert talk.say("decline_help", barrier="phone").words == ["utter_crisis_barrier_phone"]


def test_grounding_goes_step_by_step_and_offers_the_plan():
    talk = Talk()
    talk.say(level="crisis")
    steps = [talk.say("ask_wellbeing_grounding")]
    steps += [talk.say("more") for _ in range(3)]
    assert [step.words for step in steps] == [[name] for name in GROUNDING_STEPS]
    assert {step.topic for step in steps} == {"wellbeing.grounding"}
    assert talk.say("affirm").words == [SAFETY_PLAN]


def test_a_plan_in_work_is_not_interrupted_except_by_imminent_danger():
    talk = Talk()
    talk.say(level="crisis")
    talk.say("request_safety_plan")
    assert talk.say("x", level="crisis", form="safety_plan_form").words == []
    acting = {"imminent": True, "acting": True}
    plan = talk.say("x", level="crisis", form="safety_plan_form", **acting)
    assert plan.words[0] == "utter_crisis_imminent"


def test_lines_follow_a_region_that_becomes_known_or_changes():
    talk = Talk()
    talk.say(level="crisis")
    assert talk.say(region="CA").words == ["utter_lines_here"]
    assert "utter_lines_here" not in talk.say("nlu_fallback").words
    assert talk.say(region="GB").words == ["utter_lines_here"]


def test_somebody_else_in_danger():
    talk = Talk()
    plan = talk.say(level="crisis", subject="other")
    assert plan.words[:2] == ["utter_crisis_other", "utter_crisis_other_lines"]
    assert talk.say("deny").words == ["utter_crisis_other_apart"]
    imminent = Talk().say(level="crisis", subject="other", imminent=True)
    assert imminent.words[0] == "utter_crisis_other_imminent"


def test_hopelessness_that_grows_is_asked_about():
    talk = Talk()
    levels = [talk.say("report_distress", level="distress", hopeless=True).level for _ in range(3)]
    assert levels == [RiskLevel.DISTRESS, RiskLevel.DISTRESS, RiskLevel.CRISIS]
    talk = Talk()
    talk.say("report_distress", level="distress")
    assert talk.say("x", level="distress", leaning=0.25).level is RiskLevel.CRISIS
    assert Talk().say("x", level="distress", leaning=0.25).level is RiskLevel.DISTRESS


def test_two_urgencies_in_different_words():
    now = Talk().say(level="medical_emergency", urgency="now", sign="circulation").words
    call = Talk().say(level="medical_emergency", urgency="now", sign="chest").words
    today = Talk().say(level="medical_emergency", urgency="today", sign="infection").words
    assert now[:2] == ["utter_emergency_now", "utter_emergency_do_circulation"]
    assert call[:2] == ["utter_emergency_call", "utter_emergency_do_chest"]
    assert today[:2] == ["utter_emergency_today", "utter_emergency_do_infection"]


def test_an_emergency_that_gets_worse_is_said_anew():
    talk = Talk()
    talk.say(level="medical_emergency", urgency="today", sign="clot")
    worse = talk.say(level="medical_emergency", urgency="now", sign="chest").words
    assert worse[0] == "utter_emergency_call"
    assert talk.say("x", wait=True).words == ["utter_emergency_wait_now"]
    assert talk.say(level="crisis").words[0] == "utter_crisis_ask_plain"


def test_only_a_clear_crisis_replaces_an_open_emergency():
    talk = Talk()
    talk.say(level="medical_emergency", urgency="now", sign="chest")
    faint = talk.say(level="crisis", rules=["classifier:crisis"], leaning=0.5, coming=True)
    assert faint.words == ["utter_emergency_coming"]
    sure = talk.say(level="crisis", rules=["classifier:crisis"], leaning=0.9)
    assert sure.level is RiskLevel.CRISIS


def test_means_at_hand_count_in_an_open_crisis():
    talk = Talk()
    talk.say(level="crisis")
    assert talk.say("x", acting=True).words[0] == "utter_crisis_imminent"
    assert talk.say("x", acting=True, coming=True).words == ["utter_crisis_coming"]


def test_relief_ends_a_crisis_but_calm_from_self_harm_does_not():
    talk = Talk()
    talk.say(level="crisis")
    assert talk.say(None, denied=True, theme="self_harm").level is RiskLevel.CRISIS
    assert talk.say("x", safe=True).level is RiskLevel.NONE


@pytest.mark.parametrize("asks, words", [("calm", GROUNDING_STEPS[0]), ("plan", SAFETY_PLAN)])
def test_something_to_do_on_request(asks, words):
    talk = Talk()
    talk.say(level="crisis")
    assert talk.say("ask_cost_overview", asks=asks).words == [words]


@pytest.mark.parametrize(
    "answer",
    [
        {"intent": "deny", "plain_no": True},
        {"intent": "no_risk_denial", "relief": 0.9},
        {"intent": "deny", "denied": True},
    ],
)
def test_no_to_today_never_closes_the_crisis(answer):
    talk = Talk()
    talk.say(level="crisis")
    talk.say("affirm")
    plan = talk.say(**answer)
    assert (plan.level, plan.words) == (RiskLevel.CRISIS, ["utter_crisis_not_today"])


def test_a_plain_denial_is_believed_at_any_question():
    talk = Talk()
    talk.say(level="crisis")
    talk.say("affirm")
    assert talk.say("x", denied=True, denied_outright=True).words == ["utter_crisis_safe"]


@pytest.mark.parametrize("mark", ["hopeless", "serious", "lost", "acting"])
def test_what_speaks_of_danger_is_no_denial(mark):
    talk = Talk()
    talk.say(level="crisis")
    plan = talk.say(None, denied=True, relief=0.9, plain_no=True, **{mark: True})
    assert plan.level is RiskLevel.CRISIS


def test_a_friend_who_does_not_answer_is_not_safe_and_the_lines_come_once():
    talk = Talk()
    talk.say(level="crisis", subject="other")
    plan = talk.say("deny", relief=0.9, plain_no=True, lost=True)
    assert plan.words == ["utter_crisis_other_imminent"]


def test_saying_it_plainly_after_the_gentle_question_is_a_yes():
    talk = Talk()
    talk.say(level="crisis", gentle=True)
    assert talk.say("decline_help", level="crisis").words == ["utter_crisis_yes"]


@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "level": st.sampled_from([level.value for level in RiskLevel]),
                "intent": st.sampled_from(
                    [None, "affirm", "deny", "more", "decline_help", "ask_cost_overview", "stop"]
                ),
                "imminent": st.booleans(),
                "denied": st.booleans(),
                "hopeless": st.booleans(),
                "subject": st.sampled_from(["self", "other"]),
                "urgency": st.sampled_from(["now", "today", None]),
                "sign": st.sampled_from(["chest", "clot", None]),
                "barrier": st.sampled_from(["phone", "nobody", None]),
            }
        ),
        max_size=12,
    )
)
def test_no_course_leaves_a_person_in_danger_without_words(turns):
    talk = Talk()
    for turn in turns:
        plan = talk.say(**turn)
        if plan.level in (RiskLevel.CRISIS, RiskLevel.MEDICAL_EMERGENCY):
            assert plan.words
        assert set(plan.words + plan.after) <= {*PROTOCOL_WORDS, SAFETY_PLAN}
        if turn["level"] == "crisis":
            assert plan.level is RiskLevel.CRISIS
