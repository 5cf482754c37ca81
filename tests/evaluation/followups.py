"""Part `followups`: what is said right after an answer stays with it, or changes the subject.

Two measures. `followups.<language>.yml` holds follow-ups and changes of subject after an answer
opened by its button. And every development message that is right in a conversation of its own is
sent once more after an answer to another topic: a follow-up rule must not swallow new questions.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

_HERE = Path(__file__).parent
PART = "followups"


@dataclass(frozen=True)
class Said:
    """One judged message. `listed`: of the half whose mistakes may be looked at."""

    language: str
    kind: str  # "stay", "change" or "new question"
    listed: bool
    right: bool
    note: str


def read_followups() -> list[tuple[str, str, bool, str, str, tuple[str, ...]]]:
    """Return (language, kind, listed, topic before, message, topics that are right)."""
    items: list[tuple[str, str, bool, str, str, tuple[str, ...]]] = []
    for language in ("en", "zh"):
        for entry in yaml.safe_load((_HERE / f"{PART}.{language}.yml").read_text("utf-8")):
            about = entry["about"]
            for index, text in enumerate(entry["stay"]):
                items.append((language, "stay", index % 2 == 0, about, text, (about,)))
            for change in entry.get("change", ()):
                listed = len(items) % 2 == 0
                wanted = (change["topic"], *change.get("also", ()))
                items.append((language, "change", listed, about, change["say"], wanted))
    return items


async def evaluate_followups(messages: list[dict[str, Any]]) -> list[Said]:
    """Run the part; `messages` are topic items of a development part, with their language."""
    from bot.train import train
    from tests.tester import Bot

    bot, said = Bot(train()), []
    topics = sorted(bot.channel.words.knowledge.topics)
    choose = random.Random(7)

    async def ask(language: str, about: str | None, text: str) -> tuple[str | None, list[str]]:
        conversation = bot.new(language=language) if about else bot.new()
        if about:
            await conversation.send(f"/ask_{about.replace('.', '_')}")
        await conversation.say(text)
        return (await conversation.slots()).get("topic"), conversation.templates

    for language, kind, listed, about, text, wanted in read_followups():
        topic, templates = await ask(language, about, text)
        note = f"{about}: {text!r}: wanted {wanted[0]}, got {topic} {templates}"
        said.append(Said(language, kind, listed, topic in wanted, note))
    for item in messages:
        wanted = (item["topic"], *item.get("also", ()))
        area = item["topic"].split(".")[0]
        about = choose.choice([t for t in topics if not t.startswith((area, "about"))])
        alone, _ = await ask(item["language"], None, item["text"])
        if alone in wanted:
            topic, templates = await ask(item["language"], about, item["text"])
            note = f"{about}: {item['text']!r}: wanted {wanted[0]}, got {topic} {templates}"
            said.append(Said(item["language"], "new question", True, topic in wanted, note))
    return said
