"""The channel base with an invented Rasa behind it: slow, broken, silent or unvetted."""

import asyncio
import dataclasses
import time
from unittest.mock import Mock

import pytest
from cryptography.fernet import Fernet
from hypothesis import given
from hypothesis import strategies as st
from rasa.core.channels.channel import UserMessage

from bot.channels import base
from bot.channels.base import Inbound, Refused
from bot.channels.limits import RateLimit
from bot.storage.spool import Spool
from bot.switches import Switches
from tests.tester import LocalChannel

KEY = Fernet.generate_key()

CRISIS = "i want to kill myself"
FIRST_WORDS = ["utter_crisis_ask_plain", "utter_crisis_lines", "utter_tell_region"]
EMERGENCY = "two weeks after the operation and i can't breathe and my chest hurts"


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch, tmp_path):
    """Keep the spool, the counters and the switches of the tests apart."""
    monkeypatch.setattr(base, "load_spool", lambda: Spool(tmp_path / "spool", KEY))
    monkeypatch.setattr(base, "SWITCHES", Switches(tmp_path / "switches.json"))
    monkeypatch.setenv("UPRIGHT_COUNTS", str(tmp_path / "counts.db"))


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
            words = channel.words.render(template, {"hotlines": [], "region": None}, "en")
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
    assert names(reply) == FIRST_WORDS
    reply = await channel.turn(Inbound("b", EMERGENCY), rasa(channel, **behind))
    assert names(reply)[:2] == ["utter_emergency_call", "utter_emergency_do_chest"]


async def test_crisis_words_are_said_once(channel):
    said = rasa(channel, "utter_crisis_ask_plain")
    assert names(await channel.turn(Inbound("a", CRISIS), said)) == ["utter_crisis_ask_plain"]


async def test_crisis_words_come_first_when_rasa_says_something_else(channel):
    reply = await channel.turn(Inbound("a", CRISIS), rasa(channel, "utter_greet"))
    assert names(reply) == [*FIRST_WORDS, "utter_greet"]


async def test_crisis_words_do_not_wait_behind_a_hanging_turn(channel, monkeypatch):
    monkeypatch.setattr(base, "CRISIS_GRACE_SECONDS", 9)
    hanging = asyncio.create_task(channel.turn(Inbound("a", "hi"), rasa(channel, delay=9)))
    await asyncio.sleep(0.05)
    started = time.monotonic()
    reply = await channel.turn(Inbound("a", CRISIS), rasa(channel, delay=9))
    assert names(reply) == FIRST_WORDS
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
    assert "988" in reply[1]["text"]
    assert "911" in reply[1]["text"]


async def test_a_country_that_is_asked_about_is_not_where_somebody_is(channel):
    said = rasa(channel, "utter_greet")
    await channel.turn(Inbound("a", "and in the us"), said)
    assert channel._person("a").region is None
    await channel.turn(Inbound("a", CRISIS), rasa(channel))
    await channel.turn(Inbound("a", "the us"), rasa(channel))  # numbers to call were the subject
    assert channel._person("a").region == "US"
    await channel.turn(Inbound("b", "i live in canada"), said)
    assert channel._person("b").region == "CA"


async def test_an_action_that_says_something_new_is_refused(channel):
    async def on_new_message(message):
        await message.output_channel.send_response("a", {"text": "Clinic X is the best."})
        await message.output_channel.send_text_message("a", "Go to clinic X.")
        forged = channel.words.render("utter_greet", {}, "en") | {"text": "Clinic X."}
        await message.output_channel.send_response("a", forged)

    reply = await channel.turn(Inbound("a", "hi"), on_new_message)
    assert names(reply) == ["utter_error"]
    assert "Clinic" not in str(reply)


async def test_too_long_is_refused_but_a_cry_for_help_is_not(channel):
    with pytest.raises(Refused) as refused:
        await channel.turn(Inbound("a", "x" * 2001), rasa(channel))
    assert refused.value.status == 413
    long = "and " * 1000 + CRISIS
    assert names(await channel.turn(Inbound("a", long), rasa(channel))) == FIRST_WORDS


