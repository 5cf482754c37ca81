"""The web chat over HTTP: tokens, origins, idempotency, events, consent, export, deletion."""

import contextlib
import gzip
import http.client
import json
import os
import signal
import socket
import sqlite3
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import jsonschema
import jwt
import pytest

from bot.paths import ROOT
from tests.e2e.hostile import hostile_requests
from tests.e2e.stack import Stack

SECRET = "an invented secret of the tests, long enough"
KEY = "an invented key of a console"
SITE = "https://clinic-questions.example"
SCHEMA = json.loads((ROOT / "bot" / "channels" / "chat.schema.json").read_text("utf-8"))
CANARY = "marmalade sky"


def valid(kind, value):
    jsonschema.Draft7Validator({**SCHEMA, "$ref": f"#/definitions/{kind}"}).validate(value)
    return value


@pytest.fixture(scope="module")
def stack(model, tmp_path_factory):
    settings = {
        "UPRIGHT_SECRET": SECRET,
        "UPRIGHT_COUNSELLOR_KEY": KEY,
        "UPRIGHT_ORIGINS": f"{SITE} https://other.example",
    }
    stack = Stack(tmp_path_factory.mktemp("web"), **settings)
    try:
        yield stack.wait()
    finally:
        assert stack.stop() == 0


def send(stack, token, text="can it get infected?", message_id=None, **more):
    body = {"id": message_id or uuid.uuid4().hex, "text": text}
    return stack.request("/chat/messages", body, token=token, **more)


def claims(token):
    return jwt.decode(token, options={"verify_signature": False})


def stored_texts(stack):
    with sqlite3.connect(stack.folder / "upright.db") as connection:
        return str(connection.execute("SELECT sender_id, data FROM events").fetchall())


class Listener:
    """Server-sent events of one conversation, read in a thread."""

    def __init__(self, stack, token, last=None):
        self._connection = http.client.HTTPConnection("127.0.0.1", stack.port, timeout=30)
        headers = {"Authorization": f"Bearer {token}"}
        if last:
            headers["Last-Event-ID"] = last
        self._connection.request("GET", "/chat/events", headers=headers)
        self.answer = self._connection.getresponse()
        self.cors = self.answer.headers["Access-Control-Allow-Origin"]
        self.events = []
        self.comments = 0
        self._thread = threading.Thread(target=self._read, daemon=True)
        if self.answer.status == 200:
            self._thread.start()

    def _read(self):
        event = {}
        with contextlib.suppress(OSError, ValueError, AttributeError):
            while line := self.answer.readline().decode():
                line = line.rstrip("\n")
                if not line and event:
                    self.events.append(event)
                    event = {}
                elif line.startswith(":"):
                    self.comments += 1
                elif line:
                    name, _, value = line.partition(": ")
                    event[name] = value

    def wait(self, number, seconds=8):
        deadline = time.monotonic() + seconds
        while len(self.events) < number and time.monotonic() < deadline:
            time.sleep(0.02)
        return self.events

    def close(self):
        with contextlib.suppress(OSError):
            self._connection.sock.shutdown(socket.SHUT_RDWR)
        self._connection.close()


def test_everything_has_the_shape_of_the_schema(stack):
    status, session = stack.request("/chat/session", {"stored": True})
    assert status == 200
    token = valid("session", session)["token"]
    status, reply = send(stack, token)
    assert status == 200
    valid("reply", reply)
    status, history = stack.request("/chat/history", token=token)
    valid("history", history)
    assert [m["author"] for m in history["messages"]][:2] == ["person", "assistant"]
    status, error = stack.request("/chat/messages", {"id": "short"}, token=token)
    assert status == 400
    valid("error", error)


def test_the_same_id_is_answered_once(stack):
    token = stack.session()
    same = uuid.uuid4().hex
    with ThreadPoolExecutor(4) as pool:
        replies = [f.result() for f in [pool.submit(send, stack, token, message_id=same)] * 1]
        replies += list(pool.map(lambda _: send(stack, token, message_id=same), range(4)))
    assert {status for status, _ in replies} == {200}
    ids = {tuple(m["id"] for m in reply["messages"]) for _, reply in replies}
    assert len(ids) == 1
    _, history = stack.request("/chat/history", token=token)
    assert [m["id"] for m in history["messages"] if m["author"] == "person"] == [same]
    shown = [m["id"] for m in history["messages"] if m["author"] == "assistant"]
    assert tuple(shown) in ids


