"""Several questions in one message."""

import functools
import re

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.nlu.questions import asked, asks, cuts, pieces, split
from bot.nlu.text import normalize, simplified
from bot.paths import DATA

# What a classifier would understand, by words: pattern -> topic.
TOPICS = {
    r"cost|how much|多少|贵不贵|费用": "cost",
    r"hurt|pain|疼|痛": "pain",
    r"risk|风险": "risk",
    r"scar|疤": "scar",
    r"walk|走路": "walk",
    r"how long does it take": "duration",
    r"nail|frame|内钉|外架": "technique",
    r"needles": "nerve",
    r"\bpins\b": "infection",
}
_WHOLE = re.compile(r"\w.*\w.*\?$")
TOLD = {
    "en": [
        "i am 24 and i live in leeds.",
        "my mum thinks i am mad.",
        "last night i saw a video of it.",
        "i've been saving for years.",
        "people at school laughed at me.",
        "the nurse was very kind.",
    ],
    "zh": [
        "我今年二十四岁。",
        "昨天看到一个视频。",
        "家里人都不同意。",
        "从小被同学笑话。",
        "攒了好几年的工资。",
        "心里一直放不下这件事。",
    ],
}


def understand(texts):
    """Read each text by its words: sure of one subject, unsure where it holds more."""
    found = []
    for text in map(simplified, texts):
        topics = [topic for pattern, topic in TOPICS.items() if re.search(pattern, text)]
        found.append((topics[0] if topics else None, 0.95 if len(topics) == 1 else 0.55))
    return found


def topics_of(text):
    return [name for name, _ in asked(normalize(text), understand)]


@functools.cache
def known(language):
    """Single questions of the training data: they end in a question mark and are of one piece."""
    texts = []
    for file in sorted((DATA / "nlu").glob(f"*.{language}.yml")):
        for entry in yaml.safe_load(file.read_text("utf-8"))["nlu"]:
            if entry["intent"].startswith("ask_"):
                lines = (normalize(line[2:]) for line in entry["examples"].splitlines())
                texts += [t for t in lines if _WHOLE.search(t) and pieces(t) == [t]]
    return sorted(set(texts))


# Reading the examples takes a second or two, once.
slow = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def some_known(draw, least=1, most=6):
    """Different single questions in one language."""
    language = draw(st.sampled_from(("en", "zh")))
    places = st.integers(0, len(known(language)) - 1)
    chosen = draw(st.lists(places, min_size=least, max_size=most, unique=True))
    return language, [known(language)[place] for place in chosen]


@pytest.mark.parametrize(
    "text, parts",
    [
        (
            "how much is it and how long before i walk?",
            ["how much is it", "how long before i walk?"],
        ),
        ("can it get infected? what does it cost?", ["can it get infected?", "what does it cost?"]),
        ("会感染吗？要花多少钱", ["会感染吗？", "要花多少钱"]),
        ("多久能走路，还有疼不疼啊，要多少钱", ["多久能走路", "疼不疼啊", "要多少钱"]),
        ("風險多大還有多少錢？", ["風險多大", "多少錢？"]),
        ("好了没有，另外有后遗症没有", ["好了没有", "有后遗症没有"]),
        ("cost, risks, scars", ["cost", "risks", "scars"]),
        ("is it safe? what is it? does it hurt? who pays?", 4),
        ("i am 20, i work in a bank, my mum is old, is it safe, what is it", 2),
        ("how painful is it", []),
        ("nails and frames", []),
        ("i know what it takes and what it costs. is it worth it?", []),
        ("will it hurt, or is it bearable?", []),
        ("手术还有没有后遗症", []),
        ("我还有两个孩子，多久能走路", []),
        ("骨折后，多久能走路", []),
        ("动不动就疼，时不时发麻，怎么办", []),
    ],
)
def test_split(text, parts):
    found = split(text)
    assert len(found) == parts if isinstance(parts, int) else found == parts


@pytest.mark.parametrize(
    "text",
    [
        "疼不疼",
        "能不能做",
        "严不严重",
        "有没有风险",
        "会不会痛",
        "好了没有",
        "痛不痛",
        "有效果沒有",
    ],
)
def test_a_not_a_asks(text):
    assert asks(text)
    assert split(f"{text}，{text}") == [text, text]


