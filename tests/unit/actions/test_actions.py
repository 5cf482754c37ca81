"""Custom actions, without Rasa: what they say and which slots they set."""

import asyncio

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.answer import AnswerTopic
from actions.base import SafeAction, knowledge_base
from actions.clarify import Clarify
from actions.follow_up import AnswerFollowUp, RepeatAnswer, TellMore
from actions.referral import Refer
from actions.sources import ShowSources

TOPIC = "complication.nerve_injury"


def run(action, intent="", entities=(), ranking=(), parse=None, **slots):
    message = {
        "intent": {"name": intent},
        "entities": [{"entity": k, "value": v} for k, v in entities],
        "intent_ranking": [{"name": n, "confidence": c} for n, c in ranking],
        **(parse or {}),
    }
    tracker = Tracker("someone", slots, message, [], False, None, {}, "action_listen")
    dispatcher = CollectingDispatcher()
    events = asyncio.run(action.run(dispatcher, tracker, {}))
    said = [(m["response"], m["values"]) for m in dispatcher.messages]
    return said, {e["name"]: e["value"] for e in events}


def test_an_answer_confirms_its_topic():
    said, slots = run(AnswerTopic(), "ask_complication_nerve_injury")
    assert said[0][0] == "kb_claims"
    assert said[0][1]["topic"] == TOPIC
    assert said[0][1]["facet"] == "answer"
    assert said[0][1]["offer"]
    assert slots == {
        "topic": TOPIC,
        "topics": [TOPIC],
        "last_topic": TOPIC,
        "said": ["answer/0"],
    }


def test_what_was_said_of_the_topic_before_is_kept_when_the_subject_changes():
    other = "ask_complication_infection"
    _, slots = run(AnswerTopic(), other, last_topic=TOPIC, said=["answer/0"])
    assert slots["said_before"] == {TOPIC: ["answer/0"]}
    back, slots = run(AnswerTopic(), "ask_complication_nerve_injury", **slots)
    assert (back[0][1]["facet"], back[0][1]["index"]) != ("answer", 0)
    assert slots["said_before"] == {"complication.infection": ["answer/0"]}


def test_nobody_hears_the_same_paragraph_twice():
    heard = []
    slots = {}
    for _ in range(6):
        said, slots = run(AnswerTopic(), "ask_complication_nerve_injury", **slots)
        heard += [(values["facet"], values["index"]) for _, values in said]
    assert len(heard) == len(set(heard))


def test_more_goes_through_everything_and_then_says_so():
    slots = {"last_topic": TOPIC, "said": []}
    topic = knowledge_base().topics[TOPIC]
    wanted = {
        (facet, index)
        for facet in ("answer", *topic.facets)
        for index in range(len(knowledge_base().bubbles(topic, facet)))
    }
    heard = set()
    for _ in range(len(wanted)):
        said, slots = run(TellMore(), "more", **slots)
        heard |= {(values["facet"], values["index"]) for _, values in said}
    assert heard == wanted
    said, slots = run(TellMore(), "more", **slots)
    assert said[0][0] == "utter_no_more"
    assert slots["topic"] == TOPIC


@pytest.mark.parametrize("facet", ["frequency", "signs", "treatment"])
def test_a_follow_up_answers_its_facet(facet):
    said, slots = run(AnswerFollowUp(), f"follow_up_{facet}", last_topic=TOPIC)
    assert {values["facet"] for _, values in said} == {facet}
    assert slots["topic"] == TOPIC


def test_a_follow_up_on_a_named_topic():
    entities = [("topic", "complication.infection")]
    _, slots = run(AnswerFollowUp(), "follow_up_frequency", entities, last_topic=TOPIC)
    assert slots["topic"] == "complication.infection"


def test_another_topic_in_between_makes_nothing_said_twice():
    heard, slots = [], {}
    for intent in ("ask_complication_nerve_injury", "ask_complication_infection") * 3:
        said, slots = run(AnswerTopic(), intent, **slots)
        heard += [tuple(values.values())[:3] for name, values in said if name == "kb_claims"]
    assert len(heard) == len(set(heard)) >= 6


@pytest.mark.parametrize(
    "facet, sure, shown",
    [("frequency", 0.9, "frequency"), ("frequency", 0.6, "answer"), ("prevention", 1.0, "answer")],
)
def test_what_a_question_asks_comes_first(facet, sure, shown):
    guess = {"name": facet, "confidence": sure}
    said, _ = run(AnswerTopic(), "ask_complication_nerve_injury", parse={"facet": guess})
    assert said[0][1]["facet"] == shown


def test_each_country_has_its_own_place():
    for intent in ("ask_law_other_countries", "ask_law_china"):
        both = [("country", "CN"), ("country", "TR")]
        said, _ = run(AnswerTopic(), intent, both)
        places = [(values["topic"], values["facet"]) for _, values in said]
        assert ("law.china", "answer") in places
        assert ("law.other_countries", "country:TR") in places


def test_a_country_without_a_statement_takes_the_answer_from_nobody():
    said, _ = run(AnswerTopic(), "ask_cost_going_abroad", [("country", "BR")])
    assert said[0][0] == "utter_sources_none_country"
    assert said[1][1]["facet"] == "answer"


