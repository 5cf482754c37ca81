"""Names of things: topics' names, techniques, countries and amounts, as Rasa entities."""

from __future__ import annotations

import re
from typing import Any

import spacy
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.shared.nlu.constants import ENTITIES, TEXT
from rasa.shared.nlu.training_data.message import Message
from spacy.matcher import PhraseMatcher
from spacy.tokens import Doc
from spacy.util import filter_spans

from actions.knowledge import Knowledge, load_knowledge
from bot.nlu.component import MessageAnnotator
from bot.nlu.text import CJK_CHARACTER, clean

_PIECE = re.compile(r"[\u3400-\u9fff]|[a-zA-ZÀ-ɏ']+|\d+(?:\.\d+)?|[^\s\w]")
_AMOUNT = re.compile(
    r"(\d{1,2}(?:\.\d)?)\s*(cm|centi\w*|厘米|公分|inch(?:es)?|in\b|\"|英寸)", re.IGNORECASE
)
_INCH_IN_CM = 2.54


class NameMatcher:
    """Finds names from the knowledge files in any text.

    A spaCy phrase matcher over one token per Chinese character and per Latin word, so that a
    match does not depend on how a segmenter cut the sentence. Longest match wins.
    """

    def __init__(self, knowledge: Knowledge) -> None:
        self._vocab = spacy.blank("xx").vocab
        self._matcher = PhraseMatcher(self._vocab, attr="LOWER")
        self._labels: dict[str, tuple[str, str]] = {}
        for topic in knowledge.topics.values():
            self._add("topic", topic.id, (*topic.names.en, *topic.names.zh))
        for thing in knowledge.things:
            self._add(thing.kind, thing.id, (*thing.names.en, *thing.names.zh))
        for code, names in knowledge.countries.items():
            # Latin names of two letters ("us", "in") would match other words.
            usable = [n for lang in names.values() for n in lang if len(n) > 2 or _has_cjk(n)]
            self._add("country", code, usable)

    def _add(self, kind: str, value: str, names: Any) -> None:
        label = f"{kind}:{value}"
        self._labels[label] = (kind, value)
        docs = [self._doc(name)[0] for name in names if _PIECE.search(name)]
        if docs:
            self._matcher.add(label, docs)

    def _doc(self, text: str) -> tuple[Doc, list[tuple[int, int]]]:
        spans = [(m.start(), m.end()) for m in _PIECE.finditer(text)]
        return Doc(self._vocab, words=[text[a:b] for a, b in spans]), spans

    def find(self, text: str) -> list[dict[str, Any]]:
        """Return Rasa entities (entity, value, start, end) in the order of the text.

        Amounts of height are given in centimetres, as a number.
        """
        doc, places = self._doc(clean(text))
        found: list[dict[str, Any]] = []
        if len(doc):
            for span in filter_spans(list(self._matcher(doc, as_spans=True))):
                kind, value = self._labels[span.label_]
                start, end = places[span.start][0], places[span.end - 1][1]
                found.append({"entity": kind, "value": value, "start": start, "end": end})
        for match in _AMOUNT.finditer(text):
            number = float(match.group(1))
            metric = match.group(2).lower().startswith(("c", "厘", "公"))
            cm = number if metric else round(number * _INCH_IN_CM, 1)
            found.append(
                {"entity": "amount", "value": cm, "start": match.start(), "end": match.end()}
            )
        return sorted(found, key=lambda entity: (entity["start"], entity["end"]))


def _has_cjk(text: str) -> bool:
    return bool(CJK_CHARACTER.search(text))


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class NameExtractor(MessageAnnotator):
    """Adds the names found by `NameMatcher` to the message's entities."""

    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__(config)
        self._matcher = NameMatcher(load_knowledge())

    def annotate(self, message: Message) -> None:
        """Append entities; a button's payload carries its own."""
        text = message.get(TEXT)
        if text.startswith("/"):
            return
        found = [{**entity, "extractor": "NameExtractor"} for entity in self._matcher.find(text)]
        message.set(ENTITIES, message.get(ENTITIES, []) + found, add_to_output=True)
