"""Conversations about danger in both languages: real messages, our patterns, our words.

The intents are given, as the classifier would; the assessment is of the patterns alone, as when
the classifier is down. What is said is rendered, so that nothing is named that cannot be said.
"""

import pytest

from actions.knowledge.schema import LANGUAGES
from bot.safety.model import RiskModel
from bot.safety.protocol import STOP_FORM
from bot.safety.runtime import load_assessor, load_regions
from bot.state import Place, next_state
from bot.words import load_words

MODEL = RiskModel(load_assessor(), None)


class Talk:
    """A conversation through the state of the contract, one message a turn."""

    def __init__(self, language):
        self.language = language
        self.slots = {}

    def say(self, text, intent="nlu_fallback", confidence=0.9, form=None, off=()):
        """Return the fixed words of the turn."""
        parse = {"intent": {"name": intent, "confidence": confidence}, "language": self.language}
        if not text.startswith("/"):
            parse["risk"] = MODEL.assess(text).as_json()
        place = Place(load_regions().stated(text))
        self.slots |= next_state(self.slots, parse, text, place, {}, form=form, off=off)
        said = [*self.slots["plan"], *self.slots["after"]]
        values = load_words().safety_values(self.slots["region"], self.language)
        for name in said:
            if name in load_words().responses:
                message = load_words().render(name, values, self.language)
                assert load_words().is_vetted(message)
        return self.slots["plan"]

    @property
    def level(self):
        return self.slots["risk_level"]


TEXTS = {
    "en": {
        "wish": "i want to die",
        "chest": "I can't breathe and my chest hurts since the leg surgery",
        "denial_chest": "I'm not suicidal, but I can't breathe and my chest hurts since surgery",
        "both": "I want to die and since the leg surgery I can't breathe and my chest hurts",
        "rejected": "the clinic rejected me",
        "no_point": "there is no point any more",
        "worse": "still the same",
        "better": "i feel better now",
    },
    "zh": {
        "wish": "我不想活了",
        "chest": "做完断骨增高手术以后喘不上气，胸口疼",
        "denial_chest": "我没有想自杀，但是做完手术以后喘不上气，胸口疼",
        "both": "我不想活了，做完断骨增高手术以后喘不上气，胸口疼",
        "rejected": "医院拒绝给我做",
        "no_point": "没意义了",
        "worse": "还是那样",
        "better": "我好多了",
    },
}


@pytest.fixture(params=LANGUAGES)
def talk(request):
    return Talk(request.param), TEXTS[request.param]


def test_signs_in_an_open_crisis(talk):
    talk, texts = talk
    assert talk.say(texts["wish"], "report_crisis")[1] == "utter_crisis_lines"
    words = talk.say(texts["chest"], "report_medical_emergency")
    assert words[:2] == ["utter_emergency_call", "utter_emergency_do_chest"]
    assert talk.level == "crisis"


def test_a_denial_with_signs(talk):
    talk, texts = talk
    talk.say(texts["wish"], "report_crisis")
    words = talk.say(texts["denial_chest"], "report_medical_emergency")
    assert words[:2] == ["utter_emergency_call", "utter_emergency_do_chest"]
    assert "utter_denial_ok" in words
    assert talk.level == "medical_emergency"


def test_both_in_one_message(talk):
    talk, texts = talk
    words = talk.say(texts["both"], "report_crisis")
    assert words[:2] == ["utter_emergency_call", "utter_emergency_do_chest"]
    assert words[2].startswith("utter_crisis_ask_")
    assert "utter_crisis_lines" in words


def test_the_buttons_no_and_yes(talk):
    talk, texts = talk
    talk.say(texts["wish"], "report_crisis")
    assert talk.say("/deny", "deny") == ["utter_crisis_safe"]
    assert talk.level == "none"
    talk.say(texts["wish"], "report_crisis")
    assert talk.say("/affirm", "affirm") == ["utter_crisis_yes"]
    assert talk.say("/deny", "deny") == ["utter_crisis_not_today"]


def test_the_answer_to_how_is_that_now(talk):
    talk, texts = talk
    for answer, words in (("worse", ["utter_crisis_still"]), ("better", ["utter_crisis_safe"])):
        again = Talk(talk.language)
        again.say(texts["wish"], "report_crisis")
        while "utter_crisis_check_in" not in again.slots["after"]:
            again.say("x", "ask_cost_overview")
        assert again.say(texts[answer], "nlu_fallback", 0.3) == words


def test_rejection_and_then_no_point(talk):
    talk, texts = talk
    assert talk.say(texts["rejected"]) == []
    assert talk.say(texts["no_point"])[:2] == ["utter_crisis_ask_rejected", "utter_crisis_lines"]


def test_a_wish_to_die_in_a_safety_plan(talk):
    talk, texts = talk
    words = talk.say(texts["wish"], "nlu_fallback", form="safety_plan_form")
    assert words[0] == STOP_FORM
    assert "utter_crisis_lines" in words


def test_where_they_are_and_where_they_are_from():
    english, chinese = Talk("en"), Talk("zh")
    english.say("I'm from China, studying in Toronto, and I want to die", "report_crisis")
    chinese.say("我是中国人，在日本留学，我不想活了", "report_crisis")
    assert (english.slots["region"], chinese.slots["region"]) == ("CA", "JP")