def test_ids_are_those_of_the_person(stack):
    """Another person's id of the same name is another message."""
    one, two = stack.session(), stack.session()
    same = uuid.uuid4().hex
    _, first = send(stack, one, "can it get infected?", same)
    _, second = send(stack, two, "is it legal in china?", same)
    assert first["messages"][0]["text"] != second["messages"][0]["text"]


@pytest.mark.parametrize("stored", [True, False])
def test_the_history_is_what_was_said(stack, stored):
    token = stack.session(stored)
    said = []
    for text in ("can it get infected?", "how common is that?", "source?"):
        _, reply = send(stack, token, text)
        said += [text, *(m["text"] for m in reply["messages"])]
    _, history = stack.request("/chat/history", token=token)
    assert [m["text"] for m in history["messages"]] == said


def test_a_button_is_shown_by_its_title(stack):
    token = stack.session()
    _, reply = send(stack, token)
    choices = next(b for m in reply["messages"] for b in m["blocks"] if b["type"] == "choices")
    choice = choices["items"][0]
    body = {"id": uuid.uuid4().hex, "payload": choice["payload"]}
    assert stack.request("/chat/messages", body, token=token)[0] == 200
    _, history = stack.request("/chat/history", token=token)
    mine = [m["text"] for m in history["messages"] if m["author"] == "person"]
    assert mine == ["can it get infected?", choice["title"]]


# -- tokens and sites -----------------------------------------------------------------------------


def forged():
    good = {"sub": "x", "aud": "self", "exp": int(time.time()) + 999}
    yield "", ""
    yield "nonsense", "a.b.c"
    yield "other key", jwt.encode(good, "another secret, also long enough", "HS256")
    yield "no algorithm", jwt.encode(good, "", "none")
    yield "old", jwt.encode({**good, "exp": int(time.time()) - 1}, SECRET, "HS256")
    yield "no end", jwt.encode({"sub": "x", "aud": "self"}, SECRET, "HS256")
    yield "no site", jwt.encode({"sub": "x", "exp": good["exp"]}, SECRET, "HS256")
    yield "other algorithm", jwt.encode(good, SECRET, "HS512")


@pytest.mark.parametrize("name, token", list(forged()), ids=[name for name, _ in forged()])
def test_a_forged_token_opens_nothing(stack, name, token):
    for path, body, method in (
        ("/chat/messages", {"id": "test-0001", "text": "hi"}, "POST"),
        ("/chat/history", None, "GET"),
        ("/chat/events", None, "GET"),
        ("/chat/export", None, "GET"),
        ("/chat/storage", {"stored": True}, "POST"),
        ("/chat/conversation", None, "DELETE"),
    ):
        status, answer = stack.request(path, body, token=token, method=method)
        assert status == 401, path
        assert answer["code"] == "expired"


def test_a_token_ends_after_a_day(stack):
    token = stack.session()
    assert claims(token)["exp"] - time.time() <= 24 * 3600


def test_a_stolen_token_is_refused_on_another_site(stack):
    token = stack.session()
    for origin in ("https://other.example", "https://evil.example", "null"):
        status, answer = send(stack, token, origin=origin)
        assert status == 403, origin
        assert answer["code"] == "forbidden"
    _, session = stack.request("/chat/session", {}, origin=SITE)
    assert send(stack, session["token"], origin=SITE)[0] == 200
    assert send(stack, session["token"], origin="https://other.example")[0] == 403
    assert send(stack, session["token"])[0] == 403


def test_only_allowed_sites_may_begin(stack):
    assert stack.request("/chat/session", {}, origin="https://evil.example")[0] == 403
    assert stack.request("/chat/session", {}, origin=SITE)[0] == 200
    own = f"http://127.0.0.1:{stack.port}"
    assert stack.request("/chat/session", {}, origin=own)[0] == 200


