"""Which language a message is written in."""

from __future__ import annotations

from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message

from bot.nlu.component import MessageAnnotator
from bot.nlu.text import detect_language

LANGUAGE = "language"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=False)
class LanguageIdentifier(MessageAnnotator):
    """Sets `language` to "en", "zh" or None in the parse result.

    None means "does not tell": the conversation's language then stays. A choice made in the
    widget or in words wins over this; `bot.state.next_state` decides.
    """

    def annotate(self, message: Message) -> None:
        """Detect the language; a button's payload tells nothing."""
        text = message.get(TEXT)
        found = None if text.startswith("/") else detect_language(text)
        message.set(LANGUAGE, found, add_to_output=True)