@pytest.mark.parametrize(
    "text, topics",
    [
        ("How much does it cost? Does it hurt? Will there be scars? When can I walk?", 4),
        ("I'm 24. I live in Leeds. My mum is against it. What does it cost? Does it hurt?", 2),
        ("多久能走路要花多少钱", ["walk", "cost"]),
        ("疼吗和要多少钱", ["pain", "cost"]),
        ("疼吗多少钱会留疤吗", ["pain", "cost", "scar"]),
        ("贵不贵疼不疼", ["cost", "pain"]),
        ("風險多大還有多少錢？", ["risk", "cost"]),
        ("費用和風險", ["cost", "risk"]),
        ("风险、费用、疤痕", ["risk", "cost", "scar"]),
        ("How long does it take and the cost", ["duration", "cost"]),
        ("risks and cost?", ["risk", "cost"]),
        ("scars & pain & cost?", ["scar", "pain", "cost"]),
        ("how much does it cost does it hurt", ["cost", "pain"]),
        ("does it hurt, what is the moon, what does it cost", ["pain", "cost"]),
        ("does it hurt? is it very painful?", []),
        ("does it hurt, what is the moon", []),
        ("pins and needles", []),
        ("cost and benefit", []),
        ("nail or frame", []),
        ("what is better, the nail or the frame and its cost", []),
        ("nails and the moon", []),
        ("内钉和外架哪个好", []),
        ("我和女朋友都在看费用", []),
        ("", []),
    ],
)
def test_asked(text, topics):
    found = topics_of(text)
    assert len(found) == topics if isinstance(topics, int) else found == topics


def test_in_a_story_only_clear_questions_count():
    def unsure(texts):
        return [(name, min(p, 0.8)) for name, p in understand(texts)]

    questions = "What does it cost? Does it hurt?"
    assert len(asked(normalize(questions), unsure)) == 2
    assert asked(normalize(f"My mum is against it. {questions}"), unsure) == []


def test_what_is_known_as_a_third_topic_stays_whole():
    readings = {"red and blue?": "third", "red": "one", "blue?": "two"}
    assert asked("red and blue?", lambda texts: [(readings[t], 0.95) for t in texts]) == []
    readings["red and blue?"] = "one"
    assert len(asked("red and blue?", lambda texts: [(readings[t], 0.95) for t in texts])) == 2


@slow
@given(some_known(least=2))
def test_joined_questions_come_apart_in_order(chosen):
    language, questions = chosen
    assert split((" " if language == "en" else "").join(questions)) == questions


@slow
@given(some_known(least=2))
def test_connectives_join_questions_too(chosen):
    language, questions = chosen
    joint = " also " if language == "en" else "还有"
    parts = split(joint.join(questions))
    assert len(parts) == len(questions)
    assert all(question in part for part, question in zip(parts, questions))


@slow
@given(some_known(most=1), st.data())
def test_a_question_in_a_story_stays_one(chosen, data):
    language, (question,) = chosen
    told = data.draw(st.lists(st.sampled_from(TOLD[language]), min_size=1, max_size=8))
    place = data.draw(st.integers(0, len(told)))
    text = (" " if language == "en" else "").join([*told[:place], question, *told[place:]])
    assert split(text) == []


@given(st.text())
def test_any_text_can_be_split(text):
    parts = split(text.lower())
    assert len(parts) != 1
    assert all(part in text.lower() for part in parts)


@given(st.text("ab 疼不多少钱吗和还有?,，、and", max_size=80))
def test_what_is_found_is_in_order_and_different(text):
    found = [name for name, _ in asked(text, understand)]
    assert len(found) != 1
    assert len(found) == len(set(found))
    assert all(left in text and right in text for left, right in cuts(text))


@pytest.mark.parametrize(
    "text, plain",
    [
        ("風險多大還有多少錢？Risk", "风险多大还有多少钱？Risk"),
        ("頭髮會不會發炎", "头发会不会发炎"),
        ("手術は痛いですか、髪", "手術は痛いですか、髪"),
        ("does it hurt", "does it hurt"),
    ],
)
def test_traditional_characters_become_simplified(text, plain):
    assert simplified(text) == plain