def test_a_facet_that_is_not_there_is_said_to_be_missing():
    said, slots = run(AnswerFollowUp(), "follow_up_technique", last_topic="about.human")
    assert said[0][0] == "utter_no_facet"
    assert slots["topic"] == "about.human"


def test_a_question_of_its_own_is_answered_where_the_last_topic_has_nothing_to_say():
    ranking = [("ask_growth_hormone", 0.9), ("ask_cost_overview", 0.05)]
    asked = ("ask_growth_hormone", (), ranking)
    said, slots = run(AnswerFollowUp(), *asked, last_topic="about.human")
    assert slots["topic"] == "growth.hormone"
    unsure = [("ask_growth_hormone", 0.3)]
    said, _ = run(AnswerFollowUp(), "ask_growth_hormone", (), unsure, last_topic="about.human")
    assert said[0][0] == "utter_no_facet"


@pytest.mark.parametrize("sure, topic", [(0.9, "about.human"), (0.99, "growth.hormone")])
def test_the_more_a_message_leans_the_clearer_it_has_to_be(sure, topic):
    reading = {"leans": True, "leaning": 0.99}
    asked = ("ask_growth_hormone", (), [("ask_growth_hormone", sure)])
    _, slots = run(AnswerFollowUp(), *asked, last_topic="about.human", reading=reading)
    assert slots["topic"] == topic


def test_another_country_goes_on_with_the_topic_that_knows_countries():
    entities = [("country", "NZ")]
    _, slots = run(AnswerFollowUp(), "", entities, last_topic="cost.overview")
    assert slots["topic"] == "cost.by_country"


def test_which_department_for_a_feeling_is_no_question_of_surgeons():
    _, slots = run(Refer(), "ask_who", last_topic="wellbeing.supporting_someone")
    assert slots["topic"] == "referral.mental_health"


@pytest.mark.parametrize(
    "action, intent",
    [(AnswerFollowUp(), "follow_up_signs"), (TellMore(), "more"), (RepeatAnswer(), "greet")],
)
def test_without_a_topic_it_asks_which(action, intent):
    said, slots = run(action, intent)
    assert said == [("utter_which_topic", {})]
    assert slots == {}


def test_sources_are_those_of_what_was_said():
    said, slots = run(ShowSources(), "ask_sources", last_topic=TOPIC, said=["frequency/0"])
    assert said == [("kb_sources", {"topic": TOPIC, "places": ["frequency/0"]})]
    assert slots["topic"] == TOPIC


@pytest.mark.parametrize("slots", [{}, {"last_topic": "about.human", "said": ["answer/0"]}])
def test_no_sources_where_nothing_was_claimed(slots):
    said, _ = run(ShowSources(), "ask_sources", **slots)
    assert said[0][0] == "utter_no_sources"


def test_a_named_country_is_answered_for_itself():
    said, _ = run(AnswerTopic(), "ask_cost_by_country", [("country", "TR")])
    assert {values["facet"] for _, values in said} == {"country:TR"}


def test_a_country_without_a_source_is_said_to_have_none():
    said, slots = run(AnswerTopic(), "ask_cost_by_country", [("country", "NZ")])
    assert said[0][0] == "utter_sources_none_country"
    assert slots["topic"] == "cost.by_country"


def test_clarify_offers_the_likely_topics():
    ranking = [
        ("ask_complication_infection", 0.3),
        ("out_of_scope", 0.25),
        ("ask_complication_nerve_injury", 0.2),
        ("ask_cost_overview", 0.01),
    ]
    said, slots = run(Clarify(), "nlu_fallback", ranking=ranking)
    assert said == [("utter_did_you_mean", {"choices": ["complication.infection", TOPIC]})]
    assert "topic" not in slots


def test_clarify_without_a_likely_topic_says_so():
    said, _ = run(Clarify(), "nlu_fallback", ranking=[("ask_cost_overview", 0.02)])
    assert said == [("utter_fallback", {})]


def test_and_in_turkey():
    entities = [("country", "TR")]
    said, slots = run(Clarify(), "nlu_fallback", entities, last_topic="cost.by_country")
    assert {values["facet"] for _, values in said} == {"country:TR"}
    assert slots["fallback"] is False


@pytest.mark.parametrize("last", sorted(knowledge_base().topics))
def test_every_topic_leads_to_somebody(last):
    said, slots = run(Refer(), "ask_who", last_topic=last)
    assert said[0][0] == "kb_claims"
    assert slots["topic"].startswith("referral.")


@pytest.mark.parametrize("intent", sorted(knowledge_base().by_intent))
def test_every_topic_is_answered(intent):
    said, slots = run(AnswerTopic(), intent)
    assert said[0][0] == "kb_claims"
    assert slots["topic"] == knowledge_base().by_intent[intent].id


@pytest.mark.parametrize("slots", [{"last_topic": "gone.topic", "said": ["x/9"]}, {"said": None}])
def test_an_old_conversation_with_unknown_ids_is_no_error(slots):
    said, _ = run(TellMore(), "more", **slots)
    assert said == [("utter_which_topic", {})]