async def test_too_many_at_once_are_refused_but_a_cry_for_help_is_not(channel):
    hanging = [
        asyncio.create_task(channel.turn(Inbound("a", "hi"), rasa(channel, delay=1)))
        for _ in range(base.MAX_TURNS_AT_ONCE)
    ]
    await asyncio.sleep(0.05)
    with pytest.raises(Refused) as refused:
        await channel.turn(Inbound("a", "hi"), rasa(channel))
    assert refused.value.status == 429
    assert names(await channel.turn(Inbound("a", CRISIS), rasa(channel))) == FIRST_WORDS
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
    await channel.turn(Inbound("a", "/ /restart"), on_new_message)
    await channel.turn(Inbound("a", "/\t/ask_law_china{}"), on_new_message)
    assert seen == ["restart", "ask_law_china", "", "restart", "ask_law_china{}"]


@given(st.text(st.sampled_from("/ \t\n\u3000\xa0\ufeffa{}"), max_size=12))
def test_nothing_typed_reaches_rasa_as_a_command(text):
    typed = base.said_by(Inbound("a", text)) or " "
    assert not UserMessage(typed).text.startswith("/")


async def test_half_a_character_is_no_error(channel):
    seen = []

    async def on_new_message(message):
        seen.append(message.text)

    await channel.turn(Inbound("a", "hi \ud83d"), on_new_message)
    assert seen == ["hi ?"]


async def test_what_the_channel_said_by_itself_waits_encrypted_for_the_record(channel, tmp_path):
    await channel.turn(Inbound("a", CRISIS), rasa(channel, error=ValueError("invented")))
    events = channel._spool.read("a")
    assert [e["event"] for e in events] == ["user", "bot", "bot", "bot", "slot", "slot", "slot"]
    assert events[0]["text"] == CRISIS
    assert events[-1]["name"] == "safety"
    assert events[-1]["value"]["open"] == "self"
    stored = b"".join(file.read_bytes() for file in (tmp_path / "spool").iterdir())
    assert b"kill" not in stored


async def test_switched_off_says_so_and_still_helps(channel):
    base.SWITCHES.set("assistant", True, "test")
    reply = await channel.turn(Inbound("a", "hi", region="GB"), rasa(channel, "utter_greet"))
    assert names(reply) == ["utter_switched_off"]
    assert "116 123" in reply[0]["text"]
    assert "999" in reply[0]["text"]
    assert names(await channel.turn(Inbound("a", CRISIS), rasa(channel))) == FIRST_WORDS
    base.SWITCHES.set("assistant", False, "test over")
    assert names(await channel.turn(Inbound("a", "hi"), rasa(channel, "utter_greet"))) == [
        "utter_greet"
    ]


async def test_a_topic_can_be_switched_off(channel):
    base.SWITCHES.set("topic:growth.hormone", True, "figure under review")

    async def on_new_message(message):
        for index in (0, 0):
            values = {"topic": "growth.hormone", "facet": "answer", "index": index}
            words = channel.words.render("kb_claims", values, "en")
            await message.output_channel.send_response("a", words)

    reply = await channel.turn(Inbound("a", "hgh?"), on_new_message)
    assert names(reply) == ["utter_switched_off_topic"]


async def test_own_words_come_back_to_their_writer_only(channel):
    def plan(text):
        async def on_new_message(message):
            values = channel.words.safety_values(None, "en") | {"own": {"person": text}}
            words = channel.words.render("utter_safety_plan", values, "en")
            await message.output_channel.send_response(message.sender_id, words)

        return on_new_message

    await channel.turn(Inbound("a", "my brother"), rasa(channel, "utter_greet"))
    mine = await channel.turn(Inbound("a", "my dog"), plan("my brother"))
    assert names(mine) == ["utter_safety_plan"]
    assert "my brother" in mine[0]["text"]
    theirs = await channel.turn(Inbound("b", "x"), plan("my brother"))
    assert names(theirs) == ["utter_safety_plan_above"]
    made_up = await channel.turn(Inbound("a", "x"), plan("Go to clinic X."))
    assert names(made_up) == ["utter_safety_plan_above"]


async def test_a_deployment_without_a_sourced_emergency_number_is_refused(monkeypatch):
    monkeypatch.setenv("UPRIGHT_REGION", "AQ")
    with pytest.raises(ValueError, match="emergency number"):
        LocalChannel()


