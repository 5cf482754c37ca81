"""Traditional and simplified Chinese are told apart by their characters."""

import pytest

from tests.evaluation.data import DEVELOPMENT, read
from tests.evaluation.script import detect_script, script_of


@pytest.mark.parametrize(
    "text, script",
    [
        ("這個手術安全嗎", "hant"),
        ("这个手术安全吗", "hans"),
        ("precice 取釘要多久", "hant"),
        ("疼不疼", None),
        ("how tall", None),
        ("", None),
        ("😀 5cm \ud800", None),
        ("我听说過，这样说对吗", "hans"),  # one slip of the keyboard
    ],
)
def test_detection(text, script):
    assert detect_script(text) == script


@pytest.mark.parametrize(
    "item, script",
    [
        ({"language": "zh", "text": "疼不疼"}, "hans"),
        ({"language": "zh", "text": "疼不疼", "script": "hant"}, "hant"),
        ({"language": "zh", "text": "這樣好嗎"}, "hant"),
        ({"language": "en", "text": "what is 這樣"}, None),
    ],
)
def test_the_field_comes_first(item, script):
    assert script_of(item) == script


def test_an_unknown_script_is_refused():
    with pytest.raises(ValueError, match="traditional"):
        script_of({"language": "zh", "text": "好", "script": "traditional"})


def test_detection_agrees_with_the_field():
    items = [item for part in DEVELOPMENT for item in read(part) if item["language"] == "zh"]
    marked = [item for item in items if "script" in item]
    assert len(marked) >= 20
    assert all(detect_script(item["text"]) == item["script"] for item in marked)
    # In the parts written for it every traditional item says so.
    assert not [i["text"] for i in items if "script" not in i and script_of(i) == "hant"]
