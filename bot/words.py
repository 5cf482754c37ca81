"""Vetted words: every text that Upright may send, rendered from a template and typed values.

A message names its template, its values and its language, so that anybody who holds the content
files can render it again and see that nothing was added. `bot.nlg` renders, `bot.channels.base`
checks. Imports nothing of Rasa: it works while the graph, the action server or the database do
not.

Templates: `utter_*` are the responses of `domain.yml`; `kb_claims` is one bubble of a topic and
`kb_sources` the sources of bubbles. Values are ids, codes and numbers: `topic`, `facet`, `index`,
`places`, `country`, `region`, `limit`, `hotlines`, and for buttons `offer` (facets) and `choices`
(topics); `off` are features that are switched off, whose buttons are left out. Words with
{lines} have a variant `<template>_none` for a region without a line that is known to be open.
`*_spoken_<code>` are words in another language, from `data/safety/other_languages.yml`.
"""

from __future__ import annotations

import functools
import itertools
import json
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from actions.knowledge import Knowledge, Topic, load_knowledge
from actions.knowledge.schema import FACETS, LANGUAGES, SOURCE_KINDS, Claim, Language
from bot.content import ContentError, line_of, load_yaml
from bot.nlu.tongues import TONGUES
from bot.safety.hotlines import Hotline, Hotlines
from bot.safety.languages import OtherLanguage, spoken_templates
from bot.safety.protocol import GROUNDING, PROTOCOL_WORDS
from bot.safety.runtime import load_hotlines, load_languages
from bot.switches import SWITCHES

ROOT = Path(__file__).resolve().parents[1]
_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_PAYLOAD = re.compile(r"/(\w+)(\{.*\})?")
# Placeholders of fixed words that depend on the region and the hour.
_OF_THE_HOUR = frozenset({"lines", "emergency", "here"})
# Questions of the safety plan, in order; their answers are the person's own words.
PLAN_STEPS = ("signs", "alone", "among_people", "person", "out_of_reach", "reason")
# The calming exercise has one source, its topic: step -> facet and which of its claims.
_CALM_STEPS = {
    "calm_1": ("answer", slice(0, None)),
    "calm_2": ("action", slice(0, 1)),
    "calm_3": ("action", slice(1, 2)),
    "calm_4": ("action", slice(2, 5)),
}
SAFETY_PLAN_WORDS = "utter_safety_plan"

# What the channels, the policies and the actions say; without one of them nothing starts.
NEEDED = (
    *PROTOCOL_WORDS,
    SAFETY_PLAN_WORDS,
    "utter_safety_plan_above",
    "utter_distress",
    "utter_disclosure",
    "utter_delayed",
    "utter_slow_down",
    "utter_not_from_here",
    "utter_unavailable",
    "utter_error",
    "utter_too_long",
    "utter_no_words",
    "utter_fallback",
    "utter_did_you_mean",
    "utter_which_topic",
    "utter_no_facet",
    "utter_said_all",
    "utter_no_more",
    "utter_tongue",
    "utter_no_sources",
    "utter_sources_intro",
    "utter_sources_none_country",
    "utter_not_yet",
)

# Buttons that lead to a feature which can be switched off.
_FEATURE_OF = {
    "/request_safety_plan": "safety_plan",
    "/ask_wellbeing_grounding": "grounding",
}

# Dialogue acts that a button may carry.
_ISSUED_ACTS = (
    "ask_sources",
    "more",
    "affirm",
    "deny",
    "decline_help",
    "request_safety_plan",
    "stop",
)

Message = dict[str, Any]


class WordsError(Exception):
    """A template cannot be rendered: unknown template, value or language."""


