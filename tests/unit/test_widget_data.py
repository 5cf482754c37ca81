"""Words and lines that the website chat carries with it."""

import json

import pytest

from bot import widget
from bot.content import ContentError
from bot.safety.runtime import load_hotlines

GOOD = """\
starters:
- {en: "What are the risks?", zh: "有哪些风险？"}
words:
  title: {en: "Upright", zh: "挺好"}
  sources: {en: "Sources ({count})", zh: "出处（{count}）"}
"""


def write(tmp_path, text):
    file = tmp_path / "words.yml"
    file.write_text(text, "utf-8")
    return file


def test_a_word_comes_in_the_order_of_the_languages(tmp_path):
    data = widget.widget_data(words=write(tmp_path, GOOD))
    assert data["languages"] == ["en", "zh"]
    assert data["words"]["title"] == ("Upright", "挺好")
    assert data["starters"] == [("What are the risks?", "有哪些风险？")]


@pytest.mark.parametrize(
    "old, new, line, reason",
    [
        ('title: {en: "Upright", zh: "挺好"}', 'title: {en: "Upright"}', 4, "needs exactly"),
        ('zh: "挺好"', 'zh: " "', 4, "is empty"),
        ("出处（{count}）", "出处", 5, "{placeholders} of 'sources' differ: count / none"),
        ("出处（{count}）", "出处（{number}）", 5, "differ: count / number"),
        ("{count}", "{how many}", 5, "no plain name"),
        ("  title:", "  Title:", 4, "no id"),
        ("  sources:", "  title:", 5, "repeated key"),
        ("starters:", "openers:", 1, "unknown key 'openers'"),
        ('zh: "有哪些风险？"', 'de: "Risiken?"', 2, "needs exactly"),
    ],
)
def test_a_mistake_is_told_with_file_line_and_reason(tmp_path, old, new, line, reason):
    file = write(tmp_path, GOOD.replace(old, new))
    with pytest.raises(ContentError) as caught:
        widget.widget_data(words=file)
    assert (caught.value.file, caught.value.line) == (file, line)
    assert reason in caught.value.reason


def test_lines_have_the_emergency_number_first_and_only_what_is_shown():
    data = widget.widget_data()
    hotlines = load_hotlines()
    for code, lines in data["lines"].items():
        emergency = hotlines.emergency(code, "en")
        if emergency:
            assert lines[0][1][0] == emergency
    shown = {line.contact["en"] for line in hotlines.all if line.show}
    assert {line[1][0] for lines in data["lines"].values() for line in lines} <= shown
    own = {line.country for line in hotlines.all if line.show} - {"EU", "XX"}
    assert own <= data["lines"].keys()


def test_numbers_to_tap_come_from_the_line():
    lines = widget.widget_data()["lines"]
    assert ["120", "110"] in [line[2] for line in lines["CN"] if len(line) > 2]
    assert ["988"] in [line[2] for line in lines["US"] if len(line) > 2]


def test_lines_with_limited_hours_are_bundled_only_where_there_is_no_other():
    """The panel is shown at any hour and knows no clock."""
    shown = widget.widget_data()["lines"]
    hotlines = load_hotlines()
    named = {tuple(line[1]) for lines in shown.values() for line in lines}
    for line in hotlines.all:
        contact = tuple(line.contact[language] for language in ("en", "zh"))
        if not line.show or line.kind != "crisis":
            continue
        others = [one for one in hotlines.all if one.country == line.country and one.show]
        always = any(one.kind == "crisis" and one.always_open for one in others)
        if not line.always_open and line.hours != "varies":
            assert (contact in named) is not always, line.id
    for contacts in (hotlines.get("cn_beijing_8858").contact, hotlines.get("nz_lifeline").contact):
        assert tuple(contacts[language] for language in ("en", "zh")) not in named
    china = [line[1][0] for line in shown["CN"]]
    assert "24 hours" in china[1]  # after the emergency number
    assert any("12356" in contact for contact in china)
    assert "8:00 to midnight" in shown["MY"][1][1][0]


def test_only_what_browsers_name_at_length_has_a_name_of_ours():
    assert widget.widget_data()["countries"] == {"HK": ("Hong Kong", "香港")}


def test_the_command_writes_the_file_or_says_what_is_wrong(tmp_path, monkeypatch, capsys):
    target = tmp_path / "generated" / "data.json"
    assert widget.main([str(target)]) == 0
    assert json.loads(target.read_text("utf-8"))["words"]["title"] == ["Upright", "挺好"]
    monkeypatch.setattr(widget, "widget_data", _broken)
    assert widget.main([str(target)]) == 1
    assert "words.yml:3: why" in capsys.readouterr().err


def _broken():
    raise ContentError("words.yml", 3, "why")
