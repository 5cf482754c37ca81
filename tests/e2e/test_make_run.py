"""What `make run` starts, over HTTP: with everything well, and with the action server gone."""

import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bot.content import load_yaml
from bot.paths import DATA, ROOT
from tests.e2e.stack import Stack

CRISIS = {"en": "i don't want to be alive anymore", "zh": "我不想活了"}
QUESTION = {"en": "will my nerves be damaged?", "zh": "会伤到神经吗？"}
# "At once": far below the 5 s guard, with room for a busy machine.
AT_ONCE = 2.0


@pytest.fixture(scope="module")
def stack(model, tmp_path_factory):
    stack = Stack(tmp_path_factory.mktemp("stack"))
    try:
        yield stack.wait()
    finally:
        assert stack.stop() == 0


@pytest.fixture
def no_actions(stack):
    stack.control_program("stop", "actions")
    yield
    stack.control_program("start", "actions")
    wait_for_actions(stack)


@pytest.fixture
def hanging_actions(stack):
    pid = stack.pid("actions")
    os.kill(pid, signal.SIGSTOP)
    yield
    os.kill(pid, signal.SIGCONT)
    wait_for_actions(stack)


def wait_for_actions(stack):
    for _ in range(100):
        reply = stack.say(stack.session(), QUESTION["en"])
        if reply[0]["template"] == "kb_claims":
            return
        time.sleep(0.3)
    raise AssertionError("the action server did not come back")


def templates(reply):
    return [message["template"] for message in reply]


def timed(call, *arguments):
    started = time.monotonic()
    return call(*arguments), time.monotonic() - started


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_question_is_answered_with_its_sources(stack, language):
    reply = stack.say(stack.session(), QUESTION[language])
    assert templates(reply) == ["kb_claims", "utter_disclosure"]
    assert reply[0]["language"] == language
    sources = [block for block in reply[0]["blocks"] if block["type"] == "source"]
    assert sources
    assert all(source["citation"] and source["locator"] for source in sources)


def test_a_follow_up_is_understood(stack):
    token = stack.session()
    stack.say(token, "can it get infected?")
    reply = stack.say(token, "how common is that?")
    assert templates(reply)[0] == "kb_claims"
    reply = stack.say(token, "source?")
    assert templates(reply) == ["kb_sources"]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_crisis_words_at_once(stack, language):
    reply, seconds = timed(stack.say, stack.session(), CRISIS[language])
    assert "utter_crisis_lines" in templates(reply)
    assert reply[0]["language"] == language
    assert seconds < AT_ONCE


@pytest.mark.parametrize("language", ["en", "zh"])
def test_crisis_words_with_the_action_server_dead(stack, no_actions, language):
    token = stack.session()
    assert "utter_unavailable" in templates(stack.say(token, QUESTION[language]))
    reply, seconds = timed(stack.say, token, CRISIS[language])
    assert "utter_crisis_lines" in templates(reply)
    assert seconds < AT_ONCE


@pytest.mark.parametrize("language", ["en", "zh"])
def test_crisis_words_while_that_persons_turn_hangs(stack, hanging_actions, language):
    token = stack.session()
    with ThreadPoolExecutor(1) as pool:
        hanging = pool.submit(timed, stack.say, token, QUESTION[language])
        time.sleep(0.7)
        assert not hanging.done()
        reply, seconds = timed(stack.say, token, CRISIS[language])
        assert "utter_crisis_lines" in templates(reply)
        assert seconds < AT_ONCE
        assert not hanging.done()
        late, waited = hanging.result()
    assert waited < 6
    assert set(templates(late)) & {"utter_unavailable", "utter_delayed"}


def test_the_conversation_goes_on_after_a_hang(stack):
    token = stack.session()
    pid = stack.pid("actions")
    os.kill(pid, signal.SIGSTOP)
    try:
        stack.say(token, QUESTION["en"])
    finally:
        os.kill(pid, signal.SIGCONT)
    wait_for_actions(stack)
    assert templates(stack.say(token, QUESTION["en"]))[0] == "kb_claims"


