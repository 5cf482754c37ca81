"""The channel base with an invented Rasa behind it: slow, broken, silent or unvetted."""

import asyncio
import time

import pytest

from bot.channels import base
from bot.channels.base import Inbound, Refused
from tests.tester import LocalChannel

CRISIS = "i want to kill myself"


@pytest.fixture
def channel(monkeypatch):
    monkeypatch.setattr(base, "GUARD_SECONDS", 0.3)
    monkeypatch.setattr(base, "CRISIS_GRACE_SECONDS", 0.1)
    return LocalChannel()


def rasa(channel, *templates, delay=0.0, error=None):
    """Return an on_new_message that says templates after a delay."""

    async def on_new_message(message):
        await asyncio.sleep(delay)
        if error:
            raise error
        for template in templates:
            words = channel.words.render(template, {"hotlines": []}, "en")
            await message.output_channel.send_response(message.sender_id, words)

    return on_new_message


def names(reply):
    return [message["template"] for message in reply]


async def test_what_rasa_says_goes_through(channel):
    reply = await channel.turn(Inbound("a", "hi"), rasa(channel, "utter_greet"))
    assert names(reply) == ["utter_greet"]


async def test_a_silent_turn_gets_words(channel):
    assert names(await channel.turn(Inbound("a", "hi"), rasa(channel))) == ["utter_unavailable"]


async def test_a_turn_that_only_discloses_is_silent(channel):
    reply = await channel.turn(Inbound("a", "hi"), rasa(channel, "utter_disclosure"))
    assert names(reply) == ["utter_unavailable", "utter_disclosure"]


async def test_a_failing_turn_gets_words(channel):
    reply = await channel.turn(Inbound("a", "hi"), rasa(channel, error=ValueError("invented")))
    assert names(reply) == ["utter_unavailable"]


async def test_a_slow_turn_gets_words_and_still_ends(channel):
    ended = asyncio.Event()
    slow = rasa(channel, "utter_greet", delay=0.6)

    async def on_new_message(message):
        await slow(message)
        ended.set()

    started = time.monotonic()
    reply = await channel.turn(Inbound("a", "你好"), on_new_message)
    assert names(reply) == ["utter_delayed"]
    assert reply[0]["language"] == "en" or reply[0]["language"] == "zh"
    assert time.monotonic() - started < 0.55
    await asyncio.wait_for(ended.wait(), 2)


@pytest.mark.parametrize(
    "behind",
    [
        {"delay": 5},
        {"error": ValueError("invented")},
        {},
    ],
)
async def test_crisis_words_in_any_case(channel, behind):
    reply = await channel.turn(Inbound("a", CRISIS), rasa(channel, **behind))
    assert names(reply) == ["utter_crisis"]


async def test_crisis_words_are_said_once(channel):
    reply = await channel.turn(Inbound("a", CRISIS), rasa(channel, "utter_crisis"))
    assert names(reply) == ["utter_crisis"]


async def test_crisis_words_come_first_when_rasa_says_something_else(channel):
    reply = await channel.turn(Inbound("a", CRISIS), rasa(channel, "utter_greet"))
    assert names(reply) == ["utter_crisis", "utter_greet"]


async def test_crisis_words_do_not_wait_behind_a_hanging_turn(channel, monkeypatch):
    monkeypatch.setattr(base, "CRISIS_GRACE_SECONDS", 9)
    hanging = asyncio.create_task(channel.turn(Inbound("a", "hi"), rasa(channel, delay=9)))
    await asyncio.sleep(0.05)
    started = time.monotonic()
    reply = await channel.turn(Inbound("a", CRISIS), rasa(channel, delay=9))
    assert names(reply) == ["utter_crisis"]
    assert time.monotonic() - started < 0.2
    await hanging


@pytest.mark.parametrize("text, language", [("我不想活了", "zh"), (CRISIS, "en")])
async def test_crisis_words_in_the_persons_language(channel, text, language):
    reply = await channel.turn(Inbound("a", text), rasa(channel))
    assert reply[0]["language"] == language


async def test_the_choice_of_language_wins(channel):
    reply = await channel.turn(Inbound("a", "我不想活了", language="en"), rasa(channel))
    assert reply[0]["language"] == "en"


async def test_the_lines_are_those_of_the_region(channel):
    reply = await channel.turn(Inbound("a", CRISIS, region="US"), rasa(channel))
    assert "988" in reply[0]["text"]


async def test_an_action_that_says_something_new_is_refused(channel):
    async def on_new_message(message):
        await message.output_channel.send_response("a", {"text": "Clinic X is the best."})
        await message.output_channel.send_text_message("a", "Go to clinic X.")
        forged = channel.words.render("utter_greet", {}, "en") | {"text": "Clinic X."}
        await message.output_channel.send_response("a", forged)

    reply = await channel.turn(Inbound("a", "hi"), on_new_message)
    assert names(reply) == ["utter_error"] * 3
    assert "Clinic" not in str(reply)


async def test_too_long_is_refused_but_a_cry_for_help_is_not(channel):
    with pytest.raises(Refused) as refused:
        await channel.turn(Inbound("a", "x" * 2001), rasa(channel))
    assert refused.value.status == 413
    long = "and " * 1000 + CRISIS
    assert names(await channel.turn(Inbound("a", long), rasa(channel))) == ["utter_crisis"]


async def test_too_many_at_once_are_refused_but_a_cry_for_help_is_not(channel):
    hanging = [
        asyncio.create_task(channel.turn(Inbound("a", "hi"), rasa(channel, delay=1)))
        for _ in range(base.MAX_TURNS_AT_ONCE)
    ]
    await asyncio.sleep(0.05)
    with pytest.raises(Refused) as refused:
        await channel.turn(Inbound("a", "hi"), rasa(channel))
    assert refused.value.status == 429
    assert names(await channel.turn(Inbound("a", CRISIS), rasa(channel))) == ["utter_crisis"]
    assert names(await channel.turn(Inbound("b", "hi"), rasa(channel, "utter_greet")))
    await asyncio.gather(*hanging)


@pytest.mark.parametrize("payload", ["/restart", "/report_crisis", "ask_law_china", ""])
async def test_only_payloads_that_we_issued(channel, payload):
    with pytest.raises(Refused) as refused:
        await channel.turn(Inbound("a", "", payload), rasa(channel))
    assert refused.value.status == 400


async def test_a_typed_slash_is_no_command(channel):
    seen = []

    async def on_new_message(message):
        seen.append(message.text)

    await channel.turn(Inbound("a", "/restart"), on_new_message)
    await channel.turn(Inbound("a", "//ask_law_china"), on_new_message)
    await channel.turn(Inbound("a", " / "), on_new_message)
    assert seen == ["restart", "ask_law_china", ""]


async def test_half_a_character_is_no_error(channel):
    seen = []

    async def on_new_message(message):
        seen.append(message.text)

    await channel.turn(Inbound("a", "hi \ud83d"), on_new_message)
    assert seen == ["hi ?"]