@pytest.mark.parametrize("feature", ["grounding", "safety_plan"])
async def test_a_feature_can_be_switched_off(channel, feature):
    template = {"grounding": "utter_grounding_1"}.get(feature, "utter_safety_plan_above")
    said = rasa(channel, template)
    assert names(await channel.turn(Inbound("a", "hi"), said)) == [template]
    base.SWITCHES.set(feature, True, "under review")
    assert names(await channel.turn(Inbound("a", "hi"), said)) == ["utter_switched_off_topic"]


async def test_the_same_message_id_is_processed_once(channel):
    seen = []

    async def on_new_message(message):
        seen.append(message.message_id)
        await asyncio.sleep(0.05)
        await message.output_channel.send_response(
            message.sender_id, channel.words.render("utter_greet", {}, "en")
        )

    async def send(message_id="client-0001"):
        return await channel.turn(Inbound("a", "hi", message_id=message_id), on_new_message)

    at_once = await asyncio.gather(*(send() for _ in range(5)))
    assert seen == ["client-0001"]
    assert all(reply == at_once[0] for reply in at_once)
    assert await send() == at_once[0]
    await send("client-0002")
    assert seen == ["client-0001", "client-0002"]


@pytest.mark.parametrize("other", [Inbound("a", "bye"), Inbound("a", "", "/more")])
async def test_an_id_belongs_to_one_message(channel, other):
    greets = rasa(channel, "utter_greet", delay=0.05)
    first = Inbound("a", "hi", message_id="client-0001")
    running = asyncio.create_task(channel.turn(first, greets))
    await asyncio.sleep(0.01)
    other = dataclasses.replace(other, message_id="client-0001")
    for _ in range(2):  # while the first is being answered, and afterwards
        with pytest.raises(Refused) as refused:
            await channel.turn(other, rasa(channel, "utter_goodbye"))
        assert (refused.value.status, refused.value.code) == (409, "conflict")
        assert names(await running) == ["utter_greet"]
    assert names(await channel.turn(first, rasa(channel))) == ["utter_greet"]
    danger = Inbound("a", CRISIS, message_id="client-0001")
    assert names(await channel.turn(danger, rasa(channel))) == FIRST_WORDS


async def test_an_error_of_ours_does_not_poison_an_id(channel, monkeypatch):
    inbound = Inbound("a", "hi", message_id="client-0001")
    with monkeypatch.context() as broken:
        broken.setattr(channel._counts, "add", Mock(side_effect=OSError("invented")))
        with pytest.raises(OSError, match="invented"):
            await channel.turn(inbound, rasa(channel, "utter_greet"))
    assert names(await channel.turn(inbound, rasa(channel, "utter_greet"))) == ["utter_greet"]


async def test_in_an_outage_the_conversation_goes_on(channel):
    broken = rasa(channel, error=ValueError("invented"))

    async def say(text):
        return names(await channel.turn(Inbound("a", text), broken))

    assert await say(CRISIS) == FIRST_WORDS
    assert await say("yes") == ["utter_crisis_yes"]
    again = await say(CRISIS)
    assert "utter_crisis_lines" not in again
    assert again[0].startswith("utter_crisis_")
    assert names(await channel.turn(Inbound("b", "yes"), broken)) == ["utter_unavailable"]


async def test_an_outage_after_words_of_rasa_does_not_begin_anew(channel):
    asks = rasa(channel, "utter_crisis_ask_plain", "utter_crisis_lines")
    assert names(await channel.turn(Inbound("a", CRISIS), asks))
    broken = rasa(channel, error=ValueError("invented"))
    assert names(await channel.turn(Inbound("a", "yes"), broken)) == ["utter_crisis_yes"]


async def test_the_question_alone_is_no_answer(channel):
    async def cut_short(message):
        words = channel.words.render("utter_crisis_ask_plain", {}, "en")
        await message.output_channel.send_response(message.sender_id, words)
        await asyncio.sleep(5)

    reply = names(await channel.turn(Inbound("a", CRISIS), cut_short))
    assert sorted(reply) == sorted(FIRST_WORDS)


async def test_what_cannot_have_a_turn_is_recorded_all_the_same(channel):
    channel.limit = RateLimit(1, 1)
    await channel.turn(Inbound("a", "hi"), rasa(channel, "utter_greet"))
    assert names(await channel.turn(Inbound("a", CRISIS), rasa(channel))) == FIRST_WORDS
    events = channel._spool.read("a")
    assert [e["event"] for e in events][:4] == ["user", "bot", "bot", "bot"]


