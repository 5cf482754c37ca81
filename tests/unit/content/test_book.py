"""The knowledge book: everything is in it, both languages, and it says what was never reviewed."""

import re
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser

import pytest

from actions.knowledge import load_knowledge
from actions.knowledge.schema import Review
from bot.book import count, link_parts, review_state, write_book
from bot.evidence import parts_of

TODAY = date(2026, 11, 22)


@pytest.fixture(scope="module")
def knowledge():
    return load_knowledge()


@pytest.fixture(scope="module")
def book(tmp_path_factory, knowledge):
    folder = tmp_path_factory.mktemp("book") / "pages"
    write_book(folder, TODAY, knowledge)
    return {file.name: file.read_text("utf-8") for file in folder.iterdir()}


class _Page(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.ids, self.links, self.tags, self.open, self.loaded = [], [], [], [], []
        self.words = ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        self.tags.append(tag)
        if tag not in ("meta", "link"):
            self.open.append(tag)
        if "id" in values:
            self.ids.append(values["id"])
        if tag == "a":
            self.links.append(values["href"])
        self.loaded += [values[key] for key in ("src", "srcset") if key in values]
        if tag == "link":
            self.loaded.append(values["href"])

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words += data


@pytest.fixture(scope="module")
def pages(book):
    return {name: _Page(text) for name, text in book.items() if name.endswith(".html")}


def _with_review(knowledge, *days):
    topics = dict(knowledge.topics)
    for topic_id, day in zip(topics, days):
        review = Review(by="Dr <b>Example</b>", on=day)
        topics[topic_id] = topics[topic_id].copy(update={"reviewed": review})
    return replace(knowledge, topics=topics)


def test_every_claim_stands_there_in_both_languages(knowledge, pages):
    for topic in knowledge.topics.values():
        words = pages[f"{topic.area}.html"].words
        for _, claims in parts_of(topic):
            for claim in claims:
                assert claim.en in words
                assert claim.zh in words
                assert all(row in words for row in claim.evidence)
        assert topic.question.en in words


def test_every_source_stands_there_with_its_details(knowledge, pages):
    words = pages["sources.html"].words
    for source in knowledge.sources.values():
        assert source.citation in words
        assert source.locator in words


def test_every_link_inside_leads_somewhere(pages):
    for name, page in pages.items():
        assert len(page.ids) == len(set(page.ids)), name
        assert page.open == []
        for link in page.links:
            if link.startswith("http"):
                continue
            file, _, anchor = link.partition("#")
            target = pages[file or name]
            assert not anchor or anchor in target.ids, (name, link)


def test_nothing_comes_from_elsewhere_and_no_script_runs(book, pages):
    for page in pages.values():
        assert "script" not in page.tags
        assert page.loaded == ["book.css"]
    assert not re.search(r"url\(|@import", book["book.css"])


def test_it_says_that_nobody_reviewed_it(book, pages):
    assert "No clinician has reviewed this yet" in pages["index.html"].words
    assert "还没有医生审核过" in pages["index.html"].words
    topics = book["complication.html"].count('<article class="topic"')
    assert book["complication.html"].count('class="badge never"') == topics > 10


def test_a_review_changes_what_it_says(tmp_path, knowledge):
    signed = _with_review(knowledge, date(2026, 3, 1), date(2024, 3, 1))
    counts, _ = write_book(tmp_path / "b", TODAY, signed)
    assert (counts.reviewed, counts.old) == (1, 1)
    assert counts.never == counts.topics - 2
    index = (tmp_path / "b" / "index.html").read_text("utf-8")
    assert "No clinician has reviewed" not in index
    assert "1 of" in index
    about = (tmp_path / "b" / "about.html").read_text("utf-8")
    assert "Review over a year old" in about
    assert "Dr &lt;b&gt;Example&lt;/b&gt;, 2026-03-01" in about  # escaped


def test_a_year_makes_a_review_old(knowledge):
    topic = next(iter(_with_review(knowledge, date(2025, 11, 22)).topics.values()))
    assert review_state(topic, date(2026, 11, 22)) == "reviewed"
    assert review_state(topic, date(2026, 11, 23)) == "old"


def test_counts_come_from_the_files(knowledge):
    counts = count(knowledge, TODAY)
    assert counts.topics == len(knowledge.topics) == counts.never + counts.reviewed + counts.old
    assert counts.sources_checked == sum(bool(s.checked) for s in knowledge.sources.values())


@pytest.mark.parametrize(
    "locator, wanted",
    [
        (
            "doi:10.1/ab(3)c; PMID 123",
            ["https://doi.org/10.1/ab(3)c", "https://pubmed.ncbi.nlm.nih.gov/123/"],
        ),
        (
            "see http://a.example/x ; PMC99",
            ["http://a.example/x", "https://pmc.ncbi.nlm.nih.gov/articles/PMC99/"],
        ),
        ("javascript:alert(1)", []),
        ("no public address", []),
    ],
)
def test_locators_become_links(locator, wanted):
    parts = link_parts(locator)
    assert [address for _, address in parts if address] == wanted
    assert "".join(text for text, _ in parts) == locator
