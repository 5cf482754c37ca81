"""What still works when things are taken away for real, and what the record holds afterwards."""

import contextlib
import os
import sqlite3
import subprocess
import sys
import time

import pytest

from bot.paths import ROOT
from tests.e2e.stack import Stack

CRISIS = "i want to kill myself"
AT_ONCE = 2.5  # seconds; machines differ, a hanging turn would take 5


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    stack = Stack(tmp_path_factory.mktemp("failures"), evaluation=True).wait()
    yield stack
    assert stack.stop() == 0


def say(stack, sender, text, metadata=None):
    started = time.monotonic()
    body = {"sender": sender, "message": text, "metadata": metadata or {}}
    status, answer = stack.request("/webhooks/rest/webhook", body)
    assert status == 200
    return "\n".join(message["text"] for message in answer), time.monotonic() - started


def record(stack, sender):
    status, tracker = stack.request(f"/conversations/{sender}/tracker?token=eval")
    assert status == 200
    return tracker


def spoken(tracker, event):
    return [e["text"] for e in tracker["events"] if e["event"] == event and e.get("text")]


def test_database_locked_by_another_process(stack):
    say(stack, "locked", "hello")
    other = sqlite3.connect(stack.folder / "upright.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    try:
        words, seconds = say(stack, "locked", CRISIS, {"region": "GB"})
        assert "116 123" in words
        assert seconds < AT_ONCE
        assert say(stack, "locked", "yes")[0]
        spooled = list((stack.folder / "spool").glob("*.spool"))
        assert spooled
        assert b"kill" not in spooled[0].read_bytes()
    finally:
        other.execute("ROLLBACK")
        other.close()
    time.sleep(3.2)  # the store leaves a failing database alone for 3 s
    say(stack, "locked", "i don't know")
    tracker = record(stack, "locked")
    assert spoken(tracker, "user")[1:] == [CRISIS, "yes", "i don't know"]
    assert any("116 123" in text for text in spoken(tracker, "bot"))
    assert tracker["slots"]["peak_risk_level"] == "crisis"


def test_database_file_removed(stack):
    say(stack, "removed", "hello")
    (stack.folder / "upright.db").unlink()
    words, seconds = say(stack, "removed", CRISIS, {"region": "US"})
    assert "988" in words
    assert seconds < AT_ONCE
    assert say(stack, "removed", "no, i'm not suicidal, i was just angry")[0]
    assert CRISIS in spoken(record(stack, "removed"), "user")
    assert (stack.folder / "upright.db").exists()


@contextlib.contextmanager
def read_only(file):
    """Nobody may write `file`, root neither: permissions alone do not stop root."""
    if os.geteuid():
        file.chmod(0o444)
    elif subprocess.run(["chattr", "+i", str(file)], check=False).returncode:
        pytest.skip("this file system cannot make a file unchangeable for root (chattr +i)")
    try:
        yield
    finally:
        if os.geteuid():
            file.chmod(0o644)
        else:
            subprocess.run(["chattr", "-i", str(file)], check=True)


@pytest.mark.parametrize(("text", "number"), [(CRISIS, "988"), ("我不想活了", "12356")])
def test_database_file_read_only(stack, text, number):
    sender, region = f"readonly{number}", "US" if number == "988" else "CN"
    say(stack, sender, "hello")
    with read_only(stack.folder / "upright.db"):
        stack.control_program("restart", "bot")  # an open file stays writable
        stack.wait_for("/chat/health")
        words, _ = say(stack, sender, text, {"region": region})
        assert number in words
        assert list((stack.folder / "spool").glob("*.spool"))
    time.sleep(3.2)
    assert say(stack, sender, "i don't know")[0]
    tracker = record(stack, sender)
    assert text in spoken(tracker, "user")
    assert any(number in said for said in spoken(tracker, "bot"))


def test_what_was_said_in_an_outage_survives_a_restart(stack):
    say(stack, "restarted", "hello")
    other = sqlite3.connect(stack.folder / "upright.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    try:
        assert "988" in say(stack, "restarted", CRISIS, {"region": "US"})[0]
        stack.control_program("restart", "bot")
    finally:
        other.execute("ROLLBACK")
        other.close()
    stack.wait_for("/chat/health")
    tracker = record(stack, "restarted")
    assert CRISIS in spoken(tracker, "user")
    assert any("988" in text for text in spoken(tracker, "bot"))


def test_a_child_is_not_stored_and_what_was_is_erased(stack):
    say(stack, "child", "hello, what are the risks")
    assert "kept" in say(stack, "child", "i'm 12")[0]
    assert "911" in say(stack, "child", CRISIS, {"region": "US"})[0]
    with sqlite3.connect(stack.folder / "upright.db") as database:
        rows = database.execute("SELECT COUNT(*) FROM events WHERE sender_id = 'child'")
        assert rows.fetchone() == (0,)
    tracker = record(stack, "child")
    assert tracker["slots"]["risk_level"] == "crisis"  # in memory only
    assert tracker["slots"]["age_band"] == "under_14"


def test_the_off_switch_works_at_once(stack):
    def switch(*arguments):
        command = [sys.executable, "-W", "ignore", "-m", "bot", "switch", *arguments]
        subprocess.run(command, check=True, cwd=ROOT, env=stack.environment, capture_output=True)

    switch("off", "topic:complication.infection", "--reason", "test")
    words, _ = say(stack, "switched", "can it get infected?")
    assert "switched off" in words
    assert record(stack, "switched")["slots"]["topic"] is None
    switch("on", "topic:complication.infection", "--reason", "test over")
    switch("off", "assistant", "--reason", "test")
    words, _ = say(stack, "switched", "can it get infected?", {"region": "GB"})
    assert "switched off" in words
    assert "116 123" in words
    assert "116 123" in say(stack, "switched", CRISIS, {"region": "GB"})[0]
    switch("on", "assistant", "--reason", "test over")
    assert "infect" in say(stack, "switched", "can it get infected?")[0]
    assert '"reason": "test over"' in (stack.folder / "switches.log").read_text("utf-8")


@pytest.mark.parametrize("path, words", [("/safety/", "How Upright"), ("/safety/zh", "守住安全")])
def test_the_public_page_is_made_from_the_data(stack, path, words):
    status, page = stack.request(path)
    assert status == 200
    assert words in page
    assert "116 123" in page
    assert "12356" in page
    assert "<script" not in page


def test_referrals_are_counted_without_identifiers(stack):
    say(stack, "counted", CRISIS, {"region": "CA"})
    command = [sys.executable, "-W", "ignore", "-m", "bot", "counts"]
    run = subprocess.run(
        command, check=True, cwd=ROOT, env=stack.environment, capture_output=True, text=True
    )
    assert "crisis\ten\tCA\t1" in run.stdout
    assert "counted" not in run.stdout
