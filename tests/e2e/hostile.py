"""A thousand requests that nobody honest sends: forged, malformed, oversized, misplaced."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import jwt

ROUTES = (
    *(("POST", "/chat/messages"), ("GET", "/chat/history"), ("GET", "/chat/events")),
    *(("GET", "/chat/export"), ("DELETE", "/chat/conversation"), ("POST", "/chat/storage")),
    ("POST", "/chat/counsellor"),
)
_DEEP = b'{"id":"test-0001","text":' + b"[" * 20_000
_BODIES = (
    *(b"", b"null", b"[]", b"7", b'"text"', b"{", b"\xff\xfe\x00", b"a=1&b=2", _DEEP),
    *(b'{"text":"hi"}', b'{"id":"test-0001"}', b'{"id":"../../etc","text":"hi"}'),
    *(b'{"id":7,"text":"hi"}', b'{"id":"test-0001","text":7}', b'{"id":"test-0001","text":""}'),
    *(b'{"id":"test-0001","text":null}', b'{"id":"test-0001","payload":{"a":1}}'),
    *(b'{"id":"test-0001","payload":"/restart"}', b'{"id":"test-0001","payload":"more"}'),
    b'{"id":"test-0001","payload":"/more{\\"topic\\":\\"law.china\\",\\"x\\":1}"}',
    *(b'{"id":"test-0001","text":"hi","language":"xx"}', b'{"id":"short","text":"hi"}'),
    b'{"id":"test-0001","text":"\\u0000\\u0007"}',
    b'{"id":"test-0001","text":"' + b"x" * 3000 + b'"}',
    b'{"id":"test-0001","text":"' + b"x" * 100_000 + b'"}',
)
_ORIGINS = ("https://evil.example", "null", "http://127.0.0.1:1", "javascript:alert(1)", "https://")
_PATHS = (
    *("/chat/none", "/chat/../web.py", "/chat/..%2f..%2fdomain.yml", "/chat//messages"),
    *("/chat/%00", "/chat/session/x", "/webhooks/rest/webhook", "/model"),
    "/conversations/x/tracker",
)
_METHODS = (
    *(("GET", "/chat/messages"), ("PUT", "/chat/messages"), ("DELETE", "/chat/history")),
    *(("POST", "/chat/upright.js"), ("PATCH", "/chat/session"), ("POST", "/chat/health")),
)


@dataclass
class Hostile:
    """One request, and why it must be refused."""

    why: str
    method: str
    path: str
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


def hostile_requests(number: int, secret: str, token: str) -> Iterator[Hostile]:
    """Yield `number` requests; `token` is a good one of the server's own pages."""
    dice = random.Random(20261122)
    kinds = (_forged_token, _bad_body, _bad_origin, _bad_path, _bad_method)
    for index in range(number):
        yield kinds[index % len(kinds)](dice, secret, token)


def _forged_token(dice: random.Random, secret: str, token: str) -> Hostile:
    method, path = dice.choice(ROUTES)
    head, claims, signature = token.split(".")
    good = {"sub": f"guess-{dice.random()}", "aud": "self", "exp": int(time.time()) + 999}
    forged = dice.choice(
        (
            "",
            "x" * dice.randint(1, 5000),
            f"{head}.{claims}.{signature[::-1]}",
            f"{head}.{claims}.",
            f"{head}.{claims[:-4]}AAAA.{signature}",
            jwt.encode(good, f"guess-{dice.random()}-of-the-secret-of-it", "HS256"),
            jwt.encode(good, "", "none"),
            jwt.encode({**good, "exp": 1}, secret, "HS256"),
            jwt.encode({**good, "aud": "https://other.example"}, secret, "HS256"),
            jwt.encode({"sub": "x"}, secret, "HS256"),
        )
    )
    scheme = dice.choice(("Bearer", "bearer", "Basic", ""))
    body = json.dumps({"id": "test-0001", "text": "hi", "stored": True}).encode()
    headers = {"Authorization": f"{scheme} {forged}"}
    return Hostile("forged token", method, path, body if method == "POST" else b"", headers)


def _bad_body(dice: random.Random, secret: str, token: str) -> Hostile:
    body = dice.choice(_BODIES).replace(b"test-0001", b"test-%08d" % dice.randrange(10**8))
    headers = {"Authorization": f"Bearer {token}"}
    return Hostile("malformed body", "POST", "/chat/messages", body, headers)


def _bad_origin(dice: random.Random, secret: str, token: str) -> Hostile:
    method, path = dice.choice((*ROUTES[:6], ("POST", "/chat/session")))
    headers = {"Authorization": f"Bearer {token}", "Origin": dice.choice(_ORIGINS)}
    body = b'{"id":"test-0001","text":"hi"}' if method == "POST" else b""
    return Hostile("another site", method, path, body, headers)


def _bad_path(dice: random.Random, secret: str, token: str) -> Hostile:
    method = dice.choice(("GET", "POST"))
    body = b"{}" if method == "POST" else b""
    return Hostile("no such page", method, dice.choice(_PATHS), body)


def _bad_method(dice: random.Random, secret: str, token: str) -> Hostile:
    method, path = dice.choice(_METHODS)
    return Hostile("wrong method", method, path, b"", {"Authorization": f"Bearer {token}"})