class Words:
    """Renders and checks messages. All methods are pure; the content is loaded once."""

    def __init__(
        self,
        knowledge: Knowledge,
        responses: Mapping[str, Mapping[Language, Mapping[str, Any]]],
        labels: Mapping[str, Any],
        hotlines: Hotlines,
        languages: Mapping[str, OtherLanguage] | None = None,
    ) -> None:
        self.knowledge = knowledge
        self._languages = languages or {}
        self._spoken = spoken_templates(self._languages.values())
        self.responses = {**responses, **spoken_responses(self._languages.values())}
        self._labels = labels
        self._hotlines = hotlines
        facets = {f"follow_up_{facet}" for facet in FACETS if facet not in ("answer", "more")}
        self._intents = {*_ISSUED_ACTS, *facets, *knowledge.by_intent}
        self._titles: dict[Language, dict[str, str]] = {
            language: {
                button["payload"]: button["title"]
                for variants in responses.values()
                for button in variants[language]["buttons"]
            }
            for language in LANGUAGES
        }
        self._of_the_hour = {
            name
            for name, variants in self.responses.items()
            if _OF_THE_HOUR & set(_PLACEHOLDER.findall(str(variants["en"]["text"])))
        }

    def render(self, template: str, values: Mapping[str, Any], language: Language) -> Message:
        """Return the message of a template.

        Keys: `text`, `buttons` (title, payload), `sources` (id, citation, year, locator, kind),
        `template`, `values`, `language`. Raises WordsError where something is unknown.
        """
        values = {key: value for key, value in values.items() if value is not None}
        if template in self._spoken:
            values = self._in_language(self._spoken[template][0], values)
        try:
            if template == "kb_claims":
                text, sources = self._claims(values, language)
                buttons: list[Mapping[str, str]] = []
            elif template == "kb_sources":
                text, sources = self._sources(values, language)
                buttons = []
            else:
                variant = self.response(template, values)[language]
                text, sources = self._fill(variant["text"], values, language), []
                off = set(values.get("off") or ())
                buttons = [
                    dict(button)
                    for button in variant.get("buttons") or []
                    if _FEATURE_OF.get(button["payload"]) not in off
                ]
            buttons += self._value_buttons(values, language, bool(sources), template)
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise WordsError(f"{template} {dict(values)} [{language}]: {error!r}") from error
        return {
            "text": text.strip(),
            "buttons": buttons,
            "sources": sources,
            "template": template,
            "values": dict(values),
            "language": language,
        }

    def response(self, template: str, values: Mapping[str, Any]) -> Mapping[Language, Any]:
        """Return the texts and buttons of a response, by language.

        Where the region has no line to name, the variant that promises none. Raises KeyError.
        """
        found = self.responses[template]
        if values.get("hotlines") is not None and not values["hotlines"]:
            return self.responses.get(f"{template}_none", found)
        return found

    def is_vetted(
        self, message: Mapping[str, Any], said: Callable[[str], bool] = lambda _: False
    ) -> bool:
        """Return whether rendering the message's template again gives the same words.

        `said` tells whether a text was written by this person before: their own words are shown
        back to them and to nobody else.
        """
        language = message.get("language")
        if language not in LANGUAGES or not message.get("template"):
            return False
        own = (message.get("values") or {}).get("own") or {}
        if not all(isinstance(text, str) and said(text) for text in own.values()):
            return False
        try:
            again = self.render(str(message["template"]), message.get("values") or {}, language)
        except WordsError:
            return False
        sent = ("text", "buttons", "sources")
        return all((message.get(key) or []) == (again[key] or []) for key in sent)

    def is_issued(self, payload: str) -> bool:
        """Return whether `payload` is one that a button of ours can carry.

        Form `/intent` or `/intent{"topic": "<id>"}`, with a known intent and a known topic.
        """
        match = _PAYLOAD.fullmatch(payload)
        if not match or match.group(1) not in self._intents:
            return False
        if not match.group(2):
            return True
        try:
            entities = json.loads(match.group(2))
        except ValueError:
            return False
        return (
            isinstance(entities, dict)
            and set(entities) == {"topic"}
            and str(entities["topic"]) in self.knowledge.topics
        )

    def title_of(self, payload: str, language: Language) -> str:
        """Return what a button with this payload says; the payload itself where none is known."""
        return self._titles[language].get(payload) or self._title_of_topic(payload, language)

    def _title_of_topic(self, payload: str, language: Language) -> str:
        intent = payload.lstrip("/").partition("{")[0]
        if intent in self.knowledge.by_intent:
            return self.knowledge.by_intent[intent].question.get(language)
        facet = intent.removeprefix("follow_up_")
        if intent == "ask_sources":
            return self.label("sources", language)
        label = self._labels["facets"].get(facet)
        return str(label[language]) if label else payload

    def safety_values(
        self, region: str | None, language: Language, now: datetime | None = None
    ) -> dict[str, Any]:
        """Return the values that fill the words for a person in danger: lines open now first."""
        now = now or datetime.now(timezone.utc)
        choice = self._hotlines.choose(region, language, now)
        lines = choice.lines or choice.examples
        values = {"hotlines": [line.id for line in lines], "region": choice.region}
        return values | features_off()

    def label(self, name: str, language: Language) -> str:
        """Return a short label of `labels.yml`."""
        return str(self._labels[name][language])

    def claims(self, values: Mapping[str, Any]) -> tuple[Claim, ...]:
        """Return the claims that a `kb_claims` message with these values says."""
        topic = self.knowledge.topics[values["topic"]]
        bubbles = self.knowledge.bubbles(topic, str(values["facet"]))
        return bubbles[int(values["index"])]

    def lines(self, values: Mapping[str, Any]) -> list[Hotline]:
        """Return the hotlines that a message with these values names.

        Words in another language have no variant without lines; the emergency number of the
        region stands there then.
        """
        lines = [self._hotlines.get(line_id) for line_id in values.get("hotlines") or ()]
        number = self.emergency_line(values) if "spoken" in values and not lines else None
        return [number] if number else lines

    def emergency_line(self, values: Mapping[str, Any]) -> Hotline | None:
        """Return the emergency number of the region of these values, None where unknown."""
        return self._hotlines.emergency_line(values.get("region"))

    def fill(self, text: str, values: Mapping[str, Any], language: Language) -> str:
        """Return `text` with its placeholders filled. Raises KeyError for an unknown one."""
        return self._fill(text, values, language)

    def tongue_of(self, message: Message) -> str | None:
        """Return the language (ISO 639) of words that are neither English nor Chinese."""
        if message["template"] == "utter_tongue":
            return str(message["values"]["tongue"])
        return self.spoken(str(message["template"]))

    def spoken(self, template: str) -> str | None:
        """Return the code of the other language in which a template is, None for en and zh."""
        return self._spoken[template][0] if template in self._spoken else None

    def needs_lines(self, template: str) -> bool:
        """Return whether a template shows hotlines."""
        return template in self._of_the_hour

    def _in_language(self, code: str, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the values of words in another language: `spoken`, and examples that speak it.

        Examples are named where the region is not known, each with its country; the language says
        nothing about where somebody is.
        """
        values = {**values, "spoken": code}
        if not values.get("region") and values.get("hotlines"):
            values["hotlines"] = [line.id for line in self._hotlines.examples(code)]
        return values

    # -- texts ---------------------------------------------------------------------------------

    def _claims(
        self, values: Mapping[str, Any], language: Language
    ) -> tuple[str, list[dict[str, Any]]]:
        topic = self.knowledge.topics[values["topic"]]
        facet, index = str(values["facet"]), int(values["index"])
        claims = self.knowledge.bubbles(topic, facet)[index]
        texts = [claim.text(language) for claim in claims]
        last = index == len(self.knowledge.bubbles(topic, facet)) - 1
        if facet == "answer" and last and topic.invite:
            texts.append(topic.invite.get(language))
        return _join(texts, language), self._cite(claims, language)

    def _sources(
        self, values: Mapping[str, Any], language: Language
    ) -> tuple[str, list[dict[str, Any]]]:
        topic = self.knowledge.topics[values["topic"]]
        cited: dict[str, dict[str, Any]] = {}
        for place in values["places"]:
            facet, _, index = place.partition("/")
            bubble = self.knowledge.bubbles(topic, facet)[int(index)]
            cited.update({source["id"]: source for source in self._cite(bubble, language)})
        intro = self._fill(
            self.responses["utter_sources_intro"][language]["text"], values, language
        )
        lines = [
            f"{number}. {source['citation']} ({source['year']}). {source['kind']}."
            for number, source in enumerate(cited.values(), start=1)
        ]
        return "\n".join([intro, *lines]), list(cited.values())

    def _cite(self, claims: Any, language: Language) -> list[dict[str, Any]]:
        ids = dict.fromkeys(source for claim in claims for source in claim.sources)
        result = []
        for source in (self.knowledge.sources[source_id] for source_id in ids):
            kind = self._labels["source_kinds"][source.kind][language]
            result.append(
                {
                    "id": source.id,
                    "citation": source.citation,
                    "year": source.year,
                    "locator": source.locator,
                    "kind": kind,
                }
            )
        return result

    def _fill(self, text: str, values: Mapping[str, Any], language: Language) -> str:
        def value_of(match: re.Match[str]) -> str:
            name = match.group(1)
            if name == "title":
                return self.knowledge.topics[values["topic"]].title.get(language)
            if name == "country":
                return self.knowledge.country_name(values["country"], language)
            if name == "limit":
                return str(int(values["limit"]))
            if name == "lines":
                return self._lines(values, "en" if "spoken" in values else language)
            if name == "emergency":
                return self._emergency(values, language)
            if name == "here":
                return self._here(values.get("region"), language)
            if name == "tongue":
                return str(self._labels["tongues"][values["tongue"]])
            if name == "minutes":
                return str(int(values["minutes"]))
            if name in _CALM_STEPS:
                return self._calm(name, language)
            if name in PLAN_STEPS:
                text = str(values["own"].get(name) or "")
                empty = not text or text.lower().strip(" .。") in ("skip", "跳过", "/more")
                return str(self._labels["own_words_empty"][language]) if empty else text
            raise KeyError(name)

        return _PLACEHOLDER.sub(value_of, text)

    def _calm(self, step: str, language: Language) -> str:
        """Return the words of a step of the calming exercise; KeyError where the topic has none."""
        topic = self.knowledge.topics[GROUNDING]
        facet, part = _CALM_STEPS[step]
        claims = topic.answer if facet == "answer" else topic.facets[facet]
        if not (texts := [claim.text(language) for claim in claims[part]]):
            raise KeyError(step)
        return _join(texts, language)

    def _lines(self, values: Mapping[str, Any], language: Language) -> str:
        lines = []
        for line in self.lines({**values, "hotlines": values["hotlines"]}):
            colon = ": " if language == "en" else "："
            label = f"{line.name[language]}{colon}{line.contact[language]}"
            if values.get("region") not in (line.country, *line.covers):
                country = self.knowledge.country_name(line.country, language)
                label = f"{country} – {label}" if language == "en" else f"{country}，{label}"
            lines.append(f"• {label}")
        if not lines:
            return " " if language == "en" else ""
        return "\n" + "\n".join(lines) + "\n"

    def _emergency(self, values: Mapping[str, Any], language: Language) -> str:
        spoken = self._languages.get(str(values.get("spoken")))
        number = self._hotlines.emergency(values.get("region"), "en" if spoken else language)
        unknown = (
            spoken.says["emergency"] if spoken else self._labels["emergency_unknown"][language]
        )
        return number or str(unknown)

    def _here(self, region: str | None, language: Language) -> str:
        if region:
            return self.knowledge.country_name(region, language)
        return str(self._labels["here_unknown"][language])

    # -- buttons -------------------------------------------------------------------------------

    def _value_buttons(
        self, values: Mapping[str, Any], language: Language, sourced: bool, template: str
    ) -> list[Mapping[str, str]]:
        buttons: list[Mapping[str, str]] = []
        if "offer" in values:
            topic = self.knowledge.topics[values["topic"]]
            for facet in values["offer"]:
                intent = "more" if facet == "more" else f"follow_up_{facet}"
                title = self._labels["facets"][facet][language]
                buttons.append({"title": title, "payload": _payload(intent, topic)})
            if sourced and template == "kb_claims":
                title = self._labels["sources"][language]
                buttons.append({"title": title, "payload": _payload("ask_sources", topic)})
        for topic_id in values.get("choices", ()):
            topic = self.knowledge.topics[topic_id]
            buttons.append({"title": topic.question.get(language), "payload": f"/{topic.intent}"})
        return buttons


def features_off() -> dict[str, list[str]]:
    """Return the value `off`: features whose buttons are left out; {} where all are on."""
    off = sorted(set(_FEATURE_OF.values()) & set(SWITCHES.off()))
    return {"off": off} if off else {}


def _payload(intent: str, topic: Topic) -> str:
    return f"/{intent}{json.dumps({'topic': topic.id})}"


def _join(texts: list[str], language: Language) -> str:
    return (" " if language == "en" else "").join(texts)


def read_responses(file: Path) -> dict[str, dict[Language, dict[str, Any]]]:
    """Return the responses of a Rasa domain file as id -> language -> {text, buttons}.

    Raises ContentError where a response lacks a language, has no text, or where the two languages
    differ in their button payloads or placeholders.
    """
    found: dict[str, dict[Language, dict[str, Any]]] = {}
    node = (load_yaml(file) or {}).get("responses") or {}
    for name, variants in node.items():
        line = line_of(node, name)
        by_language: dict[Language, dict[str, Any]] = {}
        for variant in variants:
            values = [c.get("value") for c in variant.get("condition") or []]
            if len(values) != 1 or values[0] not in LANGUAGES or not variant.get("text"):
                raise ContentError(file, line, f"{name}: each variant needs a language and a text")
            by_language[values[0]] = {
                "text": str(variant["text"]).strip(),
                "buttons": [dict(button) for button in variant.get("buttons") or []],
            }
        if set(by_language) != set(LANGUAGES):
            raise ContentError(file, line, f"{name}: exists in one language only")
        shapes = {
            (
                tuple(b["payload"] for b in variant["buttons"]),
                tuple(sorted(_PLACEHOLDER.findall(variant["text"]))),
            )
            for variant in by_language.values()
        }
        if len(shapes) != 1:
            raise ContentError(file, line, f"{name}: buttons or placeholders differ by language")
        found[str(name)] = by_language
    return found


def spoken_responses(
    languages: Iterable[OtherLanguage],
) -> dict[str, dict[Language, dict[str, Any]]]:
    """Return the words in other languages in the shape of `read_responses`.

    The same text under "en" and "zh": whatever the conversation's language is, they are in theirs.
    """
    found = {}
    for name, (_, text) in spoken_templates(languages).items():
        found[name] = {language: {"text": text, "buttons": []} for language in LANGUAGES}
    return found


def load_labels() -> dict[str, Any]:
    """Return the labels file. Raises ContentError where a facet or a language is missing."""
    file = ROOT / "data" / "knowledge" / "labels.yml"
    labels: dict[str, Any] = load_yaml(file)
    for name in ("save_plan", "sources", "emergency_unknown", "here_unknown", "own_words_empty"):
        if set(labels.get(name) or {}) != set(LANGUAGES):
            raise ContentError(file, line_of(labels, name), f"{name} needs a label in en and in zh")
    for group, wanted in (("facets", FACETS), ("source_kinds", SOURCE_KINDS)):
        for name in wanted:
            if set((labels.get(group) or {}).get(name) or {}) != set(LANGUAGES):
                line = line_of(labels, group)
                raise ContentError(file, line, f"{group}.{name} needs a label in en and in zh")
    missing = set(TONGUES) - set(labels.get("tongues") or {})
    if missing:
        reason = f"tongues: no sentence for {', '.join(sorted(missing))}"
        raise ContentError(file, line_of(labels, "tongues"), reason)
    return labels


def check_words(words: Words, file: Path) -> None:
    """Render every fixed response in both languages. Raises ContentError where one cannot be.

    The words that the channel and the safety policy need must exist, or nothing starts.
    """
    topic = next(iter(words.knowledge.topics))
    country = next(iter(words.knowledge.countries))
    values = {"topic": topic, "country": country, "limit": 1, "hotlines": [], "region": None}
    values |= {"own": {}, "minutes": 1, "tongue": "fr"}
    examples = words.safety_values(None, "en")["hotlines"]
    everywhere = itertools.product({*NEEDED, *words.responses}, ([], examples))
    for template, lines in everywhere:
        for language in LANGUAGES:
            try:
                message = words.render(template, {**values, "hotlines": lines}, language)
            except WordsError as error:
                raise ContentError(file, 0, str(error)) from error
            for button in message["buttons"]:
                if not words.is_issued(button["payload"]):
                    reason = f"{template}: no such intent or topic: {button['payload']}"
                    raise ContentError(file, 0, reason)


@functools.lru_cache(maxsize=1)
def load_words() -> Words:
    """Return the project's words, loaded and checked once a process. Raises ContentError."""
    file = ROOT / "domain.yml"
    languages = load_languages().languages
    words = Words(load_knowledge(), read_responses(file), load_labels(), load_hotlines(), languages)
    check_words(words, file)
    return words
