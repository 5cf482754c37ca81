import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.nlu.text import Neutralizer, detect_language, has_words, normalize, tokenize

neutral = Neutralizer(
    ["limb lengthening surgery", "limb lengthening", "LL", "断骨增高", "断骨增高手术"]
)


@pytest.mark.parametrize(
    "text, words",
    [
        ("Is it risky?", ["Is", "it", "risky", "?"]),
        ("断骨增高会感染吗", ["断骨", "增高", "会", "感染", "吗"]),
        ("LON 和 internal nail 哪个好", ["LON", "和", "internal", "nail", "哪个", "好"]),
        ("", []),
        ("  \n", []),
    ],
)
def test_tokens_of_both_scripts(text, words):
    assert [word for word, _ in tokenize(text)] == words


@given(st.text(max_size=200))
def test_every_token_stands_at_its_offset(text):
    last = -1
    for word, start in tokenize(text):
        assert word
        assert text[start : start + len(word)] == word
        assert start > last
        last = start


@pytest.mark.parametrize(
    "text, language",
    [
        ("how long until I can walk", "en"),
        ("what does 断骨增高 mean", "en"),
        ("多久能走路", "zh"),
        ("Precice nail 能用多久", "zh"),
        ("LON 和 internal nail 哪个好", "zh"),
        ("PRECICE STRYDE FITBONE 区别", "zh"),
        ("ok", None),
        ("5cm", None),
        ("OK 5 cm", None),
        ("👍", None),
        ("", None),
        ("LON?", None),
        ("thx", None),
        ("can i run again", "en"),
        ("長高手術痛嗎", "zh"),
    ],
)
def test_language(text, language):
    assert detect_language(text) == language


@given(st.text())
def test_language_of_anything(text):
    assert detect_language(text) in ("en", "zh", None)


@pytest.mark.parametrize(
    "text, expected",
    [
        ("Does limb lengthening surgery damage nerves?", "does the surgery damage nerves?"),
        ("is the limb lengthening surgery legal", "is the surgery legal"),
        ("断骨增高手术会死人吗", "手术会死人吗"),
        ("limb lengthening", "limb lengthening"),
        ("断骨增高", "断骨增高"),
        ("all my fault", "all my fault"),
        ("LL cost", "the surgery cost"),
    ],
)
def test_the_name_of_the_operation_is_neutralised(text, expected):
    assert neutral(text) == expected


@given(st.text())
def test_neutralising_keeps_words(text):
    assert has_words(neutral(text)) == has_words(normalize(text))


def test_normalize():
    assert normalize("  Sooooo   TALL！") == "sooo tall!"
