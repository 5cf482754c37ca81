"""The off switch, counsellors' hours and counters."""

import json
from datetime import datetime, timezone

import pytest

from bot import counsellors
from bot.counsellors import Duty
from bot.storage.counts import Counts
from bot.switches import Switches


def test_a_switch_works_at_once_in_another_reader_and_is_recorded(tmp_path):
    file = tmp_path / "switches.json"
    writer, reader = Switches(file), Switches(file)
    assert not reader.is_off("assistant")
    writer.set("topic:growth.hormone", True, "figure under review")
    assert reader.off() == {"topic:growth.hormone": "figure under review"}
    writer.set("topic:growth.hormone", False, "checked")
    assert reader.off() == {}
    log = [json.loads(line) for line in file.with_suffix(".log").read_text().splitlines()]
    assert [(entry["off"], entry["reason"]) for entry in log] == [
        (True, "figure under review"),
        (False, "checked"),
    ]
    assert all(entry["time"] and entry["by"] for entry in log)


@pytest.mark.parametrize("name, reason", [("assistant", " "), ("everything", "why")])
def test_a_reason_and_a_known_name_are_needed(tmp_path, name, reason):
    with pytest.raises(ValueError, match=r"reason|unknown"):
        Switches(tmp_path / "s.json").set(name, True, reason)


def test_a_broken_file_changes_nothing(tmp_path):
    file = tmp_path / "switches.json"
    switches = Switches(file)
    switches.set("assistant", True, "test")
    assert switches.is_off("assistant")
    file.write_text("{")
    assert switches.is_off("assistant")


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=timezone.utc)


def test_duty_follows_the_zone():
    duty = Duty.parse("mon-fri 09:00-18:00 Asia/Shanghai 30")
    assert duty.minutes == 30
    assert duty.is_on(at("2026-11-23T01:30"))  # Monday 09:30 in Shanghai
    assert not duty.is_on(at("2026-11-23T12:00"))
    assert not duty.is_on(at("2026-11-22T02:00"))  # Sunday
    assert Duty.parse("sat-mon 09:00-18:00 UTC 5").is_on(at("2026-11-22T10:00"))


@pytest.mark.parametrize("text", ["always", "mon-fri 18:00-09:00 UTC 5", "mon 09:00-18:00 X/Y 5"])
def test_a_broken_setting_says_what_is_expected(text):
    with pytest.raises(ValueError, match="is not like"):
        Duty.parse(text)


def test_without_hours_nobody_is_offered(monkeypatch):
    monkeypatch.delenv("UPRIGHT_COUNSELLOR_HOURS", raising=False)
    assert counsellors.presence() == ("utter_human_none", 0)
    monkeypatch.setenv("UPRIGHT_COUNSELLOR_HOURS", "mon-sun 00:00-12:00 UTC 20")
    morning, night = at("2026-11-22T10:00"), at("2026-11-22T20:00")
    monkeypatch.delenv("UPRIGHT_COUNSELLOR_KEY", raising=False)
    assert counsellors.presence(morning) == ("utter_human_none", 0)  # no way into the chat
    monkeypatch.setenv("UPRIGHT_COUNSELLOR_KEY", "a key")
    assert counsellors.presence(morning) == ("utter_human_now", 20)
    assert counsellors.presence(night) == ("utter_human_later", 20)
    assert counsellors.presence(night, stored=False) == ("utter_human_none", 0)


def test_counts_hold_no_identifiers_and_never_fail(tmp_path):
    counts = Counts(tmp_path / "counts.db")
    counts.add({"utter_crisis_ask_plain", "utter_crisis_lines"}, "en", "CA")
    counts.add({"utter_crisis_lines"}, "en", "CA")
    counts.add({"utter_emergency_today"}, "zh", None)
    counts.add({"utter_greet"}, "en", None)
    year = datetime.now(timezone.utc).year
    assert counts.of(year) == [("crisis", "en", "CA", 2), ("emergency_today", "zh", "", 1)]
    Counts(tmp_path).add({"utter_crisis_lines"}, "en", None)  # a folder is no database
