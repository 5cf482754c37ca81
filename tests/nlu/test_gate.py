"""The gate: the model that was trained can be loaded and answers."""

import json
import subprocess
import sys
import tarfile

import pytest

from actions.knowledge import load_knowledge
from bot.paths import ROOT

CODE = """
import asyncio, json, sys, bot
from rasa.core.agent import Agent
agent = Agent.load(sys.argv[1])
async def run():
    return [(await agent.parse_message(text)) for text in json.load(sys.stdin)]
parsed = asyncio.run(run())
print(json.dumps([[p["intent"]["name"], p["intent"]["confidence"], p["language"]] for p in parsed]))
"""


@pytest.fixture(scope="module")
def asked(model):
    """Every topic's own question, asked of the model in a fresh process."""
    topics = load_knowledge().topics.values()
    questions = [(t, language) for t in topics for language in ("en", "zh")]
    texts = [topic.question.get(language) for topic, language in questions]
    result = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", CODE, str(model)],
        input=json.dumps(texts),
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
    )
    return list(zip(questions, json.loads(result.stdout.strip().splitlines()[-1])))


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_topics_own_question_leads_to_it(asked, language):
    mine = [(t.intent, got[0]) for (t, lang), got in asked if lang == language]
    wrong = [pair for pair in mine if pair[0] != pair[1]]
    assert len(wrong) <= len(mine) * 0.04, wrong


def test_confidences_are_probabilities(asked):
    assert all(0 <= got[1] <= 1 for _, got in asked)


def test_the_model_holds_nothing_that_can_run_code(model):
    with tarfile.open(model) as archive:
        names = archive.getnames()
    assert not [n for n in names if n.endswith((".pkl", ".pickle", ".joblib", ".dill"))]
