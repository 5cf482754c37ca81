"""Repeated training examples are found with file, line and reason."""

import textwrap

import numpy as np
import pytest

from bot.duplicates import (
    check_duplicates,
    check_evaluation,
    check_sealed,
    distinct,
    jaccard,
    near_pairs,
    read_all,
    read_development,
    read_sealed,
    report,
    same,
)

NLU = """
version: "3.1"
nlu:
- intent: ask_one
  examples: |
    - Will my leg go numb after the operation?
    - 会不会伤到神经啊
- intent: ask_two
  examples: |
    - How long does it take?
"""


def _folder(tmp_path, nlu="", safety=""):
    (tmp_path / "nlu").mkdir()
    (tmp_path / "safety").mkdir()
    (tmp_path / "nlu" / "a.en.yml").write_text(NLU + textwrap.dedent(nlu), "utf-8")
    (tmp_path / "safety" / "examples.en.yml").write_text(textwrap.dedent(safety), "utf-8")
    return tmp_path


def test_examples_know_their_line(tmp_path):
    folder = _folder(tmp_path, safety='none:\n  kind:\n    - "hello there"\n')
    found = read_all(folder)
    for example in found:
        assert example.text in example.file.read_text("utf-8").splitlines()[example.line - 1]
    assert [example.group for example in found][-1] == "safety.none"
    assert [example.language for example in found] == ["en", "zh", "en", "en"]


@pytest.mark.parametrize(
    "text, how",
    [
        ("will my leg go NUMB after the operation", "the same as"),
        ("Will my leg go numb – after the operation ??", "the same as"),
        ("会不会,伤到 神经啊！", "the same as"),
        ("Will my leg go numb after the operations?", "nearly the same"),
    ],
)
def test_a_seeded_repetition_is_found(tmp_path, text, how):
    folder = _folder(tmp_path, f"- intent: ask_three\n  examples: |\n    - {text}\n")
    (mistake,) = check_duplicates(read_all(folder))
    assert how in mistake.reason
    assert "ask_three" in mistake.reason  # under two intents: says which
    assert mistake.line == 13
    assert mistake.file.name == "a.en.yml"


def test_an_example_of_safety_counts_too(tmp_path):
    folder = _folder(tmp_path, safety='none:\n  kind:\n    - "how long does it take"\n')
    (mistake,) = check_duplicates(read_all(folder))
    assert mistake.file.name == "examples.en.yml"
    assert mistake.line == 3


def test_different_questions_are_left_alone(tmp_path):
    folder = _folder(tmp_path, "- intent: ask_three\n  examples: |\n    - Will it hurt?\n")
    assert check_duplicates(read_all(folder)) == []


def test_no_near_pair_is_missed():
    words = ["abcdefgh", "abcdefgx", "abcdefghi", "qrstuvw", "断骨增高疼不疼", "断骨增高疼不"]
    for threshold in (0.5, 0.7, 0.9):
        found = {(min(i, j), max(i, j)) for _, i, j in near_pairs(words, threshold)}
        wanted = {
            (i, j)
            for i in range(len(words))
            for j in range(i + 1, len(words))
            if jaccard(words[i], words[j]) >= threshold
        }
        assert found == wanted


def test_an_evaluation_message_is_no_training_example(tmp_path):
    folder = _folder(tmp_path)
    (mistake,) = check_evaluation(read_all(folder), ["How long does it TAKE", "ok"])
    assert mistake.line == 10
    assert "tests/evaluation" in mistake.reason


def test_short_words_may_be_in_both(tmp_path):
    folder = _folder(tmp_path, "- intent: greet\n  examples: |\n    - hiya\n")
    assert check_evaluation(read_all(folder), ["Hiya!"]) == []


def test_sealed_messages_are_not_read(tmp_path):
    (tmp_path / "development.en.yml").write_text('- {text: "open one"}\n')
    (tmp_path / "sealed.en.yml").write_text('- {text: "closed one"}\n')
    (tmp_path / "harm.en.yml").write_text(
        '- {text: "open two", part: development}\n- {text: "closed two", part: sealed}\n'
    )
    (tmp_path / "talks.yml").write_text(
        '- {id: a, part: development, turns: [{say: "open three"}]}\n'
    )
    assert sorted(read_development(tmp_path)) == ["open one", "open three", "open two"]


def test_of_sealed_messages_only_the_number_is_told(tmp_path):
    evaluation, data = tmp_path / "evaluation", tmp_path / "data"
    evaluation.mkdir()
    data.mkdir()
    (evaluation / "sealed2.en.yml").write_text(
        '- {text: "HOW long does it take??"}\n- {text: "closed, nowhere else"}\n- {text: "ok"}\n'
    )
    (evaluation / "harm.zh.yml").write_text(
        '- {text: "会不会伤到神经啊", part: sealed}\n- {text: "open, open", part: development}\n'
    )
    (evaluation / "development.en.yml").write_text('- {text: "How long does it take"}\n')
    (evaluation / "sealed.zh.yml").write_text('- {id: a, turns: [{say: "谁也没训练过这一句"}]}\n')
    examples = read_all(_folder(data, "- intent: greet\n  examples: |\n    - ok\n"))
    found = check_sealed(examples, read_sealed(evaluation))
    assert [(m.file.name, m.line) for m in found] == [("harm.zh.yml", 0), ("sealed2.en.yml", 0)]
    for mistake in found:
        assert "also training examples: 1;" in str(mistake)
        assert "how long" not in str(mistake).lower()
        assert "神经" not in str(mistake)
    assert all(isinstance(each, bytes) for _, hashes in read_sealed(evaluation) for each in hashes)


def test_no_training_example_is_an_evaluation_message():
    examples = read_all()
    assert len(examples) > 20000
    messages = list(read_development())
    assert len(messages) > 500
    assert check_evaluation(examples, messages) == []


def test_figures_of_diversity(tmp_path, monkeypatch):
    monkeypatch.setattr("bot.nlu.encoder.encode", lambda texts: np.ones((len(texts), 1)))
    assert distinct(["a b c", "a b c"]) == pytest.approx(0.5)
    assert distinct(["one two", "three four"]) == 1.0
    assert distinct([]) == 0.0
    text = report(read_all(_folder(tmp_path)))
    assert "| ask_one | en | 1 | 8.0 | 1.00 |" in text
    assert "## Alike across groups: cosine 0.88 or more (2 pairs)" in text


def test_width_case_and_punctuation_do_not_matter():
    assert same("ＬＯＮ 和 nail，哪个好？") == same("lon和NAIL哪个好")
