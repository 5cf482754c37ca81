"""The scenarios of `scenarios.yml`, through channel, model and custom actions."""

from pathlib import Path

import pytest
import yaml

SCENARIOS = yaml.safe_load((Path(__file__).parent / "scenarios.yml").read_text("utf-8"))


def test_every_scenario_has_its_twin():
    for scenario in SCENARIOS:
        assert [set(turn) for turn in scenario["en"]] == [set(turn) for turn in scenario["zh"]]
        for english, chinese in zip(scenario["en"], scenario["zh"]):
            assert english.get("templates") == chinese.get("templates"), scenario["name"]


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda s: s["name"])
async def test_scenario(bot, scenario, language):
    conversation = bot.new()
    for turn in scenario[language]:
        if "say" in turn:
            await conversation.say(turn["say"])
        else:
            await conversation.press(turn["press"])
        where = f"{turn}: {conversation.templates}"
        if "templates" in turn:
            assert conversation.templates == turn["templates"], where
        slots = await conversation.slots()
        for name, value in turn["slots"].items():
            assert slots[name] == value, f"{where}: {name} is {slots[name]}"
        wanted = turn["slots"].get("language")
        assert wanted is None or {m["language"] for m in conversation.reply} == {wanted}


async def test_nobody_hears_the_disclosure_twice(bot):
    conversation = bot.new()
    said = []
    for text in ("can it get infected?", "how common is that?", "thanks", "is it painful?"):
        await conversation.say(text)
        said += conversation.templates
    assert said.count("utter_disclosure") == 1


async def test_the_lines_of_the_region_that_a_person_named(bot):
    conversation = bot.new()
    await conversation.say("i live in the us, is it legal here?")
    await conversation.say("i want to kill myself")
    assert "988" in conversation.text
    assert "911" in conversation.text


async def test_every_reply_was_vetted(bot, monkeypatch):
    conversation = bot.new()
    for text in (
        "hello",
        "what does it cost",
        "more",
        "source",
        "asdf qwer",
        "说中文",
        "我不想活了",
    ):
        for message in await conversation.say(text):
            assert bot.channel.words.is_vetted(message)
            assert message["template"] != "utter_error"
