"""The knowledge files: what an editor's mistake looks like, and what must hold for all of them."""

import shutil
import textwrap

import pytest

from actions.knowledge import load_knowledge
from actions.knowledge.base import KNOWLEDGE, read_knowledge
from actions.knowledge.schema import AREAS, FACETS, LANGUAGES, Claim, limit, size
from bot.content import ContentError

TOPIC = """
id: complication.infection
reviewed: unreviewed
title: {en: "Infection", zh: "感染"}
question: {en: "Can it get infected?", zh: "会感染吗？"}
answer:
  - en: "One in ten had one."
    zh: "十个人里有一个。"
    sources: [ONE]
facets:
  signs:
    - en: "Fever."
      zh: "发烧。"
      sources: [ONE]
"""
SOURCES = """
- id: ONE
  citation: "Invented A. A made-up study"
  year: "2020"
  locator: "doi:10.0000/none"
  kind: study
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "topics" / "complication").mkdir(parents=True)
    (tmp_path / "topics" / "complication" / "infection.yml").write_text(TOPIC, encoding="utf-8")
    (tmp_path / "sources.yml").write_text(SOURCES, encoding="utf-8")
    (tmp_path / "names.yml").write_text("[]", encoding="utf-8")
    (tmp_path / "countries.yml").write_text("TR: {en: [Turkey], zh: [土耳其]}", encoding="utf-8")
    return tmp_path


def test_a_sound_folder_loads(folder):
    knowledge = load_knowledge(folder)
    topic = knowledge.topics["complication.infection"]
    assert topic.intent == "ask_complication_infection"
    assert knowledge.by_intent[topic.intent] is topic
    assert [c.en for c in topic.claims("signs")] == ["Fever."]
    assert topic.claims("treatment") == ()


@pytest.mark.parametrize(
    "old, new, line, reason",
    [
        ("sources: [ONE]\nfacets", "sources: [TWO]\nfacets", 9, "unknown source 'TWO'"),
        ("    sources: [ONE]\nfacets", "facets", 7, "needs at least one source"),
        ("  signs:", "  sings:", 10, "unknown facet 'sings'"),
        ('zh: "感染"', 'zh: "infection"', 4, "no Chinese characters"),
        (', zh: "感染"', "", 4, "title.zh: field required"),
        ("reviewed: unreviewed", "reviewed: yes", 3, "reviewed"),
        ("id: complication.infection", "id: complication.infektion", 2, "does not match its place"),
        ("id: complication.infection", "id: risk.infection", 2, "area"),
        ("facets:", "related: [complication.death]\nfacets:", 10, "unknown related topic"),
        ("facets:", "facts: 1\nfacets:", 10, "unknown key"),
        ("facets:", "id: again\nfacets:", 10, "repeated key"),
        ("title:", "\ttitle:", 4, "tab"),
        ('"Can it get infected?"', '"Can it get infected, and if so how often?"', 5, "characters"),
        ("One in ten had one.", "word " * 81, 7, "81 English words"),
        ("十个人里有一个。", "字" * 121, 7, "121 Chinese characters"),
        ("facets:", "countries: {XX: [{en: a, zh: 一, kind: guidance}]}\nfacets:", 10, "XX"),
    ],
)
def test_a_mistake_names_file_line_and_reason(folder, old, new, line, reason):
    file = folder / "topics" / "complication" / "infection.yml"
    assert old in TOPIC
    file.write_text(TOPIC.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ContentError) as caught:
        load_knowledge(folder)
    assert caught.value.file == file
    assert caught.value.line == line
    assert reason in str(caught.value)


def test_a_source_without_an_address_is_not_cited(folder):
    (folder / "sources.yml").write_text(
        SOURCES.replace("doi:10.0000/none", "no public address"), encoding="utf-8"
    )
    errors = []
    read_knowledge(folder, errors)
    assert [(error.file.name, error.line) for error in errors] == [
        ("infection.yml", 9),
        ("infection.yml", 14),
    ]
    assert "source 'ONE' has no public address" in str(errors[0])


def test_every_mistake_is_listed(folder):
    (folder / "topics" / "complication" / "death.yml").write_text("id: [", encoding="utf-8")
    (folder / "sources.yml").write_text(SOURCES.replace("kind: study", "kind: blog"))
    errors = []
    read_knowledge(folder, errors)
    assert len(errors) >= 3
    assert any("unknown kind 'blog'" in str(error) for error in errors)


def test_an_empty_folder_says_so(tmp_path):
    with pytest.raises(ContentError):
        load_knowledge(tmp_path)


def test_countries_are_never_in_another_order(folder):
    file = folder / "topics" / "complication" / "infection.yml"
    block = textwrap.dedent("""
        countries:
          US: [{en: a, zh: 一, kind: guidance}]
          TR: [{en: a, zh: 一, kind: guidance}]
        """)
    file.write_text(TOPIC + block, encoding="utf-8")
    with pytest.raises(ContentError, match="alphabetical"):
        load_knowledge(folder)


# -- the project's own content -----------------------------------------------------------------


@pytest.fixture(scope="module")
def knowledge():
    return load_knowledge()


def test_topics_are_of_the_contract(knowledge):
    assert len(knowledge.topics) >= 30
    areas = {topic.area for topic in knowledge.topics.values()}
    counts = {area: sum(t.area == area for t in knowledge.topics.values()) for area in areas}
    assert areas == set(AREAS)
    # The contract has one topic of that area.
    assert all(count >= 2 for area, count in counts.items() if area != "emergency")


def test_bubbles_lose_nothing_and_stay_short(knowledge):
    for topic in knowledge.topics.values():
        for facet in ("answer", *topic.facets, *(f"country:{c}" for c in topic.countries)):
            bubbles = knowledge.bubbles(topic, facet)
            for bubble in bubbles:
                for language in LANGUAGES:
                    words = sum(size(claim.text(language), language) for claim in bubble)
                    assert words <= limit(language), (topic.id, facet)
        assert len(knowledge.bubbles(topic, "answer")) == 1


def test_every_fact_has_a_source_that_exists(knowledge):
    for topic in knowledge.topics.values():
        for claims in (topic.answer, *topic.facets.values(), *topic.countries.values()):
            for claim in claims:
                assert claim.kind == "guidance" or claim.sources
                assert set(claim.sources) <= set(knowledge.sources)


def test_nothing_claims_a_review_that_has_not_happened(knowledge):
    assert {topic.reviewed for topic in knowledge.topics.values()} == {"unreviewed"}


@pytest.mark.parametrize("facet", [f for f in FACETS if f not in ("answer", "more")])
def test_each_facet_is_used_by_a_topic(knowledge, facet):
    assert any(facet in topic.facets for topic in knowledge.topics.values())


def test_a_copy_of_the_content_with_a_broken_line_is_refused(tmp_path):
    shutil.copytree(KNOWLEDGE, tmp_path / "knowledge")
    file = tmp_path / "knowledge" / "topics" / "law" / "china.yml"
    file.write_text(file.read_text("utf-8").replace("title:", "titel:", 1), encoding="utf-8")
    with pytest.raises(ContentError, match=r"law/china\.yml:\d+: "):
        load_knowledge(tmp_path / "knowledge")


def test_size_counts_words_or_characters():
    assert size("about 5 cm each", "en") == 4
    assert size("大约5厘米，LON", "zh") == 6
    assert Claim(en="x", zh="一", kind="guidance").text("zh") == "一"