class Broken(SafeAction):
    def name(self):
        return "action_broken"

    def reply(self, conversation, reply):
        reply.say("utter_fallback")
        raise RuntimeError("invented")


class Silent(SafeAction):
    def name(self):
        return "action_silent"

    def reply(self, conversation, reply):
        pass


@pytest.mark.parametrize("action", [Broken(), Silent()])
def test_nobody_is_met_by_silence(action):
    said, slots = run(action)
    assert said == [("utter_error", {})]
    assert slots == {}


def test_a_follow_up_of_nothing_is_a_question_of_its_own():
    ranking = [("follow_up_reversibility", 0.6), ("ask_complication_long_term", 0.2)]
    _, slots = run(AnswerFollowUp(), "follow_up_reversibility", ranking=ranking)
    assert slots["topic"] == "complication.long_term"
    said, _ = run(AnswerFollowUp(), "follow_up_reversibility", ranking=ranking[:1])
    assert said[0][0] == "utter_which_topic"


AMOUNTS = [
    "complication.overview",
    "procedure.duration",
    "procedure.femur_or_tibia",
    "procedure.height_gain",
]


@pytest.mark.parametrize("topic", AMOUNTS)
def test_what_fits_the_amount_comes_first(topic):
    knowledge = knowledge_base()
    entry = knowledge.topics[topic]
    firsts = set()
    for cm in (3, 8, 10):
        said, _ = run(AnswerTopic(), entry.intent, mentioned={"cm": cm})
        place = said[0][1]["facet"], said[0][1]["index"]
        assert said[1][1]["facet"] == "answer"
        first = knowledge.bubbles(entry, place[0])[place[1]][0]
        assert first.fits.cm[0] <= cm <= first.fits.cm[1]
        said, _ = run(AnswerFollowUp(), "follow_up_amount", last_topic=topic, mentioned={"cm": cm})
        assert (said[0][1]["facet"], said[0][1]["index"]) == place
        firsts.add(place)
    assert len(firsts) == 3


def test_three_of_several_questions_are_answered_and_the_others_offered():
    topics = ["cost.overview", "recovery.pain", TOPIC, "procedure.scars", "recovery.sport"]
    intents = ["ask_" + topic.replace(".", "_") for topic in topics]
    said, slots = run(AnswerTopic(), intents[0], parse={"questions": intents})
    answered = [values["topic"] for name, values in said if name == "kb_claims"]
    assert list(dict.fromkeys(answered)) == slots["topics"] == topics[:3]
    assert slots["topic"] == topics[0]
    assert said[-1][1]["choices"] == topics[3:]
    assert all("choices" not in values for _, values in said[:-1])
    said, slots = run(AnswerTopic(), intents[0], parse={"questions": intents[:2]})
    assert slots["topics"] == topics[:2]
    assert all("choices" not in values for _, values in said)


def test_of_several_questions_none_lends_another_its_side():
    parse = {
        "questions": ["ask_complication_nerve_injury", "ask_complication_infection"],
        "facet": {"name": "frequency", "confidence": 1.0},
    }
    said, _ = run(AnswerTopic(), "ask_complication_nerve_injury", parse=parse)
    assert {values["facet"] for _, values in said} == {"answer"}


def _places():
    known = knowledge_base()
    return [
        f"{facet}/{index}"
        for topic in known.topics.values()
        for facet in topic.facets
        for index in range(len(known.bubbles(topic, facet)))
    ]


PLACES = sorted(set(_places()))


def test_a_bubble_of_the_last_topic_is_no_bubble_of_the_one_asked():
    """Rasa compares a message with the last topic; an earlier one has other facets."""
    slots = {
        "last_topic": "cost.overview",
        "said": ["answer/0"],
        "said_before": {TOPIC: ["answer/0"]},
        "reading": {"leans": False, "near": "amount/3", "cosine": 0.9},
    }
    said, _ = run(AnswerTopic(), "ask_complication_nerve_injury", **slots)
    assert (said[0][1]["facet"], said[0][1]["index"]) != ("amount", 3)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_whatever_was_asked_before_only_bubbles_that_exist_are_named(data):
    known = knowledge_base()
    topics = sorted(known.topics)
    few = data.draw(st.lists(st.sampled_from(topics), min_size=2, max_size=4, unique=True))
    slots = {}
    for _ in range(8):
        action = data.draw(st.sampled_from((AnswerTopic, AnswerTopic, AnswerFollowUp, TellMore)))
        topic = known.topics[data.draw(st.sampled_from(few))]
        near = data.draw(st.sampled_from(PLACES))
        last = known.topics.get(slots.get("last_topic", ""))
        facet, _, index = near.partition("/")
        there = last and facet in last.facets and int(index) < len(known.bubbles(last, facet))
        reading = {"near": near, "cosine": 0.9} if there else {}
        said, changed = run(action(), topic.intent, **{**slots, "reading": reading})
        slots |= changed
        for template, values in said:
            if template == "kb_claims":
                bubbles = known.bubbles(known.topics[values["topic"]], values["facet"])
                assert values["index"] < len(bubbles)
