"""Reads a message in the light of the conversation: does it go on with the last topic?

Pure functions over the parse result; imports nothing of Rasa. `leans_on` decides, `nearest` finds
what the last topic has to say to it.
"""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actions.knowledge import Knowledge
from actions.knowledge.schema import FACETS, Language
from bot.nlu.encoder import encode
from bot.nlu.questions import asks
from bot.nlu.text import CJK_CHARACTER, normalize

# Weights of a logistic regression on the half of `tests/evaluation/followups.*.yml` that may be
# looked at and on the development messages: how much the message leans on another, and how sure
# the classifier is of another subject, both as log-odds.
_LEANS, _OTHER, _BIAS = 1.2, -0.8, 3.0
_NAMES = {"topic": -1.0, "technique": -0.5}  # for each name of something else that it holds
_NAMES_OPERATION = -1.5
_OPERATION = re.compile(r"\b(?:surgery|surgeries|operations?)\b|手术|手術|增高")
_ENOUGH = math.log(0.7 / 0.3)
_ACT_LEANS = 0.8  # for a message that the classifier takes for a yes, a no or an insult
_CERTAIN = 0.5  # from this confidence a request that is refused stays one
_DECLINES = 0.8  # and an "I can't ask for help" ("she won't listen" resembles it)

_UNDERSTOOD_AS_IT_IS = frozenset(
    {
        "greet",
        "thanks",
        "goodbye",
        "more",
        "ask_sources",
        "ask_who",
        "stop",
        "switch_to_english",
        "switch_to_chinese",
        "request_safety_plan",
        "no_words",
        "no_risk_denial",
        "report_crisis",
        "report_medical_emergency",
    }
)
_ACTS = frozenset({"affirm", "deny", "insult", "report_distress"})


def leans_on(last_topic: str | None, parse: Mapping[str, Any], text: str) -> bool:
    """Return whether a message that seems to be something else goes on with the last topic.

    False where there is no last topic, where the message is a follow-up by its intent anyway, and
    where it asks several things or names a country (that has its own ways).
    """
    intent = parse.get("intent") or {}
    name, leans = str(intent.get("name") or ""), parse.get("leans")
    if last_topic is None or leans is None or not name or parse.get("questions"):
        return False
    if name in _UNDERSTOOD_AS_IT_IS or name.startswith("follow_up_"):
        return False
    last_intent = "ask_" + last_topic.replace(".", "_")
    entities = parse.get("entities") or []
    if name == last_intent or any(one.get("entity") == "country" for one in entities):
        return False
    if name in _ACTS:
        return leans >= _ACT_LEANS and asks(normalize(text))
    if name == "decline_help" and float(intent.get("confidence") or 0.0) >= _DECLINES:
        return False
    if name.startswith("request_") and float(intent.get("confidence") or 0.0) >= _CERTAIN:
        return False
    ranking = parse.get("intent_ranking") or []
    others = [one["confidence"] for one in ranking if one["name"] != last_intent]
    score = _LEANS * _log_odds(leans) + _OTHER * _log_odds(max(others, default=0.0)) + _BIAS
    for one in entities:
        score += _NAMES.get(one.get("entity"), 0.0) * (one.get("value") != last_topic)
    score += _NAMES_OPERATION * bool(_OPERATION.search(normalize(text)))
    return score > _ENOUGH


def nearest(
    knowledge: Knowledge, topic: str, text: str, said: Collection[str] = ()
) -> tuple[str | None, float]:
    """Return the bubble of `topic` nearest in meaning, as "<facet>/<index>", and its cosine.

    Bubbles in `said` are left out; (None, 0) where none is left. The first look-up of a topic
    takes about 50 ms, each later one 2 ms.
    """
    places, vectors = _bubbles(knowledge, topic, "zh" if CJK_CHARACTER.search(text) else "en")
    cosines = vectors @ encode([normalize(text)])[0]
    for index in np.argsort(-cosines):
        if places[index] not in said:
            return places[index], float(cosines[index])
    return None, 0.0


def _log_odds(p: float) -> float:
    p = min(max(p, 0.005), 0.995)
    return math.log(p / (1 - p))


class _Held:
    """A key for the cache that compares by identity: the knowledge base itself has no hash."""

    def __init__(self, knowledge: Knowledge) -> None:
        self.knowledge = knowledge

    def __hash__(self) -> int:
        return id(self.knowledge)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Held) and other.knowledge is self.knowledge


def _bubbles(
    knowledge: Knowledge, topic: str, language: Language
) -> tuple[list[str], NDArray[np.float32]]:
    return _encoded(_Held(knowledge), topic, language)


@functools.lru_cache(maxsize=512)
def _encoded(
    held: _Held, topic_id: str, language: Language
) -> tuple[list[str], NDArray[np.float32]]:
    knowledge = held.knowledge
    topic = knowledge.topics[topic_id]
    places, texts = [], []
    for facet in FACETS:
        for index, claims in enumerate(knowledge.bubbles(topic, facet)):
            places.append(f"{facet}/{index}")
            texts.append(normalize(" ".join(claim.text(language) for claim in claims)))
    return places, encode(texts)
