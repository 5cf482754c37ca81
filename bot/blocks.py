"""Structured blocks of a message, for clients that show more than text.

Blocks are made from the same template and values as the text, so they hold the same vetted words;
their shape is `bot/channels/chat.schema.json`. A client that knows no blocks shows `text`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from actions.knowledge.schema import Claim, Language
from bot.safety.hotlines import Hotline
from bot.safety.protocol import GROUNDING_STEPS
from bot.words import PLAN_STEPS, SAFETY_PLAN_WORDS, Message, Words

Block = dict[str, Any]

_ITEM = re.compile(r"[•·-]\s+(.+)")
# A line of the safety plan: "1. I notice it by: {signs}".
_OWN_LINE = re.compile(r"(?P<label>.*[:：])\s*\{(?P<step>" + "|".join(PLAN_STEPS) + r")\}")


def blocks_of(message: Message, words: Words) -> list[Block]:
    """Return the blocks of a vetted message; at least one. Raises WordsError as `render` does."""
    template, values = str(message["template"]), message["values"]
    language: Language = message["language"]
    blocks: list[Block]
    if template == "kb_claims":
        blocks = _claims(words, message)
    elif template == "kb_sources":
        # Its text lists the sources for clients that cannot unfold them.
        blocks = [_paragraph(message["text"].split("\n", 1)[0])]
    elif template in GROUNDING_STEPS:
        number = GROUNDING_STEPS.index(template) + 1
        step = {"type": "step", "text": message["text"], "number": number}
        blocks = [{**step, "of": len(GROUNDING_STEPS)}]
    else:
        blocks = list(_fixed(words, template, values, language))
    if template == SAFETY_PLAN_WORDS:
        blocks.append(
            {
                "type": "download",
                "title": words.label("save_plan", language),
                "name": "my-plan.txt",
                "content": message["text"],
            }
        )
    blocks += [{"type": "source", **source} for source in message["sources"] or []]
    if message["buttons"]:
        items = [{"title": b["title"], "payload": b["payload"]} for b in message["buttons"]]
        blocks.append({"type": "choices", "items": items})
    return blocks


def plain_blocks(text: str) -> list[Block]:
    """Return the blocks of a text without a template: a person's or a counsellor's."""
    return list(_lines(text)) or [_paragraph(text)]


def _claims(words: Words, message: Message) -> list[Block]:
    """Return a figure for each claim that names one, and paragraphs of the others."""
    language: Language = message["language"]
    blocks: list[Block] = []
    rest = message["text"]
    for claim in words.claims(message["values"]):
        text = claim.text(language)
        if claim.figure is None or text not in rest:
            continue
        before, _, rest = rest.partition(text)
        if before.strip():
            blocks.append(_paragraph(before))
        blocks.append(_figure(claim, language))
    if rest.strip():
        blocks.append(_paragraph(rest))
    return blocks


def _figure(claim: Claim, language: Language) -> Block:
    assert claim.figure is not None
    return {
        "type": "figure",
        "text": claim.text(language),
        "value": claim.figure.value,
        "unit": claim.figure.unit.get(language),
    }


def _fixed(
    words: Words, template: str, values: Mapping[str, Any], language: Language
) -> Iterator[Block]:
    """Yield the blocks of a response of `domain.yml`: hotlines as cards, own words apart."""
    text = str(words.response(template, values)[language]["text"])
    # Lines keep their English names among words of a third language.
    names: Language = "en" if "spoken" in values else language
    lines = words.lines(values)
    for index, part in enumerate(text.split("{lines}")):
        if index:
            for line in lines:
                yield _hotline(words, line, names)
        for raw in part.split("\n"):
            own = _OWN_LINE.fullmatch(raw.strip())
            if own:
                filled = words.fill("{" + own["step"] + "}", values, language)
                yield {"type": "own", "label": own["label"], "text": filled}
            else:
                yield from _lines(words.fill(raw, values, language))
    if "{emergency}" in text:
        number = words.emergency_line(values)
        if number is not None and not ("{lines}" in text and number in lines):
            yield _hotline(words, number, names)


def _hotline(words: Words, line: Hotline, language: Language) -> Block:
    return {
        "type": "hotline",
        "id": line.id,
        "name": line.name[language],
        "contact": line.contact[language],
        "country": words.knowledge.country_name(line.country, language),
        "dial": list(line.dial),
    }


def _lines(text: str) -> Iterator[Block]:
    """Yield paragraphs and lists of a text with line breaks and bullets."""
    items: list[str] = []
    for line in text.split("\n"):
        item = _ITEM.fullmatch(line.strip())
        if item:
            items.append(item[1].strip())
            continue
        if items:
            yield {"type": "list", "items": items}
            items = []
        if line.strip():
            yield _paragraph(line)
    if items:
        yield {"type": "list", "items": items}


def _paragraph(text: str) -> Block:
    return {"type": "paragraph", "text": text.strip()}
