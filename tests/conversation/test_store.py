"""The tracker store: without consent nothing on disk, a turn's cost flat, erasure, moving."""

import sqlite3

import pytest
from rasa.core.agent import Agent
from rasa.shared.core.events import SlotSet
from rasa.utils.endpoints import EndpointConfig

from bot.nlg import VettedGenerator
from bot.storage import tracker as tracker_module
from bot.storage.consent import conversation_id, is_stored
from bot.storage.locks import PromptLockStore
from bot.storage.tracker import ConversationStore
from tests.tester import BotTester, LocalActions, LocalChannel

CANARY = "marmalade sky"


class StoredBot:
    """The assistant with our store on a SQLite file."""

    def __init__(self, model, file):
        from rasa.shared.core.domain import Domain

        domain = Domain.empty()
        self.store = ConversationStore(domain, dialect="sqlite", db=str(file))
        self.agent = Agent.load(
            str(model),
            generator=VettedGenerator(EndpointConfig(), domain),
            tracker_store=self.store,
            lock_store=PromptLockStore(),
            action_endpoint=LocalActions(),
        )
        self.channel = LocalChannel()


@pytest.fixture(scope="module")
def stored(model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("store")
    patch = pytest.MonkeyPatch()
    patch.setenv("UPRIGHT_SPOOL", str(folder / "spool"))
    bot = StoredBot(model, folder / "upright.db")
    bot.file = folder / "upright.db"
    yield bot
    patch.undo()


def rows(bot):
    with sqlite3.connect(bot.file) as connection:
        return connection.execute("SELECT sender_id, type_name, data FROM events").fetchall()


async def texts(bot, sender):
    tracker = await bot.store.retrieve_full_tracker(sender)
    return [e.text for e in tracker.events if e.type_name == "user"] if tracker else []


def person(bot, name, stored=True):
    return BotTester(bot, conversation_id(name, stored), {})


def test_the_id_says_whether_it_may_be_stored():
    assert is_stored(conversation_id("a", True))
    assert not is_stored(conversation_id("a", False))
    assert conversation_id(conversation_id("a", False), True) == "a"
    assert conversation_id(conversation_id("a", False), False) == conversation_id("a", False)


async def test_without_consent_nothing_reaches_the_disk_and_everything_works(stored):
    someone = person(stored, "shy", stored=False)
    await someone.say(f"can it get infected? {CANARY}")
    await someone.say("how common is that?")
    assert someone.templates[0] == "kb_claims"
    assert len(await texts(stored, someone.sender)) == 2
    assert all("shy" not in row[0] for row in rows(stored))
    assert CANARY not in str(rows(stored))


async def test_with_consent_it_is_kept(stored):
    someone = person(stored, "open")
    await someone.say("can it get infected?")
    assert any(row[0] == "open" for row in rows(stored))


@pytest.mark.parametrize("kept", [True, False])
async def test_a_long_conversation_keeps_its_memory_and_its_speed(stored, monkeypatch, kept):
    monkeypatch.setattr(tracker_module, "QUIET_TURNS", 3)
    someone = person(stored, f"long-{kept}", kept)
    await someone.say("I'm in Canada. can it get infected?")
    assert "utter_disclosure" in someone.templates
    for number in range(10):
        await someone.say("how common is that?" if number % 2 else "source?")
        assert "utter_disclosure" not in someone.templates
        assert not {"utter_which_topic", "utter_no_sources"} & set(someone.templates), number
        tracker = await stored.store.retrieve(someone.sender)
        session = [e.type_name for e in tracker.events]
        latest = len(session) - session[::-1].index("session_started")
        assert session[latest:].count("user") <= 3
        slots = await someone.slots()
        assert slots["last_topic"] == "complication.infection"
        assert slots["region"] == "CA"
    assert len(await texts(stored, someone.sender)) == 11


async def test_a_form_is_not_cut(stored, monkeypatch):
    monkeypatch.setattr(tracker_module, "QUIET_TURNS", 1)
    someone = person(stored, "planner", False)
    await someone.say("can we make a safety plan")
    for answer in ("i stop eating", "music", "the library", "my aunt", "the pills", "my cat"):
        await someone.say(answer)
    assert "utter_safety_plan" in someone.templates
    assert "my aunt" in someone.text


async def test_consent_given_and_withdrawn_moves_everything(stored):
    someone = person(stored, "mover", False)
    await someone.say("can it get infected?")
    kept = conversation_id(someone.sender, True)
    await stored.store.move(someone.sender, kept)
    assert await texts(stored, someone.sender) == []
    assert any(row[0] == kept for row in rows(stored))
    later = BotTester(stored, kept, {})
    await later.say("how common is that?")
    assert later.templates[0] == "kb_claims"
    await stored.store.move(kept, someone.sender)
    assert all(row[0] != kept for row in rows(stored))
    assert len(await texts(stored, someone.sender)) == 2
    await someone.say("source?")
    assert someone.templates == ["kb_sources"]


@pytest.mark.parametrize("kept", [True, False])
async def test_erased_is_erased(stored, kept):
    someone = person(stored, f"gone-{kept}", kept)
    await someone.say(f"{CANARY} can it get infected?")
    await stored.store.erase(someone.sender)
    assert await texts(stored, someone.sender) == []
    assert CANARY not in str(rows(stored))
    assert CANARY.encode() not in stored.file.read_bytes()


async def test_a_child_is_erased_and_goes_on_in_memory(stored):
    someone = person(stored, "kid")
    await someone.say(f"{CANARY} can it get infected?")
    assert any(row[0] == "kid" for row in rows(stored))
    await someone.say("i'm 12")
    assert all(row[0] != "kid" for row in rows(stored))
    await someone.say("how common is that?")
    assert all(row[0] != "kid" for row in rows(stored))
    assert len(await texts(stored, someone.sender)) == 3


async def test_a_stored_conversation_is_read_once_and_written_once(stored, monkeypatch):
    someone = person(stored, "reader")
    await someone.say("can it get infected?")
    reads = []
    read = stored.store._retrieve
    monkeypatch.setattr(
        stored.store, "_retrieve", lambda *a, **k: (reads.append(a), read(*a, **k))[1]
    )
    await someone.say("how common is that?")
    await someone.say("source?")
    assert reads == []
    monkeypatch.undo()
    mine = [row[2] for row in rows(stored) if row[0] == "reader"]
    tracker = await stored.store.retrieve_full_tracker("reader")
    assert len(mine) == len(tracker.events)
    assert await texts(stored, "reader") == [
        "can it get infected?",
        "how common is that?",
        "source?",
    ]


async def test_what_another_process_writes_or_erases_is_seen(stored):
    someone = person(stored, "shared")
    await someone.say("can it get infected?")
    other = ConversationStore(stored.agent.domain, dialect="sqlite", db=str(stored.file))
    tracker = await other.retrieve("shared")
    tracker.update(SlotSet("region", "NZ"))
    await other.save(tracker)
    assert (await stored.store.retrieve("shared")).get_slot("region") == "NZ"
    await other.erase("shared")
    assert await stored.store.retrieve("shared") is None
    await someone.say("how common is that?")
    assert await texts(stored, "shared") == ["how common is that?"]
