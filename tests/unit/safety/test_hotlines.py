"""Which lines are named: by region and hour, never by language alone, never unconfirmed ones."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import get_args
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.content import ContentError, load_yaml
from bot.safety.hotlines import Hotline, Hotlines, Language, OpenState

KNOWLEDGE = Path(__file__).parents[3] / "data" / "knowledge"
HOTLINES = Hotlines.load(KNOWLEDGE / "hotlines.yml")
LANGUAGES: tuple[Language, ...] = get_args(Language)
COUNTRIES = sorted({line.country for line in HOTLINES.all} - {"EU", "XX"})
NOON_UTC = datetime(2026, 11, 22, 12, tzinfo=timezone.utc)  # a Sunday


def ids(region: str | None, now: datetime, language: Language = "en") -> list[str]:
    return [line.id for line in HOTLINES.choose(region, language, now).lines]


def at(zone: str, hour: int, minute: int = 0, day: int = 22) -> datetime:
    """Return a time of November 2026 in a zone; the 22nd is a Sunday."""
    return datetime(2026, 11, day, hour, minute, tzinfo=ZoneInfo(zone))


# --- the data ------------------------------------------------------------------------------------


def test_every_line_of_the_team_list_is_kept() -> None:
    assert len(HOTLINES.all) == 76


@pytest.mark.parametrize("line", HOTLINES.all, ids=lambda line: line.id)
def test_unconfirmed_lines_and_directories_are_never_shown(line: Hotline) -> None:
    assert line.show == (line.confidence != "low" and line.kind != "directory")
    if line.show:
        assert HOTLINES.get(line.id) is line
    else:
        with pytest.raises(KeyError):
            HOTLINES.get(line.id)


@pytest.mark.parametrize("line", HOTLINES.all, ids=lambda line: line.id)
def test_every_line_says_where_it_is_from_and_when_it_was_checked(line: Hotline) -> None:
    assert line.source
    assert line.seen
    assert line.checked is None or date.fromisoformat(line.checked)


def test_every_country_with_a_line_has_names() -> None:
    names = load_yaml(KNOWLEDGE / "countries.yml")
    assert set(COUNTRIES) <= set(names)


def test_12356_is_never_said_to_be_open_day_and_night() -> None:
    line = HOTLINES.get("cn_12356")
    assert line.hours == "varies"
    assert not line.always_open
    words = " ".join([*line.contact.values(), *line.name.values()])
    for claim in ("24/7", "24小时", "24 小时", "全天", "24 hours", "day and night"):
        assert claim not in words


# --- choosing ------------------------------------------------------------------------------------


@pytest.mark.parametrize("region", COUNTRIES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_country_at_every_hour(region: str, language: Language) -> None:
    for hour in range(0, 24 * 7, 3):
        choice = HOTLINES.choose(region, language, NOON_UTC + timedelta(hours=hour))
        assert choice.region == region
        assert choice.examples == ()
        assert len(choice.lines) <= 2
        assert choice.lines or choice.emergency
        assert all(line.country == region and line.kind == "crisis" for line in choice.lines)
        assert all(line.confidence in ("high", "medium") for line in choice.lines)


@pytest.mark.parametrize("region", COUNTRIES)
def test_a_line_without_full_hours_is_paired_with_one_that_has_them(region: str) -> None:
    confirmed = [
        line for line in HOTLINES.all if line.show and line.country == region and line.always_open
    ]
    has_crisis_line = any(line.kind == "crisis" for line in confirmed)
    for hour in range(24):
        lines = HOTLINES.choose(region, "en", NOON_UTC + timedelta(hours=hour)).lines
        if has_crisis_line:
            assert any(line.always_open for line in lines)


@pytest.mark.parametrize("region", COUNTRIES)
def test_a_closed_line_is_never_named(region: str) -> None:
    for hour in range(24):
        now = NOON_UTC + timedelta(hours=hour)
        states = [line.state(now) for line in HOTLINES.choose(region, "zh", now).lines]
        assert OpenState.CLOSED not in states


def test_mainland_china_by_day_and_by_night() -> None:
    assert ids("CN", at("Asia/Shanghai", 14), "zh") == ["cn_12356", "cn_beijing"]
    assert ids("CN", at("Asia/Shanghai", 3), "zh") == ["cn_beijing", "cn_12356"]


def test_emergency_numbers() -> None:
    assert HOTLINES.emergency("CN", "zh") == "120（急救）或 110（报警）"
    assert HOTLINES.emergency("CN", "en") == "120 (ambulance) or 110 (police)"
    assert HOTLINES.emergency("US", "en") == "911"
    assert HOTLINES.emergency("GB", "zh") == "999"
    assert HOTLINES.emergency("DE", "en") == "112"
    assert HOTLINES.emergency("NL", "en") == "112"  # covered by the European number
    assert HOTLINES.emergency("FR", "en") == "15 or 112"  # its own number goes first
    assert HOTLINES.emergency(None, "en") is None
    assert HOTLINES.emergency("ZZ", "en") is None


def test_a_line_closed_at_night_is_not_named_at_night() -> None:
    for language in LANGUAGES:
        night = HOTLINES.choose("MY", language, at("Asia/Kuala_Lumpur", 3))
        assert (night.lines, night.emergency, night.examples) == ((), "999", ())
        assert ids("MY", at("Asia/Kuala_Lumpur", 12), language) == ["my_heal"]


@pytest.mark.parametrize(
    ("line_id", "now", "state"),
    [
        ("my_heal", at("Asia/Kuala_Lumpur", 7, 59), OpenState.CLOSED),
        ("my_heal", at("Asia/Kuala_Lumpur", 8), OpenState.OPEN),
        ("my_heal", at("Asia/Kuala_Lumpur", 23, 59), OpenState.OPEN),
        ("my_heal", at("Asia/Kuala_Lumpur", 0), OpenState.CLOSED),
        ("my_heal", datetime(2026, 11, 22, 1), OpenState.OPEN),  # read as UTC: 9:00 there
        ("jp_inochi_sos", at("Asia/Tokyo", 3, day=23), OpenState.OPEN),  # Monday, all day
        ("jp_inochi_sos", at("Asia/Tokyo", 3, day=24), OpenState.CLOSED),  # Tuesday from 6:00
        ("jp_inochi_sos", at("Asia/Tokyo", 6, day=24), OpenState.OPEN),
        ("jp_inochi_no_denwa", at("Asia/Tokyo", 20, 59), OpenState.OPEN),
        ("jp_inochi_no_denwa", at("Asia/Tokyo", 21), OpenState.CLOSED),
        ("cn_beijing_8858", at("Asia/Shanghai", 22), OpenState.CLOSED),
        ("cn_12356", at("Asia/Shanghai", 12), OpenState.UNKNOWN),
        ("us_988", at("America/New_York", 3), OpenState.OPEN),
    ],
)
def test_hours(line_id: str, now: datetime, state: OpenState) -> None:
    assert HOTLINES.get(line_id).state(now) is state


def test_day_lines_are_not_shown_at_night() -> None:
    for hour in range(24):
        now = at("Asia/Shanghai", hour)
        assert "cn_beijing_8858" not in ids("CN", now) or 8 <= hour < 18
    assert ids("JP", at("Asia/Tokyo", 3, day=24)) == ["jp_yorisoi"]


def test_a_line_that_speaks_the_language_goes_first() -> None:
    assert ids("HK", NOON_UTC, "zh")[0] == "hk_samaritans"
    assert ids("HK", NOON_UTC, "en")[0] == "hk_samaritans"
    assert ids("JP", NOON_UTC, "zh")[0] == "jp_yorisoi"


# --- without a known region ----------------------------------------------------------------------


@pytest.mark.parametrize("region", [None, "ZZ", "XX"])
def test_without_a_region_lines_are_examples_and_no_number_is_guessed(region: str | None) -> None:
    english = HOTLINES.choose(region, "en", NOON_UTC)
    assert (english.lines, english.emergency) == ((), None)
    assert [line.id for line in english.examples] == ["us_988", "ca_988", "gb_samaritans"]
    chinese = HOTLINES.choose(region, "zh", NOON_UTC)
    assert (chinese.lines, chinese.emergency) == ((), None)
    assert [line.id for line in chinese.examples] == ["cn_12356", "cn_beijing", "cn_emergency"]


def test_a_country_without_a_crisis_line_gets_its_emergency_number_and_no_foreign_lines() -> None:
    choice = HOTLINES.choose("TR", "zh", NOON_UTC)
    assert (choice.lines, choice.emergency, choice.examples) == ((), "112", ())


@given(
    st.none() | st.text(max_size=3) | st.sampled_from(COUNTRIES),
    st.sampled_from(LANGUAGES),
    st.datetimes(timezones=st.none() | st.just(timezone.utc)),
)
def test_choosing_never_raises(region: str | None, language: Language, now: datetime) -> None:
    choice = HOTLINES.choose(region, language, now)
    assert len(choice.lines) <= 2
    assert len(choice.examples) <= 3


# --- mistakes in the file ------------------------------------------------------------------------

SMALL = """\
hotlines:
- id: a
  country: CN
  kind: crisis
  show: true
  name: {en: A, zh: 甲}
  contact: {en: "call 1", zh: "拨打 1"}
  languages: [zh]
  hours:
  - {days: [mon], from: "08:00", to: "24:00"}
  tz: Asia/Shanghai
  source: "https://example.org"
  seen: "2026"
  checked: null
  confidence: high
  note: ""
