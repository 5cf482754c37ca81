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


def test_numbers_to_tap_come_from_the_line(tmp_path):
    text = widget.HOTLINES.read_text("utf-8")
    reader = widget._dials(write(tmp_path, text.replace("- id: us_988\n", _with('["988"]'), 1)))
    assert reader["us_988"] == ["988"]
    with pytest.raises(ContentError, match="dial is a list of numbers"):
        widget._dials(write(tmp_path, text.replace("- id: us_988\n", _with('["HOME"]'), 1)))


def _with(dial):
    return f"- id: us_988\n  dial: {dial}\n"


def test_names_of_countries_have_no_article():
    names = widget.widget_data()["countries"]
    assert names["US"][0] == "United States"
    assert names["CN"] == ("China", "中国")


def test_the_command_writes_the_file_or_says_what_is_wrong(tmp_path, monkeypatch, capsys):
    target = tmp_path / "generated" / "data.json"
    assert widget.main([str(target)]) == 0
    assert json.loads(target.read_text("utf-8"))["words"]["title"] == ["Upright", "挺好"]
    monkeypatch.setattr(widget, "widget_data", _broken)
    assert widget.main([str(target)]) == 1
    assert "words.yml:3: why" in capsys.readouterr().err


def _broken():
    raise ContentError("words.yml", 3, "why")
