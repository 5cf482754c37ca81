"""Invented topics for `make bench`: how the project behaves with many more than it has.

Each topic is about a noun that exists nowhere, in both languages, so that its examples are
learnable; the sentences around it come from templates shared by all topics. Everything follows
from the seed.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from actions.knowledge.schema import LANGUAGES, Language
from bot.check import MIN_EXAMPLES

_SEED = 20261122
_ONSETS = ("b", "br", "d", "dr", "f", "g", "gl", "k", "l", "m", "n", "p", "pl", "r", "t", "v", "z")
_VOWELS = ("a", "e", "i", "o", "u", "ai", "or")
_ENDS = ("l", "m", "n", "r", "x", "th", "sk")
_SYLLABLES = "维尔玛洛卡尼托菲拉索贝诺格林塔克莱顿普里夫索罗纳伦希米奥瓦泽布达科鲁佩斯特兰丁温"
# What a noun is called in each area, English and Chinese.
_KINDS: dict[str, tuple[tuple[str, str], ...]] = {
    "procedure": (("rod", "杆"), ("frame", "支架"), ("cut", "切口")),
    "complication": (("syndrome", "综合征"), ("swelling", "肿块"), ("stiffness", "僵硬")),
    "recovery": (("phase", "阶段"), ("exercise", "练习"), ("brace", "护具")),
    "cost": (("fee", "费"), ("package", "套餐"), ("refund", "退款")),
    "law": (("act", "条例"), ("permit", "许可证"), ("rule", "规定")),
    "eligibility": (("test", "测试"), ("score", "评分"), ("criterion", "标准")),
    "referral": (("clinic", "门诊"), ("office", "办公室"), ("helpdesk", "咨询台")),
    "growth": (("curve", "曲线"), ("factor", "因子"), ("tablet", "药片")),
    "wellbeing": (("method", "方法"), ("habit", "习惯"), ("circle", "小组")),
}
_QUOTED = frozenset({"wellbeing.grounding"})  # the words of a crisis name its steps
_OTHER_KIND = ("matter", "事项")  # in an area whose topics are special: about, emergency

# {x}: the noun with or without its kind.
_ASKED: dict[Language, tuple[str, ...]] = {
    "en": (
        "{x}?",
        "what is {x}",
        "tell me about {x}",
        "how does {x} work",
        "is {x} a bad sign",
        "should I worry about {x}",
        "my cousin had {x}, is that normal",
        "please explain {x} to me",
        "I read about {x} on a forum last night",
        "does everybody get {x}",
        "have you heard of {x}?",
        "what do doctors say about {x}",
        "why does {x} matter so much",
        "I never understood {x}",
        "someone mentioned {x} yesterday, what did they mean",
        "anything written on {x}",
        "{x} for somebody who knows nothing, please",
        "the nurse wrote {x} on my sheet",
        "what should I know about {x} before I decide",
        "how common is {x}",
        "my mother keeps asking about {x} and I have no answer",
        "looking for facts on {x}",
        "so what is the story with {x}",
        "the man in the next bed talks of {x} all day and I just nod",
    ),
    "zh": (
        "{x}？",
        "{x}是什么",
        "讲讲{x}",
        "{x}是怎么回事",
        "{x}是不是不好的信号",
        "我该不该担心{x}",
        "我表哥碰到过{x}，正常吗",
        "麻烦解释一下{x}",
        "昨晚在论坛上看到{x}",
        "是不是人人都会有{x}",
        "你听说过{x}吗？",
        "医生怎么看{x}",
        "为什么大家老提{x}",
        "{x}我一直没弄明白",
        "昨天有人说到{x}，是什么意思",
        "有没有关于{x}的资料",
        "我什么都不懂，{x}从头说说吧",
        "护士在我单子上写了{x}",
        "决定之前，{x}要了解些什么",
        "{x}常见吗",
        "我妈总问我{x}，我答不上来",
        "想找点{x}的数据",
        "所以{x}到底啥情况",
        "隔壁床的大哥整天聊{x}，我只能点头",
    ),
}
# What is said: {x}, a number {n} and a small one {k}. Pairs of English and Chinese.
_SAID: dict[str, tuple[tuple[str, str], ...]] = {
    "answer": (
        (
            "The {x} was seen in {n} of 1,000 people in one series, over {k} years.",
            "有一组资料里，1000人中有{n}人用到{x}，前后{k}年。",
        ),
        (
            "What the {x} means for one person depends on the leg, the method and the length.",
            "{x}对一个人意味着什么，要看腿的情况、做法和长度。",
        ),
    ),
    "frequency": (
        (
            "One centre counted the {x} in {n} of 1,000 operations; others counted differently.",
            "一家中心记录的{x}是每1000台手术{n}次，别家算法不同。",
        ),
    ),
    "treatment": (
        (
            "The {x} was followed up {k} times in the first year in that series.",
            "那组资料里，{x}在第一年复查了{k}次。",
        ),
        (
            "Nobody has compared two ways of dealing with the {x}.",
            "处理{x}的两种做法，没有人比较过。",
        ),
    ),
    "duration": (
        (
            "Most notes on the {x} end after {k} weeks; some go on for {n} days.",
            "{x}的记录大多在{k}周后结束，有的到{n}天。",
        ),
    ),
    "evidence": (
        (
            "All that is written on the {x} comes from {k} centres that do the operation.",
            "关于{x}的资料，都来自{k}家做这种手术的中心。",
        ),
    ),
}


@dataclass(frozen=True)
class GeneratedTopic:
    """A topic file's content, its training examples, and questions that are not among them."""

    id: str
    content: dict[str, Any]
    examples: dict[Language, list[str]]
    questions: dict[Language, list[str]]
    noun: dict[Language, str]

    @property
    def intent(self) -> str:
        """The intent that asks this topic."""
        return "ask_" + self.id.replace(".", "_")


