"""What to do with an unsure classification: answer, ask which one, or say so."""

from __future__ import annotations

import re
from typing import Any

from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.shared.constants import DEFAULT_NLU_FALLBACK_INTENT_NAME
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message

from bot.nlu.classifier import QUESTIONS, RANKING
from bot.nlu.component import MessageAnnotator
from bot.nlu.text import has_words

NO_WORDS = "no_words"
STOP = "stop"
# Answering a request that must be refused is worse than refusing a question: the requests share
# their probability among them, and half as much is enough. On the development parts nothing else
# has more than 0.2 of it (docs/evaluation.md).
_REFUSED = "request_"
_NOT_REFUSED = "request_safety_plan"
_NAMING = "ask_referral_clinic_recommendation"
_SAFETY = ("report_crisis", "report_medical_emergency")
# Only this ends an exercise: "I stop eating", as an answer in it, does not.
_STOPS = re.compile(
    r"(?:please |ok |okay |can we |could we |let'?s |i (?:want|need) to )?(?:stop|quit|cancel"
    r"|pause|enough|exit|no more|that'?s enough|leave it)(?: (?:here|now|this|it"
    r"|please|that|for now|the (?:plan|exercise)))*[.! ]*"
    r"|.{0,4}(?:停|不写了|不做了|不弄了|不想写|不想做|算了|先到这|到这儿|到此为止|够了|退出|结束).{0,5}",
    re.IGNORECASE,
)


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=False)
class CalibratedFallback(MessageAnnotator):
    """Replaces the intent by `nlu_fallback` below a confidence that means something.

    `threshold`: the least calibrated probability to answer with. `ambiguity`: the least distance
    between the first two, unless the first is over one half. The ranking stays, so that the
    clarifying action can offer the likely topics as buttons. `caution`: from this probability of
    all requests that are refused together, the likeliest of them is the intent. A message with
    several questions was understood part by part and stays. Text without a single letter or digit
    gets the intent `no_words`.
    """

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Return the default thresholds."""
        return {"threshold": 0.2, "ambiguity": 0.02, "caution": 0.25}

    def annotate(self, message: Message) -> None:
        """Decide on one message; a button's payload is left alone."""
        text = message.get(TEXT)
        if text.startswith("/"):
            return
        if not has_words(text):
            message.set(INTENT, {"name": NO_WORDS, "confidence": 1.0}, add_to_output=True)
            return
        if message.get(QUESTIONS):
            return  # the ranking is of the whole, which several questions leave unsure
        ranking = message.get(RANKING) or []
        if ranking and ranking[0]["name"] == STOP and not _STOPS.fullmatch(text.strip()):
            ranking = ranking[1:]
            message.set(INTENT, dict(ranking[0]), add_to_output=True)
        refused = [one for one in ranking if _is_refused(one["name"])]
        together = sum(one["confidence"] for one in refused)
        if together >= self.config["caution"] and ranking[0]["name"] not in _SAFETY:
            intent = {"name": refused[0]["name"], "confidence": together}
            message.set(INTENT, intent, add_to_output=True)
            return
        first = ranking[0]["confidence"] if ranking else 0.0
        second = ranking[1]["confidence"] if len(ranking) > 1 else 0.0
        close = first < 0.5 and first - second < self.config["ambiguity"]
        if first < self.config["threshold"] or close:
            fallback = {"name": DEFAULT_NLU_FALLBACK_INTENT_NAME, "confidence": 1.0 - first}
            message.set(INTENT, fallback, add_to_output=True)


def _is_refused(name: str) -> bool:
    return name == _NAMING or (name.startswith(_REFUSED) and name != _NOT_REFUSED)
