"""`make eval-server`: REST in, state contract out, as an outside evaluation uses it."""

import os
import shutil
import subprocess
import sys

import pytest

from bot.paths import ROOT
from tests.e2e.stack import Stack

CONTRACT = {
    "topic",
    "topics",
    "risk_level",
    "peak_risk_level",
    "language",
    "region",
    "age_band",
    "fallback",
}


@pytest.fixture(scope="module")
def stack(model, tmp_path_factory):
    stack = Stack(tmp_path_factory.mktemp("eval"), evaluation=True, EVAL_TOKEN="invented")
    try:
        yield stack.wait()
    finally:
        assert stack.stop() == 0


def say(stack, sender, text):
    status, answer = stack.request("/webhooks/rest/webhook", {"sender": sender, "message": text})
    assert status == 200, answer
    assert answer
    assert all(message["recipient_id"] == sender and message["text"] for message in answer)
    status, tracker = stack.request(f"/conversations/{sender}/tracker?token=invented")
    assert status == 200
    assert set(tracker["slots"]) >= CONTRACT
    return answer, tracker["slots"]


def test_the_state_of_a_conversation(stack):
    _, slots = say(stack, "one", "what are the odds of nerve damage?")
    assert slots["topic"] == "complication.nerve_injury"
    assert slots["topics"] == ["complication.nerve_injury"]
    assert (slots["risk_level"], slots["language"], slots["fallback"]) == ("none", "en", False)
    _, slots = say(stack, "one", "谢谢")
    assert slots["topic"] is None
    assert slots["language"] == "zh"
    _, slots = say(stack, "one", "more")
    assert slots["topic"] == "complication.nerve_injury"
    _, slots = say(stack, "one", "我不想活了")
    assert (slots["risk_level"], slots["peak_risk_level"]) == ("crisis", "crisis")
    assert slots["topic"] is None
    _, slots = say(stack, "one", "我没有想死，就是随口说说")
    assert (slots["risk_level"], slots["peak_risk_level"]) == ("none", "crisis")


def test_a_button_works_by_its_payload(stack):
    answer, _ = say(stack, "two", "hello")
    payload = answer[0]["buttons"][0]["payload"]
    _, slots = say(stack, "two", payload)
    assert slots["topic"]


def test_the_api_needs_its_token(stack):
    assert stack.request("/conversations/one/tracker")[0] == 401


@pytest.mark.parametrize("body", [{}, {"sender": "x"}, {"sender": "", "message": "hi"}, [1]])
def test_bad_requests_are_refused(stack, body):
    assert stack.request("/webhooks/rest/webhook", body)[0] == 400


def test_a_broken_knowledge_file_stops_the_start(tmp_path):
    shutil.copytree(ROOT / "data" / "knowledge", tmp_path / "knowledge")
    file = tmp_path / "knowledge" / "topics" / "law" / "china.yml"
    file.write_text(file.read_text("utf-8").replace("answer:", "anwser:", 1), encoding="utf-8")
    result = subprocess.run(
        [sys.executable, "-m", "bot", "serve"],
        cwd=ROOT,
        env={
            **os.environ,
            "UPRIGHT_KNOWLEDGE": str(tmp_path / "knowledge"),
            "UPRIGHT_PORT": "5998",
        },
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert result.returncode == 1
    assert "china.yml:" in result.stderr
    assert "anwser" in result.stderr
    assert "Traceback" not in result.stderr