def generate(
    count: int, sources: Sequence[str], ids: Sequence[str] = (), seed: int = _SEED
) -> list[GeneratedTopic]:
    """Return `count` topics whose claims name some of `sources`.

    The first ones have the ids `ids`, which something outside the topics may name; the others are
    called after their noun, in the areas in turn.
    """
    chance = random.Random(seed)
    nouns = _english(chance), _chinese(chance)
    areas = itertools.cycle(_KINDS)
    chosen: list[tuple[str, str, str]] = []
    for number in range(count):
        en, zh = next(nouns[0]), next(nouns[1])
        chosen.append((ids[number] if number < len(ids) else f"{next(areas)}.{en}", en, zh))
    names = [topic_id for topic_id, _, _ in chosen]
    return [
        _topic(chance, topic_id, {"en": en, "zh": zh}, sources, names)
        for topic_id, en, zh in chosen
    ]


def _topic(
    chance: random.Random,
    topic_id: str,
    noun: dict[Language, str],
    sources: Sequence[str],
    ids: Sequence[str],
) -> GeneratedTopic:
    kind = chance.choice(_KINDS.get(topic_id.split(".")[0], (_OTHER_KIND,)))
    full: dict[Language, str] = {"en": f"{noun['en']} {kind[0]}", "zh": noun["zh"] + kind[1]}
    asked: dict[Language, list[str]] = {}
    for language in LANGUAGES:
        variants = (full[language], full[language], noun[language])
        templates = chance.sample(_ASKED[language], len(_ASKED[language]))
        asked[language] = [text.format(x=chance.choice(variants)) for text in templates]

    def claims(part: str) -> list[dict[str, Any]]:
        n, k = chance.randint(13, 400), chance.randint(2, 9)
        return [
            {
                "en": en.format(x=full["en"], n=n, k=k),
                "zh": zh.format(x=full["zh"], n=n, k=k),
                "sources": chance.sample(sources, min(2, len(sources))),
            }
            for en, zh in _SAID[part]
        ]

    others = [other for other in chance.sample(ids, min(4, len(ids))) if other != topic_id]
    content = {
        "id": topic_id,
        "reviewed": "unreviewed",
        "title": {"en": full["en"].capitalize(), "zh": full["zh"]},
        "question": {"en": f"What is the {full['en']}?", "zh": f"{full['zh']}是什么？"},
        "names": {language: [full[language], noun[language]] for language in LANGUAGES},
        "answer": claims("answer"),
        "invite": {"en": "Want to know how often?", "zh": "想知道有多常见吗？"},
        "facets": {part: claims(part) for part in _SAID if part != "answer"},
        "related": others[:3],
    }
    return GeneratedTopic(
        topic_id,
        content,
        {language: texts[:MIN_EXAMPLES] for language, texts in asked.items()},
        {language: texts[MIN_EXAMPLES:] for language, texts in asked.items()},
        noun,
    )


def _english(chance: random.Random) -> Iterator[str]:
    seen: set[str] = set()
    while True:
        parts = [
            chance.choice(_ONSETS) + chance.choice(_VOWELS) for _ in range(chance.choice((2, 3)))
        ]
        noun = "".join(parts) + chance.choice(_ENDS)
        if len(noun) >= 5 and noun not in seen:
            seen.add(noun)
            yield noun


def _chinese(chance: random.Random) -> Iterator[str]:
    seen: set[str] = set()
    while True:
        noun = "".join(chance.choices(_SYLLABLES, k=3))
        if noun not in seen:
            seen.add(noun)
            yield noun


def write_topics(data: Path, topics: Sequence[GeneratedTopic], replaced: set[str]) -> None:
    """Put `topics` and their examples into the content folder `data`.

    All topic files there go, and of `nlu/` the examples of the intents `replaced`; examples of
    dialogue acts stay. A topic of today that fixed words quote keeps its facets.
    """
    kept_facets: dict[str, Any] = {}
    for file in (data / "knowledge" / "topics").glob("*/*.yml"):
        topic_id = f"{file.parent.name}.{file.stem}"
        if topic_id in _QUOTED:
            kept_facets[topic_id] = yaml.safe_load(file.read_text("utf-8"))["facets"]
        file.unlink()
    for file in sorted((data / "nlu").glob("*.yml")):
        entries = yaml.safe_load(file.read_text("utf-8"))["nlu"]
        kept = [entry for entry in entries if entry["intent"] not in replaced]
        if kept:
            _write(file, {"version": "3.1", "nlu": kept})
        else:
            file.unlink()
    for topic in topics:
        file = data / "knowledge" / "topics" / (topic.id.replace(".", "/") + ".yml")
        file.parent.mkdir(parents=True, exist_ok=True)
        facets = kept_facets.get(topic.id, topic.content["facets"])
        _write(file, {**topic.content, "facets": facets})
    for language in LANGUAGES:
        examples = [
            {
                "intent": topic.intent,
                "examples": "".join(f"- {text}\n" for text in topic.examples[language]),
            }
            for topic in topics
        ]
        _write(data / "nlu" / f"generated.{language}.yml", {"version": "3.1", "nlu": examples})


def _write(file: Path, content: Any) -> None:
    text = yaml.dump(content, Dumper=yaml.CSafeDumper, allow_unicode=True, sort_keys=False)
    file.write_text(text, "utf-8")
