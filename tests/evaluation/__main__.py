"""`make eval`: how well messages are understood, through whole turns.

Each message starts a conversation of its own and goes through channel, model and actions; a
topic is right when the contract's slot `topic` holds it after the reply. Wilson 95 % intervals.
Writes `results/evaluation.html` beside the text.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import yaml

from tests.evaluation.curve import CURVE
from tests.evaluation.data import DEVELOPMENT, PARTS, intents_of, read
from tests.evaluation.followups import PART as FOLLOWUPS
from tests.evaluation.followups import evaluate_followups
from tests.evaluation.metrics import wilson
from tests.evaluation.report import write_report
from tests.evaluation.script import script_of
from tests.evaluation.summary import (
    OUT_OF_SCOPE,
    Dialogue,
    Result,
    as_text,
    outcome_of,
    summarise,
)

_HERE = Path(__file__).parent
_RISKS = ("crisis", "medical_emergency", "distress")
REPORT = Path("results") / "evaluation.html"


def judge(item: dict[str, Any], slots: dict[str, Any], templates: list[str]) -> tuple[bool, str]:
    """Return whether the state after the reply is as expected, and what it was."""
    expect, topic = item.get("expect"), slots.get("topic")
    risk = slots.get("risk_level")
    if expect in _RISKS:
        return risk == expect, str(risk)
    if expect == "none_risk":
        return risk not in ("crisis", "medical_emergency"), str(risk)
    if expect == OUT_OF_SCOPE:
        return topic is None and risk == "none", str(topic or risk)
    if expect:
        return f"utter_{expect}" in templates, ",".join(templates)
    got = str(topic) if topic else ",".join(templates)
    right = topic in (item["topic"], *item.get("also", ()))
    return right, got if risk == "none" else f"{got} ({risk})"


async def evaluate(parts: Sequence[str]) -> list[Result]:
    """Run every message of `parts` through a turn of its own."""
    from bot.train import train
    from tests.tester import Bot

    bot, results = Bot(train()), []
    for item in (item for part in parts for item in read(part)):
        conversation = bot.new()
        reply = await conversation.say(item["text"])
        slots, templates = await conversation.slots(), conversation.templates
        right, got = judge(item, slots, templates)
        wanted = item.get("expect") or item["topic"]
        intents = {OUT_OF_SCOPE} if wanted == OUT_OF_SCOPE else set()
        if "expect" not in item:
            intents = intents_of(item)
        offered = {str(b["payload"]).lstrip("/") for m in reply for b in m["buttons"] or []}
        ranking = (await conversation.parsed()).get("intent_ranking") or []
        results.append(
            Result(
                language=item["language"],
                script=script_of(item),
                group=item.get("expect") or item["topic"].split(".")[0],
                style=item.get("style", "plain"),
                right=right,
                offered="utter_did_you_mean" in templates and bool(intents & offered),
                text=item["text"],
                wanted=wanted,
                got=got,
                topic=slots.get("topic"),
                risk=str(slots.get("risk_level")),
                outcome=outcome_of(slots.get("topic"), templates),
                confidence=float(ranking[0]["confidence"]) if ranking else None,
                top_right=bool(ranking) and ranking[0]["name"] in intents,
            )
        )
    return results


async def evaluate_dialogues(parts: Sequence[str]) -> list[Dialogue]:
    """Run the dialogues of `parts`, turn by turn."""
    from bot.train import train
    from tests.tester import Bot

    bot, turns = Bot(train()), []
    dialogues: list[dict[str, Any]] = []
    for part in parts:  # the first two sealed parts share theirs
        dialogues += [d for d in read_dialogues(part) if d not in dialogues]
    for dialogue in dialogues:
        conversation = bot.new()
        for turn in dialogue["turns"]:
            await conversation.say(turn["say"])
            slots = await conversation.slots()
            wanted = turn.get("topics") or ([turn["topic"]] if turn["topic"] else [])
            right = (
                slots["topics"] == wanted if "topics" in turn else slots["topic"] == turn["topic"]
            )
            note = f"{dialogue['id']} {turn['say']!r}: wanted {wanted}, got {slots['topics']}"
            turns.append(Dialogue(dialogue["language"], right, f"{note} {conversation.templates}"))
    return turns


def read_dialogues(part: str) -> list[dict[str, Any]]:
    """Return the dialogues of a part; in the first set every second one is development."""
    number = part[-1]
    if number in "345":
        found = []
        for file in sorted(_HERE.glob(f"dialogues{number}.*.yml")):
            found += yaml.safe_load(file.read_text("utf-8"))
        return [dialogue for dialogue in found if f"{dialogue['part']}{number}" == part]
    everything = yaml.safe_load((_HERE / "dialogues.yml").read_text("utf-8"))
    return list(everything[0 if part == "development" else 1 :: 2])


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
    parser.add_argument(
        "--part",
        choices=(*PARTS, FOLLOWUPS),
        nargs="+",
        default=["sealed3", "sealed4"],
        help="one or several",
    )
    parser.add_argument("--show-errors", action="store_true", help="development parts only")
    parser.add_argument("--json", type=Path, help="write all results to this file")
    parser.add_argument("--html", type=Path, default=REPORT, help="write the report to this file")
    options = parser.parse_args()
    if options.part == [FOLLOWUPS]:
        report_followups(options.show_errors)
        return
    results = asyncio.run(evaluate(options.part))
    dialogues = asyncio.run(evaluate_dialogues(options.part))
    summary = summarise(", ".join(options.part), results, dialogues)
    print(as_text(summary))
    # The sealed part's items are never shown: nobody may tune to them.
    open_part = set(options.part) <= set(DEVELOPMENT)
    if options.show_errors and open_part:
        for turn in dialogues:
            if not turn.right:
                print("  ", turn.note)
        for result in results:
            if not result.right:
                print(f"  {result.wanted:32} {result.got:40} {result.text}")
    if options.json:
        options.json.write_text(json.dumps([asdict(r) for r in results], ensure_ascii=False))
    if not results:  # a part of dialogues only
        return
    write_report(options.html, summary, results if open_part else None, CURVE)
    print(f"\nReport: {options.html}")


if __name__ == "__main__":
    main()
