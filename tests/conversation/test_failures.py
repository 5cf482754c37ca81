"""Parts of the graph that raise, in one process: the crisis words come all the same."""

import pytest

from bot.safety.runtime import load_risk
from tests.tester import LocalActions

CRISIS = {"en": "i want to kill myself", "zh": "我不想活了"}
EMERGENCY = {
    "en": "two weeks after the operation and i can't breathe and my chest hurts",
    "zh": "我做完手术两周，现在喘不上气，胸口疼",
}


def boom(*args, **kwargs):
    raise RuntimeError("invented")


async def async_boom(*args, **kwargs):
    raise RuntimeError("invented")


def break_language(monkeypatch, bot):
    monkeypatch.setattr("bot.nlu.language.detect_language", boom)
    monkeypatch.setattr("bot.channels.base.detect_language", boom)


def break_classifiers(monkeypatch, bot):
    monkeypatch.setattr("bot.nlu.linear.LinearIntentModel.predict", boom)
    load_risk()._latest.clear()


def break_encoder(monkeypatch, bot):
    monkeypatch.setattr("bot.nlu.featurizer.encode", boom)
    monkeypatch.setattr("bot.safety.classifier.encode", boom)


def break_lock_store(monkeypatch, bot):
    monkeypatch.setattr(bot.agent.lock_store, "lock", boom)


def break_tracker_store(monkeypatch, bot):
    monkeypatch.setattr(bot.agent.tracker_store, "retrieve", async_boom)
    monkeypatch.setattr(bot.agent.tracker_store, "save", async_boom)


def break_policies(monkeypatch, bot):
    monkeypatch.setattr("bot.policies.turn_state.next_state", boom)


def break_words(monkeypatch, bot):
    monkeypatch.setattr("bot.nlg.VettedGenerator.generate", async_boom)


def break_actions(monkeypatch, bot):
    monkeypatch.setattr(LocalActions, "request", async_boom)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize(
    "fault",
    [
        break_language,
        break_classifiers,
        break_encoder,
        break_lock_store,
        break_tracker_store,
        break_policies,
        break_words,
        break_actions,
    ],
    ids=lambda fault: fault.__name__.removeprefix("break_"),
)
async def test_words_within_one_message(bot, monkeypatch, fault, language):
    fault(monkeypatch, bot)
    conversation = bot.new(region="GB")
    await conversation.say(CRISIS[language])
    assert "utter_crisis_lines" in conversation.templates
    assert "116 123" in conversation.text
    assert {message["language"] for message in conversation.reply} == {language}
    conversation = bot.new(region="GB")
    await conversation.say(EMERGENCY[language])
    assert conversation.templates[0] == "utter_emergency_call"
    assert "999" in conversation.text


NEW_WORDS = "Clinic X in Ankara is safe and cheap. Go there."


def says_text(self, conversation, reply):
    reply._dispatcher.utter_message(text=NEW_WORDS)


def says_text_under_a_known_name(self, conversation, reply):
    reply._dispatcher.utter_message(response="utter_greet", text=NEW_WORDS, template="utter_greet")


def says_values_that_are_text(self, conversation, reply):
    reply.say("utter_no_facet", topic=NEW_WORDS, offer=[])


def says_a_template_of_its_own(self, conversation, reply):
    reply.say("utter_clinic", text=NEW_WORDS)


@pytest.mark.parametrize(
    "rogue",
    [
        says_text,
        says_text_under_a_known_name,
        says_values_that_are_text,
        says_a_template_of_its_own,
    ],
    ids=lambda rogue: rogue.__name__,
)
async def test_an_action_cannot_say_anything_new(bot, monkeypatch, rogue):
    monkeypatch.setattr("actions.answer.AnswerTopic.reply", rogue)
    conversation = bot.new()
    await conversation.say("can it get infected?")
    assert conversation.reply
    assert "Clinic X" not in str(conversation.reply)
    assert "Ankara" not in str(conversation.reply)
