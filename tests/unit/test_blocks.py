"""Blocks and text hold the same words; every message fits the schema that clients rely on."""

import json
import re

import jsonschema
import pytest

from actions.knowledge.schema import LANGUAGES, Claim
from bot.blocks import blocks_of, plain_blocks
from bot.paths import ROOT
from bot.safety.protocol import GROUNDING_STEPS
from bot.words import PLAN_STEPS, load_words

SCHEMA = json.loads((ROOT / "bot" / "channels" / "chat.schema.json").read_text("utf-8"))


BLOCK = jsonschema.Draft7Validator({**SCHEMA, "$ref": "#/definitions/block"})


def squeeze(text):
    return re.sub(r"[\s•]+", "", text)


def words_of(block):
    """The words of a block that a text-only client must get too."""
    if block["type"] == "hotline":
        return [block["contact"]]
    if block["type"] == "list":
        return block["items"]
    if block["type"] == "own":
        return [block["label"], block["text"]]
    if block["type"] in ("source", "choices", "download"):
        return []
    return [block["text"]]


def all_messages():
    words = load_words()
    for language in LANGUAGES:
        for region in ("CN", "US", None):
            values = words.safety_values(region, language)
            values |= {"topic": "complication.infection", "country": "CN", "limit": 9, "minutes": 5}
            values["tongue"] = "fr"
            values["own"] = {step: f"my {step}" for step in PLAN_STEPS}
            for template in words.responses:
                yield words.render(template, values, language)
        for topic in words.knowledge.topics.values():
            facets = ["answer", *topic.facets, *(f"country:{code}" for code in topic.countries)]
            for facet in facets:
                for index in range(len(words.knowledge.bubbles(topic, facet))):
                    place = {"topic": topic.id, "facet": facet, "index": index}
                    yield words.render("kb_claims", place, language)


def test_every_message_has_blocks_with_the_words_of_its_text():
    words = load_words()
    messages = list(all_messages())
    assert len(messages) > 2000
    for message in messages:
        blocks = blocks_of(message, words)
        assert blocks, message["template"]
        for block in blocks:
            BLOCK.validate(block)
        said = squeeze(message["text"])
        shown = squeeze("".join(text for block in blocks for text in words_of(block)))
        for block in blocks:
            for text in words_of(block):
                assert squeeze(text) in said, message["template"]
        # Nothing of the text is missing either: what is not shown as text is a line's own name.
        names = {squeeze(b["name"]) for b in blocks if b["type"] == "hotline"}
        names |= {squeeze(b["country"]) for b in blocks if b["type"] == "hotline"}
        rest = said
        for text in sorted({squeeze(t) for b in blocks for t in words_of(b)}, key=len)[::-1]:
            rest = rest.replace(text, "")
        for name in sorted(names, key=len)[::-1]:
            rest = rest.replace(name, "")
        assert not re.sub(r"[\W_]", "", rest), (message["template"], rest, shown)


def test_an_exercise_has_numbered_steps():
    words = load_words()
    for number, template in enumerate(GROUNDING_STEPS, start=1):
        block = blocks_of(words.render(template, {}, "en"), words)[0]
        assert (block["type"], block["number"], block["of"]) == ("step", number, 4)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_plan_shows_own_words_apart_and_can_be_kept(language):
    words = load_words()
    values = words.safety_values("GB", language) | {"own": {"person": "my aunt"}}
    blocks = blocks_of(words.render("utter_safety_plan", values, language), words)
    own = {b["label"][:1]: b["text"] for b in blocks if b["type"] == "own"}
    assert own["4"] == "my aunt"
    download = next(b for b in blocks if b["type"] == "download")
    assert "my aunt" in download["content"]
    assert "116 123" in download["content"]
    paragraphs = [b["text"] for b in blocks if b["type"] == "paragraph"]
    assert not any("my aunt" in text for text in paragraphs)


@pytest.mark.parametrize("region, number", [("CN", "120"), ("US", "911"), ("GB", "999")])
def test_the_emergency_number_can_be_tapped(region, number):
    words = load_words()
    values = words.safety_values(region, "en")
    blocks = blocks_of(words.render("utter_crisis_imminent", values, "en"), words)
    dialled = [n for b in blocks if b["type"] == "hotline" for n in b["dial"]]
    assert number in dialled


def test_a_figure_is_the_number_of_its_claim():
    unit = {"en": "%", "zh": "%"}
    claim = {"en": "About 4.6 % had it.", "zh": "约4.6%有。", "kind": "guidance"}
    assert Claim(**claim, figure={"value": "4.6", "unit": unit}).figure.value == "4.6"
    for wrong in ("4.7", "4", "6", ".6"):
        with pytest.raises(ValueError, match="figure"):
            Claim(**claim, figure={"value": wrong, "unit": unit})


def test_plain_text_becomes_paragraphs_and_lists():
    assert plain_blocks("Hello\n\n• one\n• two\nbye") == [
        {"type": "paragraph", "text": "Hello"},
        {"type": "list", "items": ["one", "two"]},
        {"type": "paragraph", "text": "bye"},
    ]
