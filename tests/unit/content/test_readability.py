"""Texts that are too hard are found with file, line, reason and measured value."""

import pytest

from actions.knowledge import load_knowledge
from actions.knowledge.base import read_knowledge
from bot import readability
from bot.readability import (
    Bubble,
    CommonWords,
    Names,
    bubbles_of,
    check_readability,
    clause_length,
    difficulty,
    explained,
    grade,
    load_common_words,
)

PLAIN = (
    "The bone is cut. Then it is pulled apart slowly, a little each day. New bone fills the gap."
)
HARD = (
    "Subsequent neurological complications necessitate immediate discontinuation of the "
    "distraction, multidisciplinary consultation and potentially operative decompression."
)


@pytest.fixture(scope="module")
def knowledge():
    return load_knowledge()


@pytest.fixture(scope="module")
def common():
    return load_common_words()


def test_grade_of_plain_and_hard_english():
    assert grade(PLAIN) < 4
    assert grade(HARD) > 18
    assert grade("") == 0


def test_grade_is_the_published_formula():
    # 6 words in 1 sentence, 7 syllables: 0.39 * 6 + 11.8 * 7 / 6 - 15.59
    assert grade("The doctor cut the bone twice.") == pytest.approx(0.517, abs=0.01)


def test_figures_and_colons_do_not_make_a_text_hard():
    assert grade("Of 131 people, 4.6 % had it.") == grade("Of ten people, ten had it.")
    assert grade("Ask for this: the price, the name.") < grade("Ask for this, the price, the name.")


def test_difficulty_names_the_hard_words(common):
    easy, none = difficulty("先在骨头里放一根钉。再慢慢拉开，每天一点。", common)
    hard, found = difficulty("采用髂骨骨松质自体移植以促进骨不连处成骨矿化", common)
    assert none == []
    assert {"髂骨", "矿化"} & set(found)
    assert hard > 2 * easy


@pytest.mark.parametrize("word", ["膝盖", "发烧", "付钱", "第三步", "复查"])
def test_words_that_readers_use_are_common(common, word):
    assert word in common


@pytest.mark.parametrize("word", ["痉挛", "谵妄", "赘生物"])
def test_rare_words_are_not_common(common, word):
    assert word not in common


def test_jargon_counts_although_its_characters_are_common(common):
    listed = CommonWords([], ["手术后"])
    text = "手术后要休息，手术后要复查。"
    assert "手术后" not in difficulty(text, common)[1]
    assert difficulty(text, listed)[1].count("手术后") == 2
    assert difficulty(text, listed)[0] > difficulty(text, CommonWords([]))[0]


def test_words_become_common_by_being_used():
    assert "痉挛" not in CommonWords(["痉挛"])
    assert "痉挛" in CommonWords(["痉挛怎么办", "会痉挛吗", "我痉挛了"])


def test_clauses_are_cut_at_every_mark():
    assert clause_length("先停下，再打电话。") == pytest.approx(3.5)
    assert clause_length("2024年12月") == 4  # a figure counts as one
    assert clause_length("") == 0


def test_names_and_explained_terms_do_not_count(knowledge):
    topic = knowledge.topics["complication.nerve_injury"]
    assert "foot drop" in explained(topic, "en")
    assert "足下垂" in explained(topic, "zh")
    text = "In Türkiye a motorised nail caused foot drop (a foot that hangs)."
    bubble = Bubble(readability.LIMITS, 1, "answer", "en", text, topic)
    left = Names(knowledge)(bubble)
    assert "motorised" not in left
    assert "drop" not in left
    assert "hangs" not in left


@pytest.mark.parametrize(
    "old, new, wanted",
    [
        ("One in ten had one.", HARD, "school grade"),
        ("十个人里有一个。", "术后骨不连者宜取髂骨骨松质行自体移植以促骨痂矿化成熟", "中文难度"),
        ("十个人里有一个。", "一家很大的医院在自己的网页上写过的那十个人里面的一个", "分句"),
    ],
)
def test_a_seeded_hard_text_is_found(tmp_path, monkeypatch, old, new, wanted):
    topic = (
        'id: complication.infection\nreviewed: unreviewed\ntitle: {en: "Infection", zh: "感染"}\n'
        'question: {en: "Can it happen?", zh: "会感染吗？"}\nanswer:\n'
        '  - en: "One in ten had one."\n    zh: "十个人里有一个。"\n    kind: guidance\n'
    )
    file = tmp_path / "topics" / "complication" / "infection.yml"
    file.parent.mkdir(parents=True)
    file.write_text(topic.replace(old, new), "utf-8")
    for name in ("sources", "names", "countries"):
        (tmp_path / f"{name}.yml").write_text("", "utf-8")
    domain = tmp_path / "domain.yml"
    domain.write_text("responses: {}\n", "utf-8")
    monkeypatch.setattr(readability, "topic_file", lambda _: file)
    monkeypatch.setattr(readability, "bubbles_of", lambda known: bubbles_of(known, domain))
    mistakes = check_readability(read_knowledge(tmp_path, []))
    assert [(m.file, m.line) for m in mistakes if wanted in m.reason] == [(file, 6)]
    assert any(character.isdigit() for character in mistakes[0].reason)


def test_every_text_of_this_release_is_measured_at_its_line(knowledge):
    bubbles = list(bubbles_of(knowledge))
    assert {bubble.language for bubble in bubbles} == {"en", "zh"}
    assert sum(bubble.file.name == "domain.yml" for bubble in bubbles) > 100
    for bubble in bubbles[:200]:
        lines = bubble.file.read_text("utf-8").splitlines()
        assert bubble.text[:8] in "".join(lines[bubble.line - 1 : bubble.line + 1])
