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
        ("Some therapies work", "signposting"),
        ("This is therapeutic", "signposting"),
        ("We can diagnose it", "no diagnosis"),
        ("I promise it works", "no promises"),
        ("A promising method, guaranteed", "no promises"),
        ("我保证能长高", "不承诺"),
        ("这就能诊断", "不做诊断"),
        ("我们做心理治疗", "不做治疗"),
        # Beside a phrase that is allowed.
        ("A doctor diagnoses, and I diagnose too", "no diagnosis"),
        ("没人能保证，可我保证", "不承诺"),
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


@pytest.mark.parametrize(
    "text",
    [
        "A doctor diagnoses that, not a chat",
        "No one can promise how it ends",
        "It may help to see a therapist",
        "It is a compromise",
        "诊断要由医生做",
        "没人能保证结果",
        "可以去做心理治疗",
    ],
)
def test_a_phrase_in_which_the_word_is_right(tmp_path, text):
    file = tmp_path / "topic.yml"
    file.write_text(f'answer:\n  - en: "{text}"\n', "utf-8")
    assert check_wording([file]) == []


def test_every_rule_has_words_and_a_reason():
    rules = load_yaml(DATA / "knowledge" / "wording.yml")
    assert set(rules) == {"en", "zh"}
    for rule in (rule for each in rules.values() for rule in each):
        assert rule["reason"]
        assert rule.get("words") or rule.get("stems")
        assert set(rule) <= {"words", "stems", "allow", "reason"}
    assert not any("stems" in rule for rule in rules["zh"])  # Chinese words have no ends to add