def cors(stack, origin, method="OPTIONS"):
    connection = http.client.HTTPConnection("127.0.0.1", stack.port, timeout=10)
    connection.request(
        method,
        "/chat/messages",
        headers={
            "Origin": origin,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization, content-type",
        },
    )
    answer = connection.getresponse()
    answer.read()
    return answer


def test_browsers_of_allowed_sites_may_read_the_answers(stack):
    answer = cors(stack, SITE)
    assert answer.status == 200
    assert answer.headers["Access-Control-Allow-Origin"] == SITE
    assert "authorization" in answer.headers["Access-Control-Allow-Headers"].lower()
    assert cors(stack, SITE, "POST").headers["Access-Control-Allow-Origin"] == SITE
    for method in ("OPTIONS", "POST"):
        answer = cors(stack, "https://evil.example", method)
        assert answer.headers["Access-Control-Allow-Origin"] is None


# -- events ---------------------------------------------------------------------------------------


def test_another_tab_sees_the_conversation_and_resumes(stack):
    token = stack.session()
    listener = Listener(stack, token)
    _, reply = send(stack, token)
    events = listener.wait(1 + len(reply["messages"]))
    listener.close()
    shown = [json.loads(e["data"]) for e in events]
    assert valid("message", shown[0])["author"] == "person"
    assert [m["id"] for m in shown[1:]] == [m["id"] for m in reply["messages"]]
    resumed = Listener(stack, token, last=events[0]["id"])
    assert [e["id"] for e in resumed.wait(len(events) - 1)] == [e["id"] for e in events[1:]]
    resumed.close()
    _, history = stack.request("/chat/history", token=token)
    assert history["event"] == events[-1]["id"]


@pytest.mark.parametrize("last", ["0000-1", "nonsense", "-", "9" * 500])
def test_an_unknown_event_id_asks_to_read_the_history(stack, last):
    listener = Listener(stack, stack.session(), last=last)
    assert listener.wait(1)[0]["event"] == "reset"
    listener.close()


def test_nobody_hears_another_conversation(stack):
    one, two = stack.session(), stack.session()
    listener = Listener(stack, two)
    send(stack, one)
    time.sleep(0.5)
    assert listener.events == []
    listener.close()


def counsellor(stack, body, key=KEY):
    return stack.request("/chat/counsellor", body, token=key)


@pytest.mark.parametrize("stored", [True, False])
def test_a_counsellors_words_arrive_under_their_label(stack, stored):
    token = stack.session(stored)
    send(stack, token)
    sender = claims(token)["sub"]
    listener = Listener(stack, token)
    assert counsellor(stack, {"conversation": sender, "typing": True})[0] == 200
    said = {"conversation": sender, "label": "Counsellor Li", "text": "I read what you wrote."}
    assert counsellor(stack, said)[0] == 200
    typing, message = listener.wait(2)
    listener.close()
    assert valid("typing", json.loads(typing["data"])) == {"author": "counsellor", "on": True}
    message = valid("message", json.loads(message["data"]))
    assert (message["author"], message["label"]) == ("counsellor", "Counsellor Li")
    _, history = stack.request("/chat/history", token=token)
    valid("history", history)
    assert message in history["messages"]
    assert send(stack, token, "how common is that?")[0] == 200


@pytest.mark.parametrize("key", ["", "wrong", KEY[:-1]])
def test_only_the_console_speaks_as_a_counsellor(stack, key):
    said = {"conversation": "x", "label": "Li", "text": "hi"}
    assert counsellor(stack, said, key)[0] == 401


def test_a_counsellor_cannot_write_to_nobody(stack):
    said = {"conversation": "no-such-conversation", "label": "Li", "text": "hi"}
    assert counsellor(stack, said)[0] == 404
    assert counsellor(stack, {**said, "text": ""})[0] == 400


# -- consent, export, deletion --------------------------------------------------------------------


def test_without_consent_nothing_is_stored_and_everything_works(stack):
    token = stack.session(stored=False)
    send(stack, token, f"can it get infected? {CANARY} one")
    _, reply = send(stack, token, "how common is that?")
    assert reply["messages"][0]["template"] == "kb_claims"
    assert f"{CANARY} one" not in stored_texts(stack)
    assert not any(b"marmalade" in f.read_bytes() for f in stack.folder.rglob("*") if f.is_file())


