"""Content files: a mistake is named with its file, line and reason."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from bot.content import ContentError, line_of, load_yaml


def write(tmp_path: Path, text: str | bytes) -> Path:
    file = tmp_path / "content.yml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


def test_loads_mappings_lists_and_plain_words(tmp_path: Path) -> None:
    loaded = load_yaml(write(tmp_path, "a: [1, no, 你好]\nb: {c: null}\n"))
    assert loaded == {"a": [1, "no", "你好"], "b": {"c": None}}


def test_an_empty_file_is_none(tmp_path: Path) -> None:
    assert load_yaml(write(tmp_path, "")) is None
    assert load_yaml(write(tmp_path, "# only a comment\n")) is None


def test_a_byte_order_mark_is_no_content(tmp_path: Path) -> None:
    assert load_yaml(write(tmp_path, b"\xef\xbb\xbfa: 1\n")) == {"a": 1}


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("a: 1\nb: [\n", 3, "not valid YAML"),
        ("a: 'open\n", 2, "not valid YAML"),
        ("a: b: c\n", 1, "not valid YAML"),
        ("a: 1\n b: 2\n", 2, "not valid YAML"),
        ("a: *missing\n", 1, "undefined alias"),
        ("a: 1\n---\nb: 2\n", 2, "another document"),
        ("a: 1\nb: 2\na: 3\n", 3, 'repeated key "a"'),
        ("a:\n  b: 1\n  b: 2\n", 3, 'repeated key "b"'),
        ("a:\n\tb: 1\n", 2, "tab character"),
        ("a: one\ttwo\n", 1, "tab character"),
        ("a: \x07\n", 1, "not valid YAML"),
        (b"a: 1\nb: \xff\n", 2, "not UTF-8"),
        ("a: 2025-13-45\n", 0, "not valid YAML"),
    ],
)
def test_mistakes(tmp_path: Path, text: str | bytes, line: int, reason: str) -> None:
    file = write(tmp_path, text)
    with pytest.raises(ContentError) as caught:
        load_yaml(file)
    assert (caught.value.file, caught.value.line) == (file, line)
    assert reason in caught.value.reason


def test_absurd_nesting_is_a_mistake_too(tmp_path: Path) -> None:
    with pytest.raises(ContentError, match="not valid YAML"):
        load_yaml(write(tmp_path, "a: " + "[" * 5000))


def test_a_missing_file_and_a_folder(tmp_path: Path) -> None:
    for path in (tmp_path / "none.yml", tmp_path):
        with pytest.raises(ContentError, match="cannot be read"):
            load_yaml(path)


def test_words_of_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert str(ContentError(tmp_path / "data" / "x.yml", 12, "wrong")) == "data/x.yml:12: wrong"
    assert str(ContentError("data/x.yml", 0, "wrong")) == "data/x.yml: wrong"
    assert str(ContentError("/elsewhere/x.yml", 3, "wrong")) == "/elsewhere/x.yml:3: wrong"


def test_an_error_survives_another_process() -> None:
    error = pickle.loads(pickle.dumps(ContentError("x.yml", 3, "wrong")))
    assert (error.file, error.line, error.reason) == (Path("x.yml"), 3, "wrong")


def test_line_of(tmp_path: Path) -> None:
    loaded = load_yaml(write(tmp_path, "# head\na:\n  b: 1\n  c:\n  - x\n  - {d: 2}\n"))
    assert line_of(loaded) == 2
    assert line_of(loaded, "a") == 2
    assert line_of(loaded["a"], "c") == 4
    assert line_of(loaded["a"]["c"], 1) == 6
    assert line_of(loaded["a"]["c"][1], "d") == 6


def test_line_of_falls_back(tmp_path: Path) -> None:
    loaded = load_yaml(write(tmp_path, "a:\n  b: 1\n"))
    assert line_of(loaded["a"], "missing") == 2
    assert line_of([1, 2], 5) == 0
    assert line_of("text") == line_of(None, "key") == line_of({"a": 1}, "a") == 0
