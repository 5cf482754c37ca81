"""Lines that nobody has looked at for long: a warning at 90 days, no release at 180."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from actions.knowledge import load_knowledge
from bot import check
from bot.safety.hotlines import Hotlines
from bot.safety.runtime import load_hotlines

TODAY = date(2026, 11, 22)


def lines_checked(days):
    """Return our lines as if all had been looked at `days` ago, None for never."""
    checked = None if days is None else (TODAY - timedelta(days=days)).isoformat()
    return Hotlines(tuple(replace(line, checked=checked) for line in load_hotlines().all))


@pytest.fixture
def frozen(monkeypatch):
    """Freeze the clock; content without mistakes."""

    class Frozen(date):
        @classmethod
        def today(cls):
            return TODAY

    monkeypatch.setattr(check, "date", Frozen)
    monkeypatch.setattr(check, "find_mistakes", lambda: ([], "content"))
    return monkeypatch


@pytest.mark.parametrize(
    "days, warned, refused",
    [
        (0, False, False),
        (89, False, False),
        (90, True, False),
        (179, True, False),
        (180, True, True),
        (None, True, True),
    ],
)
def test_days_since_a_line_was_looked_at(frozen, capsys, days, warned, refused):
    hotlines = lines_checked(days)
    shown = [line for line in hotlines.all if line.show]
    stale = check.unchecked_lines(hotlines, check.WARN_DAYS, TODAY)
    assert stale == (shown if warned else [])
    assert check.unchecked_lines(hotlines, check.REFUSE_DAYS, TODAY) == (shown if refused else [])

    frozen.setattr(check, "load_hotlines", lambda: hotlines)
    assert check.main([]) == 0  # a warning only
    assert ("hotlines not checked" in capsys.readouterr().out) is warned
    check.release([])
    told = capsys.readouterr().err
    assert ("us_988: " in told) is refused
    assert ("never seen" in told) is (days is None)


def test_one_old_line_is_named_and_hidden_ones_do_not_count():
    hotlines = lines_checked(1)
    old = (TODAY - timedelta(days=200)).isoformat()
    lines = [replace(one, checked=old) if one.id == "cn_12356" else one for one in hotlines.all]
    lines = [one if one.show else replace(one, checked=None) for one in lines]
    found = check.unchecked_lines(Hotlines(tuple(lines)), check.REFUSE_DAYS, TODAY)
    assert [line.id for line in found] == ["cn_12356"]


def test_a_country_without_an_emergency_number_is_refused(frozen, capsys):
    knowledge = load_knowledge()
    assert check.countries_without_emergency(load_hotlines(), knowledge) == []
    without = Hotlines(
        tuple(line for line in load_hotlines().all if "TR" not in (line.country, *line.covers))
    )
    assert check.countries_without_emergency(without, knowledge) == ["TR"]
    frozen.setattr(check, "load_hotlines", lambda: without)
    assert check.release([]) == 1
    assert "TR: no sourced emergency number" in capsys.readouterr().err
