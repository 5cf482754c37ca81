"""Which language a message is written in."""

from __future__ import annotations

from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message

from bot.nlu.component import MessageAnnotator
from bot.nlu.text import detect_language
from bot.nlu.tongues import other_language

LANGUAGE = "language"
TONGUE = "tongue"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=False)
class LanguageIdentifier(MessageAnnotator):
    """Sets `language` to "en", "zh" or None in the parse result.

    None means "does not tell": the conversation's language then stays. A choice made in the
    widget or in words wins over this; `bot.state.next_state` decides. Sets `tongue` where the
    message is in another language of the sentence encoder.
    """

    def annotate(self, message: Message) -> None:
        """Detect the language; a button's payload tells nothing."""
        text = message.get(TEXT)
        payload = text.startswith("/")
        tongue = None if payload else other_language(text)
        if tongue:
            message.set(TONGUE, tongue, add_to_output=True)
        # Another language is answered in English, also where it is written with Chinese signs.
        found = None if payload else "en" if tongue else detect_language(text)
        message.set(LANGUAGE, found, add_to_output=True)