@pytest.mark.parametrize(
    "body, raw, status, template",
    [
        ({"text": ""}, None, 400, "utter_no_words"),
        ({"text": "  \n "}, None, 400, "utter_no_words"),
        ({}, None, 400, "utter_no_words"),
        ({"text": "x" * 10_000}, None, 413, "utter_too_long"),
        ({"text": 7}, None, 400, "utter_error"),
        ({"text": None}, None, 400, "utter_error"),
        ({"text": "hi", "id": "x"}, None, 400, "utter_error"),
        ({"text": "hi", "id": None}, None, 400, "utter_error"),
        ({"text": "hi", "language": "xx"}, None, 400, "utter_error"),
        (["text"], None, 400, "utter_error"),
        (None, b'{"text": "half', 400, "utter_error"),
        (None, b"\xff\xfe", 400, "utter_error"),
        ({"payload": "/restart"}, None, 400, "utter_fallback"),
        ({"payload": '/more{"topic": "no.such"}'}, None, 400, "utter_fallback"),
        ({"payload": '/more{"last_topic": "law.china"}'}, None, 400, "utter_fallback"),
    ],
)
def test_bad_input_gets_a_clear_answer_and_the_conversation_goes_on(
    stack, body, raw, status, template
):
    token = stack.session()
    if isinstance(body, dict):
        body = {"id": "test-0001", **body}
    got, answer = stack.request("/chat/messages", body, raw=raw, token=token)
    assert got == status
    assert answer["error"]["template"] == template
    assert templates(stack.say(token, QUESTION["en"]))[0] == "kb_claims"


@pytest.mark.parametrize("text", ["😀😀😀", "/restart", "/session_start", "/ask_law_china", "?!"])
def test_odd_messages_are_answered(stack, text):
    token = stack.session()
    assert stack.say(token, text)
    assert templates(stack.say(token, QUESTION["zh"]))[0] == "kb_claims"


def test_a_long_cry_for_help_is_heard(stack):
    reply = stack.say(stack.session(), "so " * 3000 + CRISIS["en"])
    assert "utter_crisis_lines" in templates(reply)


@pytest.mark.parametrize("token", [None, "", "nonsense", "a.b.c"])
def test_no_conversation_without_our_token(stack, token):
    status, _ = stack.request("/chat/messages", {"text": "hi"}, token=token)
    assert status == 401


def test_chat_in_the_terminal(stack):
    result = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "bot", "chat"],
        input="will my nerves be damaged?\n1\n我不想活了\n\n",
        env={**os.environ, "UPRIGHT_PORT": str(stack.port)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert result.returncode == 0
    assert "[1] " in result.stdout
    assert "12356" in result.stdout


def test_other_sites_may_not_read_the_answers(stack):
    request = urllib.request.Request(
        stack.base + "/chat/session",
        b"{}",
        {"Content-Type": "application/json", "Origin": "https://elsewhere.example"},
    )
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=10)
    assert refused.value.code == 403
    assert refused.value.headers.get("Access-Control-Allow-Origin") is None


def test_two_people_do_not_meet(stack):
    one, two = stack.session(), stack.session()
    stack.say(one, "can it get infected?")
    reply = stack.say(two, "how common is that?")
    assert "utter_which_topic" in templates(reply)


@pytest.mark.parametrize(
    "path", ["/webhooks/rest/webhook", "/webhooks/rest/", "/conversations/x/tracker", "/model"]
)
def test_rasas_own_doors_are_shut(stack, path):
    assert stack.request(path, {"sender": "x", "message": "hi"})[0] in (404, 405)
    assert stack.request(path)[0] in (404, 405)


def test_everything_listens_on_loopback_only(stack):
    ports = {stack.port, stack.actions_port}
    heard = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text().splitlines()[1:]:
            address, state = line.split()[1], line.split()[3]
            host, port = address.split(":")
            if state == "0A" and int(port, 16) in ports:
                heard.add((host, int(port, 16)))
    assert {port for _, port in heard} == ports
    assert {host for host, _ in heard} == {"0100007F"}


def leave_hosts():
    words = load_yaml(DATA / "widget" / "words.yml")
    return {re.match(r"https://[^/]+", url)[0] for url in words["words"]["leave_url"].values()}


def test_the_page_asks_nothing_of_third_parties(stack):
    for file in ("", "upright.js", "chat.css"):
        status, content = stack.request(f"/chat/{file}")
        assert status == 200
        # Names of namespaces, and what a person may open: a source, "leave quickly".
        named = set(re.findall(r"https?://[^/\"'`\\\s]+", content))
        assert named <= {"http://www.w3.org", "https://doi.org", *leave_hosts()}
    assert stack.request("/chat/web.py")[0] == 404
    assert stack.request("/chat/..%2Fweb.py")[0] == 404
