"""The invented topics of `make bench`: content that the project itself accepts."""

import shutil

import pytest
import yaml

import bot.check
from actions.knowledge import load_knowledge
from actions.knowledge.schema import LANGUAGES
from bot.paths import DATA, ROOT
from tests.bench_topics import resident
from tests.evaluation.generated import generate, write_topics

COUNT = 30


@pytest.fixture(scope="module")
def today():
    return load_knowledge()


@pytest.fixture(scope="module")
def topics(today):
    return generate(COUNT, list(today.sources)[:9], ["complication.infection"])


@pytest.fixture
def project(tmp_path, topics, today):
    shutil.copy(ROOT / "domain.yml", tmp_path)
    shutil.copytree(DATA / "knowledge", tmp_path / "data" / "knowledge")
    shutil.copytree(DATA / "nlu", tmp_path / "data" / "nlu")
    write_topics(tmp_path / "data", topics, set(today.by_intent))
    return tmp_path


def test_the_loader_accepts_them_and_nothing_else_is_left(project, topics):
    knowledge = load_knowledge(project / "data" / "knowledge")
    assert set(knowledge.topics) == {topic.id for topic in topics}
    assert len(knowledge.topics) == COUNT
    assert "complication.infection" in knowledge.topics


def test_training_accepts_the_examples_and_acts_keep_theirs(project, monkeypatch):
    knowledge = load_knowledge(project / "data" / "knowledge")
    monkeypatch.setattr(bot.check, "ROOT", project)
    monkeypatch.setattr(bot.check, "DATA", project / "data")
    assert bot.check.check_examples(knowledge)[0] == []
    domain = yaml.safe_load((project / "domain.yml").read_text("utf-8"))
    acts = {next(iter(act)) for act in domain["intents"]} - {"no_words", "nlu_fallback"}
    files = (project / "data" / "nlu").glob("*.yml")
    found = {e["intent"] for file in files for e in yaml.safe_load(file.read_text("utf-8"))["nlu"]}
    assert found == acts | set(knowledge.by_intent)


def test_questions_are_new_and_name_the_subject(topics):
    for topic in topics:
        for language in LANGUAGES:
            assert topic.questions[language]
            assert not set(topic.questions[language]) & set(topic.examples[language])
            for text in (*topic.questions[language], *topic.examples[language]):
                assert topic.noun[language] in text


def test_the_same_seed_gives_the_same_topics(topics, today):
    again = generate(COUNT, list(today.sources)[:9], ["complication.infection"])
    assert again == topics
    assert len({topic.noun["en"] for topic in topics}) == COUNT


def test_memory_of_a_process_is_that_of_its_family():
    assert resident(1) >= resident(2**22 + 1) == 0