"""


def test_a_small_file(tmp_path: Path) -> None:
    file = tmp_path / "hotlines.yml"
    file.write_text(SMALL, encoding="utf-8")
    assert [line.id for line in Hotlines.load(file).all] == ["a"]


@pytest.mark.parametrize(
    ("old", "new", "line", "reason"),
    [
        ("kind: crisis", "kind: crises", 4, "unknown kind 'crises'"),
        ("show: true", "show: perhaps", 5, "true or false"),
        ("confidence: high", "confidence: low", 5, "are not shown"),
        ("name: {en: A, zh: 甲}", "name: {en: A}", 6, "exactly the languages en, zh"),
        ("languages: [zh]", "languages: zh", 8, "a list of texts"),
        ('from: "08:00"', 'from: "8"', 10, "an opening is"),
        ("days: [mon]", "days: [someday]", 10, "an opening is"),
        ('to: "24:00"', 'to: "07:00"', 10, "ends after it starts"),
        ("  tz: Asia/Shanghai\n", "", 9, "hours is 24/7, varies"),
        ("tz: Asia/Shanghai", "tz: Asia/Nowhere", 11, "unknown time zone"),
        ("  source:", "  colour: red\n  source:", 12, "unknown key 'colour'"),
        ('  seen: "2026"\n', "", 2, "'seen' is missing"),
        ("hotlines:", "lines:", 1, "needs a list 'hotlines'"),
        (SMALL[10:], SMALL[10:] + SMALL[10:], 17, "repeated id 'a'"),
    ],
)
def test_mistakes_name_their_line(
    tmp_path: Path, old: str, new: str, line: int, reason: str
) -> None:
    assert old in SMALL
    file = tmp_path / "hotlines.yml"
    file.write_text(SMALL.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ContentError) as caught:
        Hotlines.load(file)
    assert reason in caught.value.reason
    assert caught.value.line == line