def test_consent_can_be_given_and_withdrawn(stack):
    token = stack.session(stored=False)
    send(stack, token, f"can it get infected? {CANARY} two")
    status, session = stack.request("/chat/storage", {"stored": True}, token=token)
    assert status == 200
    assert valid("session", session)["stored"]
    assert f"{CANARY} two" in stored_texts(stack)
    assert send(stack, token)[0] == 401
    kept = session["token"]
    _, reply = send(stack, kept, "how common is that?")
    assert reply["messages"][0]["template"] == "kb_claims"
    _, session = stack.request("/chat/storage", {"stored": False}, token=kept)
    assert f"{CANARY} two" not in stored_texts(stack)
    _, history = stack.request("/chat/history", token=session["token"])
    mine = [m["text"] for m in history["messages"] if m["author"] == "person"]
    assert len(mine) == 2


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_person_takes_the_conversation_along(stack, form):
    token = stack.session(stored=False)
    send(stack, token, f"can it get infected? {CANARY}")
    status, export = stack.request(f"/chat/export?format={form}", token=token)
    assert status == 200
    assert CANARY in str(export)
    if form == "json":
        for message in export["messages"]:
            valid("message", message)


def test_deleted_is_deleted_and_the_token_with_it(stack):
    token = stack.session()
    send(stack, token, f"can it get infected? {CANARY} three")
    assert f"{CANARY} three" in stored_texts(stack)
    listener = Listener(stack, token)
    status, answer = stack.request("/chat/conversation", token=token, method="DELETE")
    assert (status, answer) == (200, {"deleted": True})
    assert listener.wait(1)[-1]["event"] == "ended"
    assert f"{CANARY} three" not in stored_texts(stack)
    assert send(stack, token)[0] == 401
    for file in stack.folder.rglob("*"):
        assert not file.is_file() or b"sky three" not in file.read_bytes()


def test_what_is_under_way_when_a_conversation_is_deleted_leaves_no_trace(stack):
    token, actions = stack.session(), stack.pid("actions")
    with ThreadPoolExecutor(3) as pool:
        os.kill(actions, signal.SIGSTOP)
        try:
            hanging = pool.submit(send, stack, token, f"can it get infected? {CANARY} six")
            time.sleep(0.5)
            gone = pool.submit(stack.request, "/chat/conversation", token=token, method="DELETE")
            time.sleep(0.3)
            assert send(stack, token, f"and does it hurt? {CANARY} six")[0] == 401
            assert hanging.result()[0] == 200
        finally:
            os.kill(actions, signal.SIGCONT)
        assert gone.result()[1] == {"deleted": True}
    time.sleep(0.5)
    assert f"{CANARY} six" not in stored_texts(stack)
    for file in stack.folder.rglob("*"):
        assert not file.is_file() or b"sky six" not in file.read_bytes()


def test_a_lost_answer_about_storage_loses_no_conversation(stack):
    token = stack.session(stored=False)
    send(stack, token, f"can it get infected? {CANARY} seven")
    lost = stack.request("/chat/storage", {"stored": True}, token=token)[1]
    again = stack.request("/chat/storage", {"stored": True}, token=token)[1]
    assert claims(again["token"])["sub"] == claims(lost["token"])["sub"]
    # Moving makes no token live longer.
    assert claims(again["token"])["exp"] == claims(token)["exp"]
    withdrawn = stack.request("/chat/storage", {"stored": False}, token=token)[1]
    assert claims(withdrawn["token"])["sub"] == claims(token)["sub"]
    status, history = stack.request("/chat/history", token=withdrawn["token"])
    assert status == 200
    assert CANARY in str(history)
    assert f"{CANARY} seven" not in stored_texts(stack)


def test_the_region_chosen_in_the_chat_decides_on_the_lines(stack):
    token = stack.session(stored=False)
    body = {"id": uuid.uuid4().hex, "text": "i want to kill myself", "region": "US"}
    _, reply = stack.request("/chat/messages", body, token=token)
    assert "988" in str(valid("reply", reply))
    for wrong in ("us", "USA", 1, ""):
        body = {"id": uuid.uuid4().hex, "text": "hi", "region": wrong}
        assert stack.request("/chat/messages", body, token=token)[0] == 400


