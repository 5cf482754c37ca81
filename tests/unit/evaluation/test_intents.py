"""Somebody else's data: what is read, what is refused and why, how it is scored."""

from pathlib import Path

import pytest

from bot.content import ContentError
from bot.paths import ROOT
from tests.evaluation.compare import score as score_system
from tests.evaluation.data import Example
from tests.evaluation.intents import (
    Labelled,
    check,
    is_out_of_scope,
    nlu_config,
    read_examples,
    score,
)
from tests.evaluation.metrics import Share
from tests.evaluation.systems import Answer, Trained, our_config, write_nlu

GOOD = """version: "3.1"
nlu:
- intent: transfer
  examples: |
    - send [50](amount) to [Ann]{"entity": "person"}
    - 转账给小王

- synonym: money
  examples: |
    - cash
- intent: faq/hours
  examples:
  - text: when do you open
  - text: opening hours
"""


def write(folder, text, name="train.yml"):
    file = folder / name
    file.write_text(text, "utf-8")
    return file


def made(text, intent, line=1):
    return Labelled(text, intent, Path("made.yml"), line)


def test_reading(tmp_path):
    found = read_examples(write(tmp_path, GOOD))
    assert [(e.text, e.intent, e.line) for e in found] == [
        ("send 50 to Ann", "transfer", 5),
        ("转账给小王", "transfer", 6),
        ("when do you open", "faq", 13),
        ("opening hours", "faq", 14),
    ]


def test_a_folder_is_all_its_files(tmp_path):
    write(tmp_path, GOOD, "a.yml")
    write(tmp_path, GOOD, "b.yaml")
    assert len(read_examples(tmp_path)) == 8


def entry(text):
    return f"nlu:\n- intent: a\n{text}"


@pytest.mark.parametrize(
    "text, line, reason",
    [
        ("", 1, "expected 'nlu:'"),
        ("intents: []", 1, "expected 'nlu:'"),
        ("nlu: {}", 1, "expected 'nlu:'"),
        ("nlu: []", 0, "no examples"),
        ("nlu:\n- hello", 2, "- intent"),
        ("nlu:\n- examples: |\n    - a", 2, "needs 'intent:'"),
        ("nlu:\n- intent: 7\n  examples: |\n    - a", 2, "needs 'intent:'"),
        ("nlu:\n- intent: a", 2, "needs 'examples:"),
        (entry("  examples: |\n    - one\n    two"), 5, "begins with '- '"),
        (entry("  examples: |\n    - one\n    -"), 5, "empty"),
        (entry("  examples: |\n    - one\n    - /go"), 5, "payload"),
        (entry("  examples: []"), 3, "no examples"),
        (entry("  examples:\n  - text: one\n  - intent: two"), 5, "- text"),
        (entry("  examples: |\n  - one"), 4, ""),
        ("nlu: [", 2, "not valid YAML"),
    ],
)
def test_a_bad_file_is_named_with_line_and_reason(tmp_path, text, line, reason):
    with pytest.raises(ContentError) as caught:
        read_examples(write(tmp_path, text))
    assert caught.value.file == tmp_path / "train.yml"
    assert caught.value.line == line
    assert reason in caught.value.reason


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ContentError, match=r"none\.yml"):
        read_examples(tmp_path / "none.yml")


def test_a_tested_intent_must_be_trained():
    training = [made("a", "x"), made("b", "y")]
    with pytest.raises(ContentError, match="'z' is tested"):
        check(training, [made("c", "oos"), made("d", "z", 9)])
    assert check(training * 2, [made("c", "oos"), made("d", "x")]) == []


def test_one_intent_cannot_be_told_from_another():
    with pytest.raises(ContentError, match="two intents"):
        check([made("a", "x"), made("b", "oos")], [])


