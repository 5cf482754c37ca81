"""The course of a conversation about danger, without Rasa."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.safety.assessor import RiskLevel
from bot.safety.protocol import (
    GROUNDING_STEPS,
    PROTOCOL_WORDS,
    SAFETY_PLAN,
    STOP_FORM,
    Facts,
    advance,
)


class Talk:
    """A conversation: each `say` is one turn and returns its plan."""

    def __init__(self):
        self.memory = None
        self.region = None

    def press(self, intent, **facts):
        """Press a button: it carries no risk."""
        plan = advance(self.memory, Facts({}, intent, 1.0, self.region, **facts))
        self.memory = plan.memory
        return plan

    def say(
        self, intent=None, level="none", confidence=0.9, form=None, region=None, off=(), **risk
    ):
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
            off=off,
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
    assert plan.words[:2] == [STOP_FORM, "utter_crisis_imminent"]


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
                    [
                        *(None, "affirm", "deny", "more", "decline_help", "ask_cost_overview"),
                        *("report_crisis", "report_medical_emergency", "ask_growth_adult_growth"),
                        *("request_safety_plan", "thanks", "stop"),
                    ]
                ),
                "form": st.sampled_from([None, None, SAFETY_PLAN]),
                "off": st.sampled_from([(), ("safety_plan",)]),
                "theme": st.sampled_from([None, "rejected", "self_harm"]),
                "wait": st.booleans(),
                "coming": st.booleans(),
                "acting": st.booleans(),
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
            assert plan.words or (turn["form"] and not turn["off"])
        assert set(plan.words + plan.after) <= {*PROTOCOL_WORDS, SAFETY_PLAN, STOP_FORM}
        assert (STOP_FORM in plan.words) <= (turn["form"] is not None)
        assert len(plan.words) == len(set(plan.words))
        if turn["level"] == "crisis":
            assert plan.level is RiskLevel.CRISIS


FAINT = {"rules": ["classifier:crisis"], "leaning": 0.5, "gentle": True}
CHEST = {"level": "medical_emergency", "urgency": "now", "sign": "chest"}
CALL = ["utter_emergency_call", "utter_emergency_do_chest"]


def test_signs_after_surgery_in_an_open_crisis_are_answered_first_and_once():
    talk = Talk()
    talk.say(level="crisis", region="CN")
    plan = talk.say("report_medical_emergency", **CHEST)
    assert (plan.level, plan.words) == (RiskLevel.CRISIS, [*CALL, "utter_crisis_and_signs"])
    again = talk.say("report_medical_emergency", **CHEST).words
    assert again == ["utter_emergency_number"]
    other_sign = talk.say("x", level="medical_emergency", urgency="now", sign="nerve").words
    assert other_sign[:2] == ["utter_emergency_number", "utter_emergency_do_nerve"]
    assert talk.say("x", wait=True).words[0] == "utter_emergency_wait_now"
    assert talk.say("deny", plain_no=True).words == ["utter_crisis_safe"]  # still believed


def test_signs_that_get_worse_in_an_open_crisis_are_said_anew():
    talk = Talk()
    talk.say(level="crisis")
    today = talk.say("x", level="medical_emergency", urgency="today", sign="infection").words
    assert today[0] == "utter_emergency_today"
    assert talk.say("x", **CHEST).words[:2] == CALL


def test_a_denial_with_signs_after_surgery_is_believed_and_sent_to_a_doctor():
    talk = Talk()
    talk.say(level="crisis", region="GB")
    plan = talk.say("no_risk_denial", denied=True, **CHEST)
    assert (plan.level, plan.words) == (
        RiskLevel.MEDICAL_EMERGENCY,
        [*CALL, "utter_denial_ok"],
    )
    assert talk.say("thanks").words == ["utter_emergency_goodbye"]
    assert [talk.say("ask_cost_overview").after for _ in range(6)] == [[]] * 6


def test_one_message_with_both_is_answered_with_both():
    both = {"rules": ["wish_en", "medical_breath_en"], "sign": "chest"}
    words = Talk().say(level="crisis", **both).words
    assert words[:4] == [*CALL, "utter_crisis_ask_plain", "utter_crisis_lines"]
    imminent = Talk().say(level="crisis", imminent=True, **both).words
    assert imminent[:2] == ["utter_crisis_imminent", "utter_crisis_lines_also"]


def test_the_button_no_is_believed():
    talk = Talk()
    talk.say(level="crisis")
    plan = talk.press("deny")
    assert (plan.level, plan.words) == (RiskLevel.NONE, ["utter_crisis_safe"])
    gently = Talk()
    gently.say(level="crisis", gentle=True)
    assert gently.press("deny").words == ["utter_crisis_safe"]


def test_the_button_no_is_believed_and_hurting_oneself_stays_the_subject():
    talk = Talk()
    talk.say(level="crisis", theme="self_harm")
    plan = talk.press("deny")
    assert (plan.level, plan.words) == (RiskLevel.CRISIS, ["utter_crisis_hurting"])
    assert talk.say("ask_cost_overview").level is RiskLevel.NONE


def test_the_button_no_to_today_is_no_denial_of_the_thoughts():
    talk = Talk()
    talk.say(level="crisis")
    talk.press("affirm")
    assert talk.press("deny").words == ["utter_crisis_not_today"]


def test_what_only_the_intent_says_is_asked_about_gently():
    plan = Talk().say("report_crisis", confidence=0.8)
    assert (plan.level, plan.words[0]) == (RiskLevel.CRISIS, "utter_crisis_ask_gently")
    assert Talk().say("report_crisis", confidence=0.3).level is RiskLevel.DISTRESS
    denied = Talk().say("report_crisis", denied=True)
    assert (denied.level, denied.words) == (RiskLevel.NONE, [])
    in_form = Talk().say("report_crisis", form=SAFETY_PLAN)
    assert in_form.words == []


@pytest.mark.parametrize(
    "confidence, level", [(0.8, RiskLevel.MEDICAL_EMERGENCY), (0.4, RiskLevel.NONE)]
)
def test_signs_that_only_the_intent_sees_are_asked_about(confidence, level):
    def asked():
        talk = Talk()
        plan = talk.say("report_medical_emergency", confidence=confidence)
        assert (plan.level, plan.words) == (level, ["utter_emergency_ask"])
        return talk

    assert asked().press("affirm").words[0] == "utter_emergency_now"
    assert asked().say("affirm").level is RiskLevel.MEDICAL_EMERGENCY
    assert asked().say("x", **CHEST).words[:2] == CALL
    no = asked().press("deny")
    assert (no.level, no.words) == (RiskLevel.NONE, ["utter_emergency_not_so"])
    assert asked().say("deny", plain_no=True).words == ["utter_emergency_not_so"]
    assert asked().say("ask_cost_overview").level is RiskLevel.NONE
    assert "utter_emergency_goodbye" not in asked().say("thanks").words  # nobody was sent anywhere


def left_and_asked_after():
    talk = Talk()
    talk.say(level="crisis")
    while talk.say("ask_cost_overview").after != ["utter_crisis_check_in"]:
        pass
    return talk


@pytest.mark.parametrize(
    "answer",
    [
        {"intent": "nlu_fallback"},
        {"intent": "affirm"},
        {"intent": "deny", "plain_no": True},
        {"intent": "report_distress", "level": "distress"},
        {"intent": "ask_recovery_pain", "confidence": 0.3},
        {"intent": "ask_cost_overview", "hopeless": True},
    ],
)
def test_an_answer_to_how_is_that_now_is_heard(answer):
    talk = left_and_asked_after()
    plan = talk.say(**answer)
    assert (plan.level, plan.words) == (RiskLevel.CRISIS, ["utter_crisis_still"])
    yes = talk.press("affirm").words
    assert yes == ["utter_crisis_yes", "utter_crisis_lines_also", "utter_tell_region"]
    talk = left_and_asked_after()
    talk.say(**answer)
    assert talk.press("deny").words == ["utter_crisis_safe"]


def test_better_is_believed_and_a_question_is_a_question():
    assert left_and_asked_after().say("x", safe=True).words == ["utter_crisis_safe"]
    assert left_and_asked_after().say("x", denied=True).words == ["utter_crisis_safe"]
    for intent in ("ask_cost_overview", "follow_up_frequency", "thanks", "goodbye", "stop"):
        plan = left_and_asked_after().say(intent)
        assert (plan.level, plan.words) == (RiskLevel.NONE, [])
    assert left_and_asked_after().press("ask_cost_overview").words == []
    crisis = left_and_asked_after().say(level="crisis", theme="alone").words
    assert crisis[:2] == ["utter_crisis_ask_alone", "utter_crisis_lines"]


def test_a_wish_to_die_in_a_plan_that_was_begun_without_one_is_answered():
    talk = Talk()
    plan = talk.say("x", level="crisis", form=SAFETY_PLAN, leaning=0.9)
    assert plan.words[:3] == [STOP_FORM, "utter_crisis_ask_plain", "utter_crisis_lines"]
    assert talk.press("deny").words == ["utter_crisis_safe"]
    doubt = Talk().say("x", level="crisis", form=SAFETY_PLAN, **FAINT)
    assert doubt.words == []  # signs are what the plan asks for


def test_danger_that_only_the_classifier_sees_interrupts_a_plan_once():
    talk = Talk()
    talk.say(level="crisis")
    talk.say("request_safety_plan")
    acting = {"rules": ["classifier:crisis"], "leaning": 0.7, "imminent": True, "acting": True}
    plan = talk.say("x", level="crisis", form=SAFETY_PLAN, **acting)
    assert plan.words[:2] == [STOP_FORM, "utter_crisis_imminent"]
    assert talk.say("x", level="crisis", form=SAFETY_PLAN, **acting).words == []


def test_asking_for_a_friend_and_then_about_oneself():
    talk = Talk()
    talk.say(level="crisis", subject="other")
    unsure = talk.say(level="crisis", subject="self", **FAINT)
    assert unsure.words[0].startswith("utter_crisis_other")
    sure = talk.say(level="crisis", subject="self", rules=["classifier:crisis"], leaning=0.9)
    assert sure.words[:2] == ["utter_crisis_ask_plain", "utter_crisis_lines"]


def test_a_faint_wish_beside_signs_after_surgery_is_asked_about_gently_and_once():
    def asked():
        talk = Talk()
        talk.say(**CHEST, region="GB")
        words = talk.say("x", level="crisis", **FAINT).words
        assert words == ["utter_emergency_number", "utter_crisis_ask_gently"]
        return talk

    yes = asked().say("affirm")
    assert yes.level is RiskLevel.CRISIS
    assert yes.words == ["utter_crisis_yes", "utter_crisis_lines_also"]
    plainly = asked().say("x", level="crisis")
    assert plainly.words == ["utter_crisis_yes", "utter_crisis_lines_also"]
    for no in (asked().press("deny"), asked().say("x", denied=True)):
        assert no.level is RiskLevel.MEDICAL_EMERGENCY
        assert no.words == ["utter_denial_ok", "utter_emergency_number"]
    talk = asked()
    talk.press("deny")
    assert "utter_crisis_ask_gently" not in talk.say("x", level="crisis", **FAINT).words


@pytest.mark.parametrize(
    "intent, times", [("ask_growth_adult_growth", 1), ("ask_complication_death", 2)]
)
def test_height_and_dying_do_not_leave_a_crisis_at_once(intent, times):
    talk = Talk()
    talk.say(level="crisis")
    held = [talk.say(intent).level for _ in range(times)]
    assert held == [RiskLevel.CRISIS] * times
    plan = talk.say(intent)
    assert (plan.level, plan.after) == (RiskLevel.NONE, ["utter_crisis_door"])


@pytest.mark.parametrize("subject", ["self", "other"])
def test_after_imminent_danger_another_question_waits(subject):
    talk = Talk()
    talk.say(level="crisis", imminent=True, subject=subject)
    first = talk.say("ask_cost_overview")
    assert first.level is RiskLevel.CRISIS
    assert first.words == [
        "utter_crisis_stay" if subject == "self" else "utter_crisis_other_listen_1"
    ]
    assert talk.say("ask_cost_overview").level is RiskLevel.CRISIS
    assert talk.say("ask_cost_overview").level is RiskLevel.NONE  # nobody is locked in


@pytest.mark.parametrize("how", [{"safe": True}, {"denied": True}])
def test_imminent_danger_is_over_when_they_say_so(how):
    talk = Talk()
    talk.say(level="crisis", imminent=True)
    assert talk.say("x", **how).words == ["utter_crisis_safe"]


def test_help_that_is_coming_lets_the_conversation_go_on():
    talk = Talk()
    talk.say(level="crisis", imminent=True)
    assert talk.say("x", coming=True).words == ["utter_crisis_coming"]
    assert talk.say("ask_cost_overview").level is RiskLevel.NONE


def test_a_rejection_and_then_no_point_any_more_is_asked_about():
    talk = Talk()
    talk.say("nlu_fallback", theme="rejected")
    plan = talk.say("report_distress", hopeless=True)
    assert plan.level is RiskLevel.CRISIS
    assert plan.words[:2] == ["utter_crisis_ask_rejected", "utter_crisis_lines"]


def test_a_rejection_that_is_asked_about_or_long_ago_is_none():
    talk = Talk()
    talk.say("ask_eligibility_candidacy", theme="rejected")
    assert talk.say("nlu_fallback", hopeless=True).level is RiskLevel.NONE
    talk = Talk()
    talk.say("nlu_fallback", theme="rejected")
    assert talk.say("ask_procedure_overview", hopeless=True).level is RiskLevel.NONE
    for _ in range(7):
        talk.say("ask_cost_overview")
    assert talk.say("nlu_fallback", hopeless=True).level is RiskLevel.NONE
    talk = Talk()
    talk.say("nlu_fallback", theme="rejected")
    assert talk.say("x", hopeless=True, denied=True).level is RiskLevel.NONE


def test_a_plan_that_is_switched_off_is_neither_offered_nor_gone_on_with():
    off = {"safety_plan"}
    talk = Talk()
    talk.say(level="crisis")
    assert talk.say("request_safety_plan", off=off).words == ["utter_plan_off"]
    left = talk.say("x", form=SAFETY_PLAN, off=off).words
    assert left == [STOP_FORM, "utter_plan_off", "utter_crisis_listen_1"]
    assert Talk().say("x", form=SAFETY_PLAN, off=off).words == [STOP_FORM, "utter_plan_off"]
    imminent = {"imminent": True, "acting": True}
    words = talk.say("x", level="crisis", form=SAFETY_PLAN, off=off, **imminent).words
    assert words[:2] == [STOP_FORM, "utter_crisis_imminent"]


def test_after_a_crisis_about_somebody_else_nobody_is_asked_how_they_are_themselves():
    talk = Talk()
    talk.say(level="crisis", subject="other")
    after = [talk.say("ask_cost_overview").after for _ in range(8)]
    assert ["utter_crisis_check_in"] not in after


DOUBT = {"rules": ["classifier:crisis"], "leaning": 0.4}


def test_a_time_close_by_answers_the_question_about_today():
    talk = Talk()
    talk.say(level="crisis")
    assert talk.say("goodbye", soon=True).words[0] == "utter_crisis_imminent"
    calm = Talk().say("goodbye", soon=True)  # "tonight", when nothing was asked
    assert calm.level is RiskLevel.NONE
    assert not calm.words


def test_an_exercise_asked_for_comes_before_a_mere_doubt_about_acting():
    talk = Talk()
    talk.say(level="crisis")
    plan = talk.say("x", level="crisis", asks="calm", acting=True, **DOUBT)
    assert plan.words == [GROUNDING_STEPS[0]]
    by_pattern = talk.say("x", level="crisis", asks="calm", acting=True)
    assert by_pattern.words[0] == "utter_crisis_imminent"


def test_somebody_who_got_the_lines_before_gets_the_exercise_asked_for_in_doubt():
    talk = Talk()
    talk.say(level="crisis", subject="other", imminent=True)
    talk.say(safe=True)
    doubt = {"level": "crisis", "asks": "calm", "imminent": True, **DOUBT}
    plan = talk.say("x", **doubt)
    assert plan.level is RiskLevel.CRISIS
    assert plan.words == [GROUNDING_STEPS[0]]
    assert "utter_crisis_lines" in Talk().say("x", **{**doubt, "imminent": False}).words


def test_centimetres_wait_for_the_answer_about_today_once():
    talk = Talk()
    talk.say(level="crisis")
    assert talk.say("affirm").words == ["utter_crisis_yes"]
    assert talk.say("ask_procedure_height_gain").level is RiskLevel.CRISIS
    again = talk.say("ask_procedure_height_gain")
    assert again.level is RiskLevel.NONE
    assert again.after == ["utter_crisis_door"]


@pytest.mark.parametrize("question, words", [(True, []), (False, ["utter_emergency_cleared"])])
def test_signs_that_a_doctor_has_looked_at_are_over(question, words):
    talk = Talk()
    talk.say(level="medical_emergency", urgency="today")
    facts = Facts(
        {"level": "none", "cleared": True}, "ask_cost_overview", 0.8, None, question=question
    )
    plan = advance(talk.memory, facts)
    assert (plan.level, plan.words, plan.after) == (RiskLevel.NONE, words, [])


def test_urgent_signs_stay_the_subject_until_help_is_there_but_nobody_is_locked_in():
    talk = Talk()
    talk.say(**CHEST, region="GB")
    assert talk.say("ask_recovery_pain").level is RiskLevel.MEDICAL_EMERGENCY
    assert talk.say("ask_cost_overview").level is RiskLevel.MEDICAL_EMERGENCY
    assert talk.say("ask_cost_overview").level is RiskLevel.NONE
    there = Talk()
    there.say(**CHEST, region="GB")
    assert there.say("x", coming=True).words == ["utter_emergency_coming"]
    assert there.say("ask_complication_fat_embolism").level is RiskLevel.NONE


def test_pain_is_more_about_signs_for_today():
    talk = Talk()
    talk.say(level="medical_emergency", urgency="today", sign="infection")
    assert talk.say("ask_recovery_pain").level is RiskLevel.MEDICAL_EMERGENCY
    assert talk.say("ask_cost_overview").level is RiskLevel.NONE


def test_a_statement_is_no_change_of_subject():
    talk = Talk()
    talk.say(level="crisis")
    statement = advance(
        talk.memory, Facts({}, "ask_recovery_daily_life", 0.8, None, question=False)
    )
    assert statement.level is RiskLevel.CRISIS
    question = advance(talk.memory, Facts({}, "ask_recovery_daily_life", 0.8, None))
    assert question.level is RiskLevel.NONE


def test_how_to_find_help_is_answered_and_the_crisis_stays_open():
    talk = Talk()
    talk.say(level="crisis")
    talk.say("deny")
    talk.say(level="crisis")
    plan = talk.say("ask_referral_mental_health")
    assert (plan.level, plan.words, plan.topic) == (RiskLevel.CRISIS, [], None)
    assert talk.say("x").level is RiskLevel.CRISIS


def test_a_faint_wish_in_agony_is_not_asked_about():
    talk = Talk()
    talk.say(**CHEST, region="GB")
    plan = talk.say("x", level="crisis", rules=["classifier:crisis"], leaning=0.2)
    assert plan.words == ["utter_emergency_again"]


def test_hurting_oneself_is_not_denied_by_not_wanting_to_die():
    talk = Talk()
    talk.say(level="crisis")
    plan = talk.say("no_risk_denial", denied=True, denied_outright=True, theme="self_harm")
    assert plan.level is RiskLevel.CRISIS
    assert plan.words == ["utter_crisis_hurting"]


def test_a_yes_is_no_denial_whatever_the_classifier_hears():
    talk = Talk()
    talk.say(level="crisis")
    assert talk.say("affirm", denied=True, relief=0.9).words == ["utter_crisis_yes"]


def test_it_stays_about_the_other_who_said_yes():
    talk = Talk()
    talk.say(level="crisis", subject="other")
    plan = talk.say("x", level="crisis", subject="self", of_other=True)
    assert plan.words[0].startswith("utter_crisis_other")


def test_somebody_who_came_down_is_believed():
    talk = Talk()
    talk.say(level="crisis", imminent=True, acting=True)
    doubt = {"rules": ["classifier:crisis"], "leaning": 0.7}
    plan = talk.say("x", level="crisis", safe=True, acting=True, **doubt)
    assert plan.level is RiskLevel.NONE
    assert plan.words == ["utter_crisis_safe"]


def test_a_mere_doubt_is_over_when_they_go_on_with_no_trace_of_danger():
    def goes_on(talk, leaning, level="none", intent="out_of_scope", confidence=0.3, question=False):
        risk = {"level": level, "rules": [], "leaning": leaning}
        return advance(talk.memory, Facts(risk, intent, confidence, None, question=question))

    doubt = Talk()
    doubt.say(level="crisis", gentle=True, **DOUBT)
    plan = goes_on(doubt, 0.01, level="distress")
    assert plan.level is RiskLevel.DISTRESS
    assert plan.after == ["utter_crisis_door"]
    assert goes_on(doubt, 0.12).level is RiskLevel.CRISIS  # a trace
    assert goes_on(doubt, 0.01, question=True).level is RiskLevel.CRISIS  # too short to tell
    asked = {"question": True, "confidence": 0.5}
    assert goes_on(doubt, 0.01, intent="ask_cost_overview", **asked).level is RiskLevel.NONE
    assert goes_on(doubt, 0.01, intent="ask_wellbeing_dating", **asked).level is RiskLevel.CRISIS
    exercise = {"intent": "ask_wellbeing_thought_check", "question": True, "confidence": 0.95}
    assert goes_on(doubt, 0.01, **exercise).level is RiskLevel.NONE
    assert goes_on(doubt, 0.01, intent="affirm").level is RiskLevel.CRISIS
    plain = Talk()
    plain.say(level="crisis")
    assert goes_on(plain, 0.01).level is RiskLevel.CRISIS
