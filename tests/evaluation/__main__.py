"""`make eval`: how well messages are understood, through whole turns.

Each message starts a conversation of its own and goes through channel, model and actions; a
topic is right when the contract's slot `topic` holds it after the reply. Wilson 95 % intervals.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.evaluation.followups import PART as FOLLOWUPS
from tests.evaluation.followups import evaluate_followups

_HERE = Path(__file__).parent
# The figures of each sealed part's first run are in docs/evaluation.md. Nobody tunes to them. The
# third set covers all topics of the contract; the first two, the 54 that existed then.
PARTS = ("development", "sealed", "sealed2", "development3", "sealed3")
_RISKS = ("crisis", "medical_emergency", "distress")


@dataclass(frozen=True)
class Result:
    """One evaluated message."""

    language: str
    group: str  # area of the topic, or what was expected
    style: str
    right: bool
    offered: bool  # the right topic was among the "did you mean" buttons
    text: str
    wanted: str
    got: str


def wilson(right: int, n: int) -> tuple[float, float]:
    """Return the 95 % Wilson score interval of a proportion (Wilson 1927)."""
    if n == 0:
        return (0.0, 1.0)
    z, p = 1.959964, right / n
    centre, spread = p + z * z / (2 * n), z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    return ((centre - spread) / scale, (centre + spread) / scale)


def read(part: str) -> list[dict[str, Any]]:
    """Return the items of one of `PARTS`, with their language."""
    items = []
    for language in ("en", "zh"):
        for item in yaml.safe_load((_HERE / f"{part}.{language}.yml").read_text("utf-8")):
            items.append({**item, "language": language})
    return items


def judge(item: dict[str, Any], slots: dict[str, Any], templates: list[str]) -> tuple[bool, str]:
    """Return whether the state after the reply is as expected, and what it was."""
    expect, topic = item.get("expect"), slots.get("topic")
    risk = slots.get("risk_level")
    if expect in _RISKS:
        return risk == expect, str(risk)
    if expect == "none_risk":
        return risk not in ("crisis", "medical_emergency"), str(risk)
    if expect == "out_of_scope":
        return topic is None and risk == "none", str(topic or risk)
    if expect:
        return f"utter_{expect}" in templates, ",".join(templates)
    got = str(topic) if topic else ",".join(templates)
    right = topic in (item["topic"], *item.get("also", ()))
    return right, got if risk == "none" else f"{got} ({risk})"


async def evaluate(part: str) -> list[Result]:
    """Run every message of a part through a turn of its own."""
    from bot.train import train
    from tests.tester import Bot

    bot, results = Bot(train()), []
    for item in read(part):
        conversation = bot.new()
        reply = await conversation.say(item["text"])
        slots = await conversation.slots()
        right, got = judge(item, slots, conversation.templates)
        wanted = item.get("expect") or item["topic"]
        intent = f"/ask_{wanted.replace('.', '_')}"
        offered = any(b["payload"] == intent for m in reply for b in m["buttons"] or [])
        asked_back = "utter_did_you_mean" in conversation.templates
        group = item.get("expect") or item["topic"].split(".")[0]
        results.append(
            Result(
                item["language"],
                group,
                item.get("style", "plain"),
                right,
                offered and asked_back,
                item["text"],
                wanted,
                got,
            )
        )
    return results


async def evaluate_dialogues(part: str) -> list[tuple[str, bool, str]]:
    """Run the dialogues of a part; return (language, right, note) of each turn."""
    from bot.train import train
    from tests.tester import Bot

    bot, turns = Bot(train()), []
    for dialogue in read_dialogues(part):
        conversation = bot.new()
        for turn in dialogue["turns"]:
            await conversation.say(turn["say"])
            slots = await conversation.slots()
            wanted = turn.get("topics") or ([turn["topic"]] if turn["topic"] else [])
            right = (
                slots["topics"] == wanted if "topics" in turn else slots["topic"] == turn["topic"]
            )
            note = f"{dialogue['id']} {turn['say']!r}: wanted {wanted}, got {slots['topics']}"
            turns.append((dialogue["language"], right, f"{note} {conversation.templates}"))
    return turns


def read_dialogues(part: str) -> list[dict[str, Any]]:
    """Return the dialogues of a part; in the first set every second one is development."""
    if part.endswith("3"):
        found = []
        for language in ("en", "zh"):
            file = _HERE / f"dialogues3.{language}.yml"
            found += yaml.safe_load(file.read_text("utf-8"))
        return [dialogue for dialogue in found if f"{dialogue['part']}3" == part]
    everything = yaml.safe_load((_HERE / "dialogues.yml").read_text("utf-8"))
    return list(everything[0 if part == "development" else 1 :: 2])


def table(title: str, results: list[Result], key: Callable[[Result], str]) -> None:
    """Print right / n with the interval, per language and key."""
    counts: defaultdict[tuple[str, str], Counter[bool]] = defaultdict(Counter)
    for result in results:
        counts[result.language, key(result)][result.right] += 1
    print(f"\n{title}")
    for (language, name), count in sorted(counts.items()):
        n = count.total() if hasattr(count, "total") else sum(count.values())
        low, high = wilson(count[True], n)
        share = 100 * count[True] / n
        print(f"  {language} {name:20} {share:5.1f} %  ({low:.2f}-{high:.2f}, n={n})")


def report_followups(show_errors: bool) -> None:
    """Print how well follow-ups stay, subjects change, and new questions are not swallowed."""
    messages = [m for m in read("development3") if m.get("topic")]
    said = asyncio.run(evaluate_followups(messages))
    groups: defaultdict[tuple[str, str, str], list[bool]] = defaultdict(list)
    for one in said:
        half = "" if one.kind == "new question" else "looked at" if one.listed else "held out"
        groups[one.language, one.kind, half].append(one.right)
    for (language, kind, half), right in sorted(groups.items()):
        low, high = wilson(sum(right), n := len(right))
        share = 100 * sum(right) / n
        print(f"  {language} {kind:13} {half:10} {share:5.1f} %  ({low:.2f}-{high:.2f}, n={n})")
    if show_errors:
        print(
            *(f"  {one.kind} {one.note}" for one in said if one.listed and not one.right), sep="\n"
        )


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="make eval")
    parser.add_argument("--part", choices=(*PARTS, FOLLOWUPS), default=PARTS[-1])
    parser.add_argument("--show-errors", action="store_true", help="development part only")
    parser.add_argument("--json", type=Path, help="write all results to this file")
    options = parser.parse_args()
    if options.part == FOLLOWUPS:
        report_followups(options.show_errors)
        return
    results = asyncio.run(evaluate(options.part))
    topics = [r for r in results if "." in r.wanted]
    print(f"Part: {options.part}, {len(results)} messages, each a conversation of its own")
    table("Topics right", topics, lambda _: "all")
    table("Topics right, by area", topics, lambda r: r.group)
    table("Topics right, by style", topics, lambda r: r.style)
    table("Everything else", [r for r in results if "." not in r.wanted], lambda r: r.group)
    for language in ("en", "zh"):
        mine = [r for r in topics if r.language == language]
        back = sum(r.offered and not r.right for r in mine)
        print(f"\n{language}: right topic among the buttons offered: {back} more of {len(mine)}")
    dialogues = asyncio.run(evaluate_dialogues(options.part))
    for language in ("en", "zh"):
        mine_turns = [right for lang, right, _ in dialogues if lang == language]
        low, high = wilson(sum(mine_turns), n := len(mine_turns))
        share = 100 * sum(mine_turns) / n
        print(f"{language}: dialogue turns right {share:.1f} % ({low:.2f}-{high:.2f}, n={n})")
    # The sealed part's items are never shown: nobody may tune to them.
    if options.show_errors and options.part.startswith("development"):
        for _, right, note in dialogues:
            if not right:
                print("  ", note)
        for result in results:
            if not result.right:
                print(f"  {result.wanted:32} {result.got:40} {result.text}")
    if options.json:
        options.json.write_text(json.dumps([asdict(r) for r in results], ensure_ascii=False))


if __name__ == "__main__":
    main()