def test_what_makes_figures_doubtful_is_said():
    training = [made("a", "x"), made("a", "y"), made("b", "y"), made("c", "x"), made("d", "z")]
    notes = " ".join(check(training, [made("a", "x"), made("new", "x")]))
    assert "1 training texts stand under two intents" in notes
    assert "1 of 2 test messages" in notes
    assert "1 intents have one example" in notes


@pytest.mark.parametrize("name", ["oos", "OOS", "out_of_scope", "out-of-scope"])
def test_names_of_no_intent(name):
    assert is_out_of_scope(name)
    assert not is_out_of_scope("scope")


def test_the_pipeline_is_ours_without_our_files():
    config, left = nlu_config()
    names = [part["name"].split(".")[-1] for part in config["pipeline"]]
    assert names[0] == "MultilingualTokenizer"
    assert {"SentenceVectorFeaturizer", "LinearIntentClassifier"} < set(names)
    assert names[-1] == "CalibratedFallback"
    assert config["pipeline"][-1]["threshold"] > 0
    assert left == ["NameExtractor", "LeaningDetector", "RiskAssessor"]
    assert "importers" not in config
    featurizer = config["pipeline"][names.index("SentenceVectorFeaturizer")]
    assert featurizer["neutralize"] is False


def test_scoring():
    names = {"label_0": "pay", "label_1": "oos", "label_2": "stop"}
    test = [
        made("how do I pay the bill", "pay"),
        made("请问怎么付钱", "pay"),
        made("please stop it right now", "stop"),
        made("what is the moon made of", "oos"),
        made("who won the match today", "oos"),
        made("sing me a long song", "oos"),
    ]
    answers = [
        Answer("label_0", "label_0", 0.9, 0.001),
        Answer("nlu_fallback", "label_0", 0.1, 0.002),
        Answer("label_0", "label_0", 0.9, 0.003),
        Answer("label_1", "label_1", 0.9, 0.003),
        Answer("nlu_fallback", "label_2", 0.1, 0.003),
        Answer("label_2", "label_2", 0.9, 0.009),
    ]
    found = score(test, answers, names)
    assert found.accuracy == Share(1, 3)
    assert found.top == Share(2, 3)
    assert found.by_language == {"en": Share(1, 2), "zh": Share(0, 1)}
    assert found.out_of_scope.recall == Share(2, 3)
    assert found.out_of_scope.precision == Share(2, 3)
    assert found.milliseconds == pytest.approx(3.0)


def test_scoring_of_systems():
    trained = Trained(Path("model"), 1.0, 2.0)
    items = [
        {"text": "a", "language": "en", "topic": "cost.overview"},
        {"text": "b", "language": "zh", "topic": "law.china", "also": ["law.other"]},
        {"text": "c", "language": "zh", "expect": "out_of_scope"},
    ]
    answers = [
        Answer("nlu_fallback", "ask_cost_overview", 0.1, 0.01),
        Answer("ask_law_other", "ask_law_other", 0.9, 0.02),
        Answer("out_of_scope", "out_of_scope", 0.9, 0.03),
    ]
    row = score_system(trained, items, answers, 2)
    assert row.accuracy == {"en": Share(0, 1), "zh": Share(1, 1)}
    assert row.out_of_scope.recall == Share(1, 1)
    assert row.out_of_scope.precision == Share(1, 2)
    assert row.milliseconds == pytest.approx(20.0)


def test_what_is_written_is_what_is_read(tmp_path):
    texts = ["plain", "no", "- dash", "a: b", "“引号”", "# not a comment", "12", "tab\there"]
    write_nlu(tmp_path / "nlu.yml", [Example(text, "a", "en") for text in texts])
    assert [e.text for e in read_examples(tmp_path / "nlu.yml")] == texts


def test_both_systems_are_fed_by_the_same_importer(tmp_path):
    assert "importers" in (ROOT / "config.yml").read_text("utf-8")
    assert "importers" not in our_config(tmp_path)[0].read_text("utf-8")