def test_words_in_another_language_say_so(stack):
    _, reply = send(stack, stack.session(stored=False), "no quiero vivir más, me quiero morir")
    spoken = [m for m in valid("reply", reply)["messages"] if m.get("tongue")]
    assert {m["tongue"] for m in spoken} == {"es"}
    assert all("_spoken_es" in m["template"] for m in spoken)


def test_the_script_travels_packed(stack):
    def get(encoding):
        connection = http.client.HTTPConnection("127.0.0.1", stack.port, timeout=10)
        connection.request("GET", "/chat/upright.js", headers={"Accept-Encoding": encoding})
        return (answer := connection.getresponse()), answer.read()

    (plain, script), (packed, small) = get("identity"), get("gzip, br")
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    assert gzip.decompress(small) == script
    assert len(small) < len(script) / 2
    assert plain.headers["ETag"] == packed.headers["ETag"]
    assert "Accept-Encoding" in packed.headers["Vary"]


# -- limits ---------------------------------------------------------------------------------------


def test_too_fast_is_told_to_wait_but_a_cry_for_help_is_heard(stack):
    token = stack.session(stored=False)
    body = {"text": "hi", "language": "zh"}
    for _ in range(40):
        message = {**body, "id": uuid.uuid4().hex}
        connection = http.client.HTTPConnection("127.0.0.1", stack.port, timeout=10)
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        connection.request("POST", "/chat/messages", json.dumps(message), headers)
        answer = connection.getresponse()
        content = json.loads(answer.read())
        if answer.status == 429:
            break
    assert answer.status == 429
    assert int(answer.headers["Retry-After"]) >= 1
    assert content["code"] == "busy"
    assert content["error"]["language"] == "zh"
    status, reply = send(stack, token, "我不想活了")
    assert status == 200
    assert any(m["template"] == "utter_crisis_lines" for m in reply["messages"])


def test_events_have_a_limit_of_tabs(stack):
    token = stack.session()
    listeners = [Listener(stack, token) for _ in range(7)]
    assert [one.answer.status for one in listeners] == [200] * 6 + [429]
    for one in listeners:
        one.close()


@pytest.mark.parametrize("path", ["/chat/web.py", "/chat/..%2Fweb.py", "/chat/../web.py"])
def test_no_other_file_is_served(stack, path):
    assert stack.request(path)[0] == 404


def test_a_thousand_hostile_requests_are_refused(stack):
    token = stack.session(stored=False)
    connection = http.client.HTTPConnection("127.0.0.1", stack.port, timeout=20)
    wrong = []
    for request in hostile_requests(1000, SECRET, token):
        headers = {"Content-Type": "application/json", **request.headers}
        connection.request(request.method, request.path, request.body, headers)
        answer = connection.getresponse()
        content = answer.read()
        if not 400 <= answer.status < 500 or b"Traceback" in content:
            wrong.append((answer.status, request.why, request.method, request.path))
    assert wrong == []
    # The conversation of the good token still works, and nobody was heard in it.
    _, history = stack.request("/chat/history", token=token)
    assert history["messages"] == []
    assert send(stack, token)[0] == 200


# -- restarts (last: they disturb the others) -----------------------------------------------------


def test_a_restart_keeps_the_session_and_does_not_double_a_message(stack):
    token = stack.session()
    same = uuid.uuid4().hex
    _, before = send(stack, token, message_id=same)
    listener = Listener(stack, token)
    os.kill(stack.pid("bot"), signal.SIGKILL)
    time.sleep(0.5)
    stack.wait_for("/chat/health")
    listener.close()
    status, after = send(stack, token, message_id=same)
    assert status == 200
    assert [m["id"] for m in after["messages"]] == [m["id"] for m in before["messages"]]
    assert [m["text"] for m in after["messages"]] == [m["text"] for m in before["messages"]]
    _, history = stack.request("/chat/history", token=token)
    assert [m["id"] for m in history["messages"] if m["author"] == "person"] == [same]
    status, conflict = send(stack, token, "something else", message_id=same)
    assert (status, valid("error", conflict)["code"]) == (409, "conflict")
    _, reply = send(stack, token, "how common is that?")
    assert reply["messages"][0]["template"] == "kb_claims"
