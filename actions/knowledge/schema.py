"""Schema of the knowledge files: topics, claims, sources, names.

Every text stands in English and Simplified Chinese. Limits are those of the voice guide: a bubble
has at most 80 English words or 120 Chinese characters.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Literal

from pydantic import BaseModel, Extra, Field, root_validator, validator

Language = Literal["en", "zh"]
LANGUAGES: tuple[Language, ...] = ("en", "zh")

# What a follow-up can ask about a topic; "answer" is the direct answer. Each has an intent
# `follow_up_<facet>` (except answer and more) in data/nlu/acts.*.yml.
FACETS = (
    "answer",
    "frequency",
    "signs",
    "reversibility",
    "treatment",
    "action",
    "duration",
    "amount",
    "technique",
    "prevention",
    "evidence",
    "more",
)
AREAS = (
    "procedure",
    "complication",
    "recovery",
    "cost",
    "law",
    "eligibility",
    "referral",
    "growth",
    "wellbeing",
    "emergency",
    "about",
)
SOURCE_KINDS = (
    "systematic_review",
    "case_series",
    "case_report",
    "study",
    "guideline",
    "law",
    "regulator",
    "registry",
    "reference",
    "news",
    "clinic_page",
    "other",
)

MAX_WORDS_EN = 80
MAX_CHARACTERS_ZH = 120

_CJK = re.compile(r"[\u3400-\u9fff]")


def size(text: str, language: Language) -> int:
    """Return the length of `text`: words in English, Chinese characters in Chinese.

    In Chinese a run of Latin letters or digits counts as one character.
    """
    if language == "en":
        return len(text.split())
    return len(_CJK.findall(text)) + len(re.findall(r"[A-Za-z0-9.]+", text))


def limit(language: Language) -> int:
    """Return the most that a bubble may hold, in the unit of `size`."""
    return MAX_WORDS_EN if language == "en" else MAX_CHARACTERS_ZH


class _Model(BaseModel):
    class Config:
        extra = Extra.forbid
        allow_mutation = False
        anystr_strip_whitespace = True


class Text(_Model):
    """One text in both languages; neither may be empty."""

    en: str = Field(..., min_length=1)
    zh: str = Field(..., min_length=1)

    def get(self, language: Language) -> str:
        """Return the text in `language`."""
        return self.en if language == "en" else self.zh

    @validator("zh")
    def _has_chinese(cls, value: str) -> str:
        if not _CJK.search(value):
            raise ValueError("the zh text has no Chinese characters")
        return value


class Unit(_Model):
    """The unit of a figure in both languages, as it stands after the number."""

    en: str = Field(..., min_length=1)
    zh: str = Field(..., min_length=1)

    def get(self, language: Language) -> str:
        """Return the unit in `language`."""
        return self.en if language == "en" else self.zh


class Names(_Model):
    """What people call a thing, per language (noun phrases)."""

    en: tuple[str, ...] = ()
    zh: tuple[str, ...] = ()


class Figure(_Model):
    """The number of a claim, to be shown with weight: `value` as written, `unit` per language."""

    value: str = Field(..., regex=r"^[0-9][0-9.,\-–]*$")
    unit: Unit


class Mentioned(_Model):
    """What a person said they think of: techniques, bones (ids of `names.yml`), centimetres."""

    technique: tuple[str, ...] = ()
    segment: tuple[str, ...] = ()
    cm: float | None = None


class Fits(_Model):
    """For whom a claim holds: techniques, bones, a range of centimetres (from, to)."""

    technique: tuple[str, ...] = ()
    segment: tuple[str, ...] = ()
    cm: tuple[float, float] | None = None

    @root_validator(skip_on_failure=True)
    def _says_something(cls, values: dict[str, object]) -> dict[str, object]:
        if not any(values.values()):
            raise ValueError("'for' needs technique, segment or cm")
        return values

    @validator("cm")
    def _rising(cls, value: tuple[float, float] | None) -> tuple[float, float] | None:
        if value and not 0 <= value[0] < value[1] <= 30:
            raise ValueError("cm is [from, to] with 0 <= from < to <= 30")
        return value

    def rank(self, mentioned: Mentioned) -> int:
        """Return 1 where the claim fits what was mentioned, -1 where it does not, else 0."""
        fits = [
            bool(set(ours) & set(theirs))
            for ours, theirs in (
                (self.technique, mentioned.technique),
                (self.segment, mentioned.segment),
            )
            if ours and theirs
        ]
        if self.cm and mentioned.cm is not None:
            fits.append(self.cm[0] <= mentioned.cm <= self.cm[1])
        return 0 if not fits else 1 if all(fits) else -1


class Claim(_Model):
    """One statement. A fact from outside has sources; a sentence of ours is `kind: guidance`.

    `figure`: the one number that the statement is about; it stands in both texts.
    `for` says to whom it applies; claims that fit what the person mentioned are said first.
    """

    en: str = Field(..., min_length=1)
    zh: str = Field(..., min_length=1)
    sources: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    kind: Literal["fact", "guidance"] = "fact"
    figure: Figure | None = None
    fits: Fits | None = Field(None, alias="for")

    @root_validator(skip_on_failure=True)
    def _figure_is_in_the_texts(cls, values: dict[str, object]) -> dict[str, object]:
        figure = values.get("figure")
        if isinstance(figure, Figure):
            for language in LANGUAGES:
                unit = re.escape(figure.unit.get(language))
                number = rf"(?<![0-9.,]){re.escape(figure.value)}\s*{unit}"
                if not re.search(number, str(values[language])):
                    raise ValueError(
                        f"figure '{figure.value}' + unit is not in the {language} text"
                    )
        return values

    @root_validator(skip_on_failure=True)
    def _facts_have_sources(cls, values: dict[str, object]) -> dict[str, object]:
        if values["kind"] == "fact" and not values["sources"]:
            raise ValueError(
                "a claim needs at least one source id under 'sources' "
                "(or 'kind: guidance' where it states no fact from outside)"
            )
        return values

    def text(self, language: Language) -> str:
        """Return the statement in `language`."""
        return self.en if language == "en" else self.zh

    def rank(self, mentioned: Mentioned) -> int:
        """Return 1, 0 or -1: fits what was mentioned, says nothing of it, does not fit."""
        return self.fits.rank(mentioned) if self.fits else 0


class Review(_Model):
    """Who signed a topic, and when."""

    by: str
    on: date


class Topic(_Model):
    """One entry of the knowledge base: an answer, its follow-up facets, names and relations."""

    id: str
    reviewed: Literal["unreviewed"] | Review
    title: Text
    question: Text
    names: Names = Names()
    answer: tuple[Claim, ...]
    invite: Text | None = None
    facets: dict[str, tuple[Claim, ...]] = {}
    countries: dict[str, tuple[Claim, ...]] = {}
    # ISO code where the whole topic is about one country.
    country: str | None = Field(None, regex=r"^[A-Z]{2}$")
    related: tuple[str, ...] = ()

    @validator("id")
    def _id_has_area(cls, value: str) -> str:
        if not re.fullmatch(r"[a-z_]+\.[a-z_]+", value) or value.split(".")[0] not in AREAS:
            raise ValueError(f"'{value}' is not <area>.<name> with an area of: {', '.join(AREAS)}")
        return value

    @validator("answer")
    def _some_answer(cls, value: tuple[Claim, ...]) -> tuple[Claim, ...]:
        if not value:
            raise ValueError("an answer needs at least one claim")
        if any(claim.fits for claim in value):
            raise ValueError("'for' belongs to claims of facets; the answer is said to everybody")
        return value

    @validator("facets")
    def _known_facets(cls, value: dict[str, tuple[Claim, ...]]) -> dict[str, tuple[Claim, ...]]:
        for name, claims in value.items():
            if name not in FACETS or name == "answer":
                raise ValueError(f"unknown facet '{name}' (use {', '.join(FACETS[1:])})")
            if not claims:
                raise ValueError(f"facet '{name}' is empty; leave it out instead")
        return value

    @validator("countries")
    def _iso_codes(cls, value: dict[str, tuple[Claim, ...]]) -> dict[str, tuple[Claim, ...]]:
        for code in value:
            if not re.fullmatch(r"[A-Z]{2}", code):
                raise ValueError(f"'{code}' is not an ISO 3166-1 alpha-2 code such as TR")
        # Neutral order: never by price or by looseness of law.
        if list(value) != sorted(value):
            raise ValueError("countries must be in alphabetical order of their codes")
        return value

    @property
    def area(self) -> str:
        """The part of the id before the dot."""
        return self.id.split(".")[0]

    @property
    def intent(self) -> str:
        """The Rasa intent that asks this topic: `ask_<area>_<name>`."""
        return "ask_" + self.id.replace(".", "_")

    def claims(self, facet: str) -> tuple[Claim, ...]:
        """Return the claims of a facet ("answer" included); empty where there are none."""
        return self.answer if facet == "answer" else self.facets.get(facet, ())


class Source(_Model):
    """Where a claim comes from."""

    id: str
    citation: str = Field(..., min_length=8)
    year: str
    locator: str = Field(..., min_length=4)
    kind: str
    checked: date | None = None

    @validator("kind")
    def _known_kind(cls, value: str) -> str:
        if value not in SOURCE_KINDS:
            raise ValueError(f"unknown kind '{value}' (use {', '.join(SOURCE_KINDS)})")
        return value


class NamedThing(_Model):
    """A name list that is not a topic, such as the operation itself or a technique."""

    id: str
    kind: Literal["operation", "technique", "segment"]
    names: Names
