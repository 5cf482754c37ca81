"""The web chat: a plain page and a small JSON interface.

`POST /chat/session` gives a signed token; `POST /chat/messages` with it (`Authorization: Bearer`)
answers with the reply. The token is the only key to a conversation: minted here, with an absolute
lifetime; the conversation id inside it is never chosen by the client.
"""

from __future__ import annotations

import os
import secrets
import time
from pathlib import Path
from typing import Any

import jwt
from sanic import Blueprint, response
from sanic.request import Request
from sanic.response import HTTPResponse

from actions.knowledge.schema import LANGUAGES
from bot.channels.base import MAX_CHARACTERS, ChannelBase, Inbound, OnMessage, Refused
from bot.words import Message

STATIC = Path(__file__).parent / "static"
_TOKEN_SECONDS = 24 * 3600
_MAX_BODY = 64 * 1024
_ALGORITHM = "HS256"
_FILES = {
    "": ("index.html", "text/html; charset=utf-8"),
    "chat.js": ("chat.js", "text/javascript; charset=utf-8"),
    "chat.css": ("chat.css", "text/css; charset=utf-8"),
}
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        "form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


class WebChannel(ChannelBase):
    """Serves the page at `/chat/` and its interface."""

    @classmethod
    def name(cls) -> str:
        """Return the channel's name in trackers."""
        return "web"

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> WebChannel:
        """Create the channel; `secret` signs tokens, a fresh one is made where it is empty."""
        secret = (credentials or {}).get("secret") or os.environ.get("UPRIGHT_SECRET")
        return cls(str(secret or secrets.token_hex(32)))

    def __init__(self, secret: str) -> None:
        super().__init__()
        self._secret = secret

    def url_prefix(self) -> str:
        """Return the address of the page."""
        return "/chat"

    def blueprint(self, on_new_message: OnMessage) -> Blueprint:
        """Return the routes."""
        routes = Blueprint("web_chat")

        @routes.get("/health")
        async def health(_: Request) -> HTTPResponse:
            return response.json({"status": "ok"})

        @routes.get("/")
        async def page(_: Request) -> HTTPResponse:
            return _static("")

        @routes.get("/<file:str>")
        async def asset(_: Request, file: str) -> HTTPResponse:
            return _static(file)

        @routes.post("/session")
        async def session(_: Request) -> HTTPResponse:
            return response.json({"token": self._mint()}, headers=HEADERS)

        @routes.post("/messages")
        async def messages(request: Request) -> HTTPResponse:
            inbound = None
            try:
                inbound = self._parse(request)
                reply = await self.turn(inbound, on_new_message)
            except Refused as refused:
                words = _public(self.refusal(refused, inbound))
                return response.json({"error": words}, refused.status, headers=HEADERS)
            return response.json({"messages": [_public(m) for m in reply]}, headers=HEADERS)

        return routes

    def _mint(self) -> str:
        claims = {"sub": secrets.token_urlsafe(16), "exp": int(time.time()) + _TOKEN_SECONDS}
        return jwt.encode(claims, self._secret, _ALGORITHM)

    def _parse(self, request: Request) -> Inbound:
        """Return the message of a request, or raise Refused with a 4xx status."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        try:
            claims = jwt.decode(
                token, self._secret, [_ALGORITHM], options={"require": ["exp", "sub"]}
            )
        except jwt.InvalidTokenError:
            raise Refused(401, "utter_error") from None
        if scheme.lower() != "bearer":
            raise Refused(401, "utter_error")
        if len(request.body) > _MAX_BODY:
            raise Refused(413, "utter_too_long", limit=MAX_CHARACTERS)
        return inbound_of(json_body(request), str(claims["sub"]))


def json_body(request: Request) -> dict[str, Any]:
    """Return the JSON object of a request, or raise Refused (400)."""
    try:
        body = request.json
    except Exception:
        raise Refused(400, "utter_error") from None
    if not isinstance(body, dict):
        raise Refused(400, "utter_error")
    return body


def inbound_of(body: dict[str, Any], sender: str) -> Inbound:
    """Return the message of a JSON body {text | payload, language?, id?}, or raise Refused."""
    text, payload = body.get("text", ""), body.get("payload")
    language, message_id = body.get("language"), body.get("id")
    if not isinstance(text, str) or not isinstance(payload, (str, type(None))):
        raise Refused(400, "utter_error")
    if not isinstance(message_id, (str, type(None))) or len(message_id or "") > 64:
        raise Refused(400, "utter_error")
    if payload is None and not text.strip():
        raise Refused(400, "utter_no_words")
    return Inbound(
        sender,
        text,
        payload,
        language=language if language in LANGUAGES else None,
        message_id=message_id,
    )


def _public(message: Message) -> Message:
    """Return what a client needs of a message."""
    return {key: message[key] for key in ("text", "buttons", "sources", "language", "template")}


def _static(file: str) -> HTTPResponse:
    if file not in _FILES:
        return response.text("", 404, headers=HEADERS)
    name, content_type = _FILES[file]
    body = (STATIC / name).read_bytes()
    return response.raw(body, headers=HEADERS, content_type=content_type)
