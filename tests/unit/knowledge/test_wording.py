"""Words that are not said are found with file, line and reason."""

import pytest

from bot.check import check_wording
from bot.content import load_yaml
from bot.paths import DATA


@pytest.mark.parametrize(
    "text, reason",
    [
        ("This is no therapy for you", "signposting"),
        ("It is safe", "nothing here is called safe"),
        ("Hurry up!", "exclamation"),
        ("您好", "官话"),
        ("绝对安全", "不说安全"),
    ],
)
def test_a_seeded_word_is_found(tmp_path, text, reason):
    file = tmp_path / "topic.yml"
    file.write_text(f'names: [therapist]\nanswer:\n  - en: "{text}"\n')
    (mistake,) = check_wording([file])
    assert reason in str(mistake)
    assert mistake.line == 3


def test_ordinary_words_are_left_alone(tmp_path):
    file = tmp_path / "topic.yml"
    file.write_text('answer:\n  - en: "Physiotherapy is safer said with numbers"\n')
    assert check_wording([file]) == []


def test_every_rule_has_words_and_a_reason():
    rules = load_yaml(DATA / "knowledge" / "wording.yml")
    assert set(rules) == {"en", "zh"}
    assert all(rule["words"] and rule["reason"] for each in rules.values() for rule in each)
