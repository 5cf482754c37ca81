"""Merges knowledge files and other languages' words into Rasa's data at training time."""

from __future__ import annotations

from rasa.shared.core.domain import Domain
from rasa.shared.importers.rasa import RasaFileImporter
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from rasa.shared.utils.common import cached_method

from actions.knowledge import Knowledge, load_knowledge
from actions.knowledge.schema import LANGUAGES
from bot.check import check_examples
from bot.nlu.leaning import LEANS
from bot.nlu.leaning_data import read_leaning
from bot.safety.languages import spoken_templates
from bot.safety.runtime import load_languages


class KnowledgeImporter(RasaFileImporter):
    """Rasa's file importer plus one intent a topic.

    `domain.yml` holds only dialogue acts. Each topic adds its intent and three examples a
    language (its title, its button label and a name), beside those in `data/nlu/`.
    """

    @cached_method
    def get_domain(self) -> Domain:
        """Return the domain of `domain.yml` with topic intents and words in other languages."""
        none: list[str] = []
        intents = [{intent: {"use_entities": none}} for intent in load_knowledge().by_intent]
        spoken = spoken_templates(load_languages().languages.values())
        responses = {name: [{"text": text}] for name, (_, text) in spoken.items()}
        more = Domain.from_dict({"intents": intents, "responses": responses})
        return super().get_domain().merge(more)

    @cached_method
    def get_nlu_data(self, language: str | None = "en") -> TrainingData:
        """Return the examples of `data/nlu/` with those of the topic files.

        Raises the first mistake that `bot.check` finds in them, a ContentError.
        """
        knowledge = load_knowledge()
        for mistake in check_examples(knowledge)[0]:
            raise mistake
        written = super().get_nlu_data(language)
        leaning = [Message(data={"text": text, LEANS: True}) for text in read_leaning()]
        return written.merge(TrainingData([*examples_of(knowledge), *leaning]))


def examples_of(knowledge: Knowledge) -> list[Message]:
    """Return the training examples that the topic files themselves give."""
    messages = []
    for topic in knowledge.topics.values():
        for lang in LANGUAGES:
            names = getattr(topic.names, lang)[:1]
            for text in {topic.title.get(lang), topic.question.get(lang), *names}:
                messages.append(Message.build(text=text, intent=topic.intent))
    return messages