async def test_a_turn_that_fails_late_is_recorded(channel):
    failed = rasa(channel, delay=0.4, error=ValueError("invented"))
    assert names(await channel.turn(Inbound("a", CRISIS), failed)) == FIRST_WORDS
    await asyncio.sleep(0.5)
    users = [e for e in channel._spool.read("a") if e["event"] == "user"]
    assert [e["text"] for e in users] == [CRISIS]


async def test_nothing_of_a_child_is_spooled(channel):
    broken = rasa(channel, error=ValueError("invented"))
    reply = await channel.turn(Inbound("a", f"i'm 12 and {CRISIS}"), broken)
    assert "utter_crisis_lines" in names(reply)
    assert channel._spool.read("a") == []


async def test_the_end_of_a_long_cry_for_help_reaches_rasa(channel):
    seen = []

    async def on_new_message(message):
        seen.append(message.text)

    await channel.turn(Inbound("a", "x " * 1500 + CRISIS), on_new_message)
    assert seen[0].endswith(CRISIS)
    assert len(seen[0]) <= base.MAX_CHARACTERS


async def test_a_refused_message_may_be_sent_again(channel):
    inbound = Inbound("a", "x" * 2001, message_id="client-0001")
    for _ in range(2):
        with pytest.raises(Refused):
            await channel.turn(inbound, rasa(channel))
    shorter = Inbound("a", "hi", message_id="client-0001")
    assert names(await channel.turn(shorter, rasa(channel, "utter_greet"))) == ["utter_greet"]


async def test_what_comes_late_is_handed_on(channel):
    late = asyncio.get_running_loop().create_future()
    channel.came_late = lambda inbound, messages: late.set_result((inbound, names(messages)))
    inbound = Inbound("a", "hi", message_id="client-0001")
    reply = await channel.turn(inbound, rasa(channel, "utter_greet", delay=0.5))
    assert names(reply) == ["utter_delayed"]
    assert await asyncio.wait_for(late, 2) == (inbound, ["utter_greet"])


async def test_too_fast_is_refused_with_a_time_but_a_cry_for_help_is_not(channel):
    channel.limit = RateLimit(2, 6)
    for _ in range(2):
        await channel.turn(Inbound("a", "hi"), rasa(channel, "utter_greet"))
    with pytest.raises(Refused) as refused:
        await channel.turn(Inbound("a", "hi"), rasa(channel, "utter_greet"))
    assert (refused.value.status, refused.value.template) == (429, "utter_slow_down")
    assert 1 <= refused.value.retry_after <= 10
    assert names(await channel.turn(Inbound("a", CRISIS), rasa(channel))) == FIRST_WORDS
    assert names(await channel.turn(Inbound("b", "hi"), rasa(channel, "utter_greet")))


@pytest.mark.parametrize("typed", ["2", " 2. ", "２", "2。"])
async def test_without_buttons_a_number_picks_a_choice(channel, typed):
    channel.has_buttons = False
    reply = await channel.turn(Inbound("a", "hi"), rasa(channel, "utter_greet"))
    texts = channel.texts(reply)
    buttons = reply[0]["buttons"]
    assert texts[0].splitlines()[-len(buttons) :] == [
        f"{number}. {button['title']}" for number, button in enumerate(buttons, start=1)
    ]
    seen = []

    async def on_new_message(message):
        seen.append(message.text)

    await channel.turn(Inbound("a", typed), on_new_message)
    assert seen == [buttons[1]["payload"]]


@pytest.mark.parametrize("typed", ["9", "0", "-1", "2 cm", "99999999999", "二"])
async def test_other_numbers_are_words(channel, typed):
    channel.has_buttons = False
    await channel.turn(Inbound("a", "hi"), rasa(channel, "utter_greet"))
    seen = []

    async def on_new_message(message):
        seen.append(message.text)

    await channel.turn(Inbound("a", typed), on_new_message)
    assert seen == [typed]


async def test_with_buttons_a_number_is_a_number(channel):
    await channel.turn(Inbound("a", "hi"), rasa(channel, "utter_greet"))
    seen = []

    async def on_new_message(message):
        seen.append(message.text)

    await channel.turn(Inbound("a", "2"), on_new_message)
    assert seen == ["2"]
