"""Every row of the evidence list is used or excused; complication topics hold what is asked."""

import pytest

from actions.knowledge import load_knowledge
from actions.knowledge.base import KNOWLEDGE, read_knowledge
from bot.evidence import NEEDED_FACETS, check_evidence, check_facets, evidence_used, topic_file

TOPIC = """
id: complication.infection
reviewed: unreviewed
title: {en: "Infection", zh: "感染"}
question: {en: "Can it get infected?", zh: "会感染吗？"}
answer:
  - {en: "One in ten had one.", zh: "十个人里有一个。", sources: [ONE], evidence: [row_a]}
facets:
  signs:
    - {en: "Fever.", zh: "发烧。", sources: [ONE], evidence: [row_b]}
"""
SOURCES = "- {id: ONE, citation: Invented study, year: '2020', locator: none here, kind: study}\n"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "topics" / "complication").mkdir(parents=True)
    (tmp_path / "topics" / "complication" / "infection.yml").write_text(TOPIC, "utf-8")
    (tmp_path / "sources.yml").write_text(SOURCES, "utf-8")
    (tmp_path / "names.yml").write_text("", "utf-8")
    (tmp_path / "countries.yml").write_text("", "utf-8")
    (tmp_path / "evidence_ids.txt").write_text("# ids\nrow_a\nrow_b\nrow_c\n", "utf-8")
    _excuse(tmp_path, "- {id: row_c, reason: no address}\n")
    return tmp_path


def _excuse(folder, text):
    (folder / "evidence_unused.yml").write_text(text, "utf-8")


def _check(folder):
    errors = []
    knowledge = read_knowledge(folder, errors)
    assert errors == []
    return check_evidence(knowledge, folder)


def test_used_or_excused_is_right(folder):
    assert _check(folder) == []


def test_a_row_that_nobody_uses(folder):
    _excuse(folder, "[]\n")
    (mistake,) = _check(folder)
    assert (mistake.file.name, mistake.line) == ("evidence_ids.txt", 4)
    assert "'row_c' is used by no claim" in mistake.reason


def test_an_excuse_for_a_used_row(folder):
    _excuse(folder, "- {id: row_c, reason: no address}\n- {id: row_a, reason: old}\n")
    (mistake,) = _check(folder)
    assert mistake.line == 2
    assert "used by complication.infection" in mistake.reason


@pytest.mark.parametrize("entry", ["- {id: row_c}", "- {id: row_c, reason: ''}", "- row_c"])
def test_an_excuse_without_reason(folder, entry):
    _excuse(folder, entry + "\n")
    assert "needs an id and a reason" in _check(folder)[0].reason


def test_an_unknown_row(folder):
    (folder / "evidence_ids.txt").write_text("row_a\nrow_c\n", "utf-8")
    (mistake,) = _check(folder)
    assert (mistake.file.name, mistake.line) == ("infection.yml", 10)
    assert "evidence 'row_b' is no row" in mistake.reason


def test_a_missing_facet_is_named(folder):
    mistakes = check_facets(read_knowledge(folder, []), folder)
    missing = [facet for facet in NEEDED_FACETS if facet != "signs"]
    assert [m.reason.split("'")[1] for m in mistakes] == missing
    assert {(m.file.name, m.line) for m in mistakes} == {("infection.yml", 8)}


def test_other_content_may_do_without_a_list(folder):
    (folder / "evidence_ids.txt").unlink()
    assert _check(folder) == []


def test_the_evidence_of_this_release_is_used():
    knowledge = load_knowledge()
    assert check_evidence(knowledge) == []
    assert check_facets(knowledge) == []
    assert len(evidence_used(knowledge)) > 170
    assert all(topic_file(t).is_file() for t in knowledge.topics.values())
    assert (KNOWLEDGE / "evidence_ids.txt").read_text("utf-8").count("\n") > 180
