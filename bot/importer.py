"""Merges the knowledge files into Rasa's domain and training data at training time."""

from __future__ import annotations

import re
from collections import Counter

from rasa.shared.core.domain import Domain
from rasa.shared.importers.rasa import RasaFileImporter
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from rasa.shared.utils.common import cached_method

from actions.knowledge import Knowledge, load_knowledge
from actions.knowledge.schema import LANGUAGES
from bot.content import ContentError
from bot.nlu.text import CJK_CHARACTER
from bot.state import is_topic_intent

MIN_EXAMPLES = 10  # of a topic, in each language


class KnowledgeImporter(RasaFileImporter):
    """Rasa's file importer plus one intent a topic.

    `domain.yml` holds only dialogue acts. Each topic adds its intent and three examples a
    language (its title, its button label and a name), beside those in `data/nlu/`.
    """

    @cached_method
    def get_domain(self) -> Domain:
        """Return the domain of `domain.yml` with the topic intents."""
        none: list[str] = []
        intents = [{intent: {"use_entities": none}} for intent in load_knowledge().by_intent]
        return super().get_domain().merge(Domain.from_dict({"intents": intents}))

    @cached_method
    def get_nlu_data(self, language: str | None = "en") -> TrainingData:
        """Return the examples of `data/nlu/` with those of the topic files.

        Raises ContentError where a topic intent has no topic, or a topic too few examples.
        """
        knowledge = load_knowledge()
        written = super().get_nlu_data(language)
        _check(knowledge, written)
        return written.merge(TrainingData(examples_of(knowledge)))


def examples_of(knowledge: Knowledge) -> list[Message]:
    """Return the training examples that the topic files themselves give."""
    messages = []
    for topic in knowledge.topics.values():
        for lang in LANGUAGES:
            names = getattr(topic.names, lang)[:1]
            for text in {topic.title.get(lang), topic.question.get(lang), *names}:
                messages.append(Message.build(text=text, intent=topic.intent))
    return messages


def _check(knowledge: Knowledge, data: TrainingData) -> None:
    counts: Counter[tuple[str, str]] = Counter()
    for example in data.intent_examples:
        intent, text = str(example.get("intent")), str(example.get("text"))
        if is_topic_intent(intent) and intent not in knowledge.by_intent:
            raise ContentError("data/nlu", 0, f"'{text}': intent {intent} has no topic file")
        counts[intent, "zh" if CJK_CHARACTER.search(text) else "en"] += 1
    for intent, topic in knowledge.by_intent.items():
        for lang in LANGUAGES:
            found = counts[intent, lang]
            if found < MIN_EXAMPLES:
                area = re.sub(r"\..*", "", topic.id)
                reason = f"{found} {lang} examples of {intent}, at least {MIN_EXAMPLES} needed"
                raise ContentError(f"data/nlu/{area}.{lang}.yml", 0, reason)
