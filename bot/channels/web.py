"""The web chat: a small JSON interface, server-sent events, and the widget's files.

Under `/chat`, shapes in `chat.schema.json`:

    POST session, storage     a signed token; whether the conversation is stored
    POST messages             a message in, the reply out; safe to send again with the same id
    GET  history, events      what was said; what comes later (server-sent events)
    GET  export, DELETE conversation
    POST counsellor           a counsellor's message, with `UPRIGHT_COUNSELLOR_KEY`
    GET  /, upright.js        the full-page chat, the widget

A token is the only key to a conversation: minted here, bound to the site that asked for it, with
an absolute lifetime; the conversation id inside it is never chosen by the client.
"""

from __future__ import annotations

import asyncio
import gc
import hashlib
import hmac
import json
import logging
import os
import re
import secrets
import time
import zlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from datetime import datetime, timezone
from typing import Any
from urllib.parse import urlsplit

import jwt
from rasa.shared.core.events import BotUttered
from sanic import Blueprint, Sanic, response
from sanic.request import Request
from sanic.response import HTTPResponse

from actions.knowledge.schema import LANGUAGES, Language
from bot.blocks import blocks_of, plain_blocks
from bot.channels.base import MAX_CHARACTERS, ChannelBase, Inbound, OnMessage, Refused
from bot.channels.files import HEADERS, file_response, script_response
from bot.channels.limits import RateLimit
from bot.channels.outbox import Outbox
from bot.channels.record import Entry
from bot.channels.requests import ID, MAX_BODY, json_body, text_field
from bot.nlu.text import clean
from bot.safety.runtime import load_hotlines
from bot.storage.consent import conversation_id, is_stored
from bot.storage.tracker import current_store
from bot.words import Message

logger = logging.getLogger(__name__)
TOKEN_SECONDS = 24 * 3600
HEARTBEAT_SECONDS = 15.0
_MOST_LISTENERS = 6  # tabs of one person
_ALGORITHM = "HS256"
_REGION = re.compile(r"[A-Z]{2}")  # ISO 3166-1
_SELF = "self"  # the audience of a token for the server's own pages
_ENDED = 10_000  # deleted conversations whose tokens are remembered as such
_MOVED_SECONDS = 120.0  # how long a token of before can still ask where its conversation is
_NAMES = {
    "person": {"en": "You", "zh": "你"},
    "assistant": {"en": "Upright (a program)", "zh": "挺好（程序）"},
}

Public = dict[str, Any]
Handler = Callable[..., Awaitable[HTTPResponse]]


class WebChannel(ChannelBase):
    """The chat of websites; options in `credentials.yml`, origins in `UPRIGHT_ORIGINS`."""

    @classmethod
    def name(cls) -> str:
        """Return the channel's name in trackers."""
        return "web"

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> WebChannel:
        """Create the channel.

        `messages_per_minute` (of one person, 30), `sessions_per_minute` (from one address, 300;
        four times as many other requests that are no message); 0 switches a limit off.
        `UPRIGHT_SECRET` signs tokens, a fresh one is made without it.
        Raises ValueError for an origin that is not like `https://host`.
        """
        options = credentials or {}
        secret = options.get("secret") or os.environ.get("UPRIGHT_SECRET")
        return cls(
            str(secret or secrets.token_hex(32)),
            allowed_origins(os.environ.get("UPRIGHT_ORIGINS", "")),
            int(options.get("messages_per_minute", 30)),
            int(options.get("sessions_per_minute", 300)),
        )

    def __init__(
        self,
        secret: str,
        origins: frozenset[str] = frozenset(),
        messages_per_minute: int = 30,
        sessions_per_minute: int = 300,
    ) -> None:
        rate = messages_per_minute
        super().__init__(RateLimit(max(10, rate // 2), rate) if rate else None)
        self._secret = secret
        self._origins = origins
        rate = sessions_per_minute
        self._sessions = RateLimit(rate, rate) if rate else None
        self._others = RateLimit(4 * rate, 4 * rate) if rate else None
        self._counsellor_key = os.environ.get("UPRIGHT_COUNSELLOR_KEY", "")
        self._outbox = Outbox()
        self._listening: dict[str, int] = {}
        self._ended: OrderedDict[str, None] = OrderedDict()
        self._moving: set[str] = set()
        self._moved: OrderedDict[str, tuple[str, float]] = OrderedDict()  # to where, and when

    def url_prefix(self) -> str:
        """Return the address of the page."""
        return "/chat"

    # -- who asks --------------------------------------------------------------------------------

    def verify(self, request: Request, moved: bool = False) -> str:
        """Return the conversation id of a request's token.

        `moved`: take the token of a conversation that has just got another id, too.

        Raises Refused: 401 for a token that is missing, forged, old or of a deleted conversation,
        403 for one that was given to another site.
        """
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            raise Refused(401, "utter_error", "expired")
        site = self._site(request)
        try:
            claims = jwt.decode(
                token.strip(),
                self._secret,
                [_ALGORITHM],
                options={"require": ["exp", "sub", "aud"], "verify_aud": False},
            )
        except (jwt.InvalidTokenError, ValueError):
            raise Refused(401, "utter_error", "expired") from None
        if claims["aud"] != site:
            raise Refused(403, "utter_not_from_here", "forbidden")
        sender = str(claims["sub"])
        if sender in self._ended and not (moved and self._new_id(sender)):
            raise Refused(401, "utter_error", "expired")
        return sender

    def _new_id(self, sender: str) -> str | None:
        """Return the id that a conversation has moved to a moment ago."""
        new, when = self._moved.get(sender, (None, 0.0))
        return new if time.monotonic() - when < _MOVED_SECONDS else None

    def _site(self, request: Request) -> str:
        """Return the site that asks. Raises Refused (403) for one that is not allowed."""
        origin = request.headers.get("origin")
        if origin is None or urlsplit(origin).netloc == request.headers.get("host"):
            return _SELF
        if origin.lower() in self._origins:
            return origin.lower()
        raise Refused(403, "utter_not_from_here", "forbidden")

    def _mint(self, sender: str, site: str, expires: int | None = None) -> Public:
        expires = expires or int(time.time()) + TOKEN_SECONDS
        claims = {"sub": sender, "aud": site, "exp": expires}
        token = jwt.encode(claims, self._secret, _ALGORITHM)
        return {"token": token, "expires": expires, "stored": is_stored(sender)}

    # -- routes ----------------------------------------------------------------------------------

    def blueprint(self, on_new_message: OnMessage) -> Blueprint:
        """Return the routes."""
        routes = Blueprint("web_chat")

        @routes.listener("before_server_start")
        async def limit(app: Sanic, *_: Any) -> None:
            app.config.REQUEST_MAX_SIZE = 2 * MAX_BODY  # before that, words of ours refuse it
            app.config.PROXIES_COUNT = proxies(os.environ.get("UPRIGHT_PROXIES", ""))

        @routes.listener("after_server_start")
        async def settle(*_: Any) -> None:
            # What was loaded stays: the collector need not walk through it again and again.
            gc.collect()
            gc.freeze()

        @routes.listener("before_server_stop")
        async def stop(*_: Any) -> None:
            self._outbox.close()

        @routes.get("/health")
        async def health(_: Request) -> HTTPResponse:
            return response.json({"status": "ok"})

        @routes.get("/")
        async def page(request: Request) -> HTTPResponse:
            return file_response(request, "chat.html")

        @routes.get("/chat.css")
        async def style(request: Request) -> HTTPResponse:
            return file_response(request, "chat.css")

        @routes.get("/upright.js")
        async def widget(request: Request) -> HTTPResponse:
            return script_response(request)

        @routes.post("/session")
        async def session(request: Request) -> HTTPResponse:
            return await self._guarded(request, self._session, self._sessions)

        @routes.post("/messages")
        async def messages(request: Request) -> HTTPResponse:
            async def reply(request: Request) -> HTTPResponse:
                return await self._messages(request, on_new_message)

            return await self._guarded(request, reply, None)  # each person's own limit holds

        @routes.post("/storage")
        async def storage(request: Request) -> HTTPResponse:
            return await self._guarded(request, self._storage)

        @routes.get("/history")
        async def history(request: Request) -> HTTPResponse:
            return await self._guarded(request, self._history)

        @routes.get("/events")
        async def events(request: Request) -> HTTPResponse | None:
            return await self._guarded(request, self._events)

        @routes.get("/export")
        async def export(request: Request) -> HTTPResponse:
            return await self._guarded(request, self._export)

        @routes.delete("/conversation")
        async def delete(request: Request) -> HTTPResponse:
            return await self._guarded(request, self._delete)

        @routes.post("/counsellor")
        async def counsellor(request: Request) -> HTTPResponse:
            return await self._guarded(request, self._counsellor)

        return routes

    async def _guarded(self, request: Request, handler: Handler, *limit: RateLimit | None) -> Any:
        """Run a handler; whatever is refused or fails has an answer with words.

        `limit` of the requests from one address; if not given, that of all but messages.
        """
        limited = limit[0] if limit else self._others
        try:
            wait = limited.take(request.remote_addr or request.ip) if limited else 0
            if wait:
                raise Refused(429, "utter_slow_down", "busy", retry_after=wait)
            answer = await handler(request)
        except Refused as refused:
            answer = self._refused(request, refused)
        except asyncio.CancelledError:
            raise
        except Exception:
            logger.exception("request to %s failed", request.path)
            answer = self._refused(request, Refused(500, "utter_error", "busy"))
        if isinstance(answer, HTTPResponse):
            answer.headers.update({**HEADERS, **self._cors(request)})
        return answer

    def _refused(self, request: Request, refused: Refused) -> HTTPResponse:
        wanted = request.headers.get("accept-language", "")
        chosen = getattr(request.ctx, "inbound", None)
        first = Inbound("", language="zh" if wanted.lower().startswith("zh") else None)
        words = self.refusal(refused, chosen or first)
        body = {"code": refused.code, "error": self._public(words, "", time.time())}
        headers = {}
        if refused.retry_after is not None:
            headers["Retry-After"] = str(int(refused.retry_after + 0.999))
        return response.json(body, refused.status, headers=headers)

    def _cors(self, request: Request) -> dict[str, str]:
        """Return what an allowed site may read besides; Rasa's own CORS does the rest."""
        exposed = "Retry-After, Content-Disposition"
        return {"Vary": "Origin", "Access-Control-Expose-Headers": exposed}

    async def _session(self, request: Request) -> HTTPResponse:
        site = self._site(request)
        stored = _stored(json_body(request))
        sender = conversation_id(secrets.token_urlsafe(16), stored)
        return response.json(self._mint(sender, site))

    async def _messages(self, request: Request, on_new_message: OnMessage) -> HTTPResponse:
        sender = self.verify(request)
        inbound = inbound_of(json_body(request), sender)
        request.ctx.inbound = inbound
        reply = await self.turn(inbound, on_new_message)
        assert inbound.message_id is not None
        return response.json({"messages": self._with_ids(reply, inbound.message_id, time.time())})

    def answered(self, inbound: Inbound, messages: list[Message]) -> None:
        """Show a turn to the person's other tabs; the one that sent it knows the ids."""
        if self.is_gone(inbound.sender):
            return
        now, text = time.time(), clean(inbound.text).strip()
        language: Language = messages[0]["language"]
        if inbound.payload is not None:
            text = self.words.title_of(inbound.payload, language)
        mine = _plain("person", inbound.message_id or "", language, now, text)
        for message in [mine, *self._with_ids(messages, inbound.message_id or "", now)]:
            self._outbox.publish(inbound.sender, "message", message)

    def came_late(self, inbound: Inbound, messages: list[Message]) -> None:
        """Send what a slow turn said at last to whoever listens."""
        for message in self._with_ids(messages, inbound.message_id or "", time.time()):
            self._outbox.publish(inbound.sender, "message", message)

    async def _history(self, request: Request) -> HTTPResponse:
        sender = self.verify(request)
        event = self._outbox.last(sender)
        entries = await self.history(sender)
        return response.json({"messages": self._public_entries(entries), "event": event})

    async def _events(self, request: Request) -> None:
        sender = self.verify(request)
        if self._listening.get(sender, 0) >= _MOST_LISTENERS:
            raise Refused(429, "utter_slow_down", "busy", retry_after=30)
        after = request.headers.get("last-event-id") or request.args.get("after")
        self._listening[sender] = self._listening.get(sender, 0) + 1
        try:
            headers = {**HEADERS, **self._cors(request), "X-Accel-Buffering": "no"}
            stream = await request.respond(
                headers=headers, content_type="text/event-stream; charset=utf-8"
            )
            await stream.send(": hello\n\n")
            ends = _expiry(request) - time.time()
            until = time.monotonic() + ends
            async for number, event, data in self._outbox.listen(sender, after, HEARTBEAT_SECONDS):
                if time.monotonic() > until or sender in self._ended:
                    await stream.send("event: ended\ndata: {}\n\n")
                    break
                if not event:
                    await stream.send(": still here\n\n")
                    continue
                body = json.dumps(data, ensure_ascii=False)
                await stream.send(f"id: {number}\nevent: {event}\ndata: {body}\n\n")
            await stream.eof()
        finally:
            self._listening[sender] -= 1
            if not self._listening[sender]:
                del self._listening[sender]

    async def _storage(self, request: Request) -> HTTPResponse:
        """Give or withdraw consent to storage; the whole conversation follows it."""
        sender, site = self.verify(request, moved=True), self._site(request)
        if sender in self._ended:
            sender = self._new_id(sender) or sender  # its answer was lost; it asks again
        new = conversation_id(sender, _stored(json_body(request)))
        if new != sender:
            if self._moving & {sender, new}:
                raise Refused(429, "utter_slow_down", "busy", retry_after=1)
            self._moving |= {sender, new}
            try:
                store = current_store()
                if store is not None:
                    async with self._lock(request, sender), self._lock(request, new):
                        await store.move(sender, new)
                self.rename(sender, new)
                # It goes on under another token; that of before just closes.
                self._end(sender, tell=False)
                self._ended.pop(new, None)
                self._moved.pop(new, None)
                self._moved[sender] = new, time.monotonic()
                if len(self._moved) > _ENDED:
                    self._moved.popitem(last=False)
            finally:
                self._moving -= {sender, new}
        return response.json(self._mint(new, site, int(_expiry(request))))

    async def _export(self, request: Request) -> HTTPResponse:
        sender = self.verify(request)
        messages = self._public_entries(await self.history(sender))
        if request.args.get("format", "text") == "json":
            body = json.dumps({"messages": messages}, ensure_ascii=False, indent=1)
            name, content_type = "upright-chat.json", "application/json; charset=utf-8"
        else:
            body = "\n\n".join(_line(message) for message in messages) + "\n"
            name, content_type = "upright-chat.txt", "text/plain; charset=utf-8"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return response.raw(body.encode(), headers=headers, content_type=content_type)

    async def _delete(self, request: Request) -> HTTPResponse:
        sender = self.verify(request)
        self._ended[sender] = None  # from now on nothing more is begun or spooled
        try:
            store = current_store()
            if store is not None:
                async with self._lock(request, sender):
                    await store.erase(sender, for_good=True)
        except BaseException:
            self._ended.pop(sender, None)
            raise
        self.forget(sender)
        self._end(sender)
        return response.json({"deleted": True})

    def is_gone(self, sender: str) -> bool:
        """Return whether the conversation was deleted or has another id now."""
        return sender in self._ended

    def is_moving(self, sender: str) -> bool:
        """Return whether the conversation is about to get another id."""
        return sender in self._moving

    async def _counsellor(self, request: Request) -> HTTPResponse:
        """Take a signed-in counsellor's message, or that one is typing, from the console."""
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        known = hmac.compare_digest(key.encode(), self._counsellor_key.encode())
        if not self._counsellor_key or scheme.lower() != "bearer" or not known:
            raise Refused(401, "utter_error", "forbidden")
        body = json_body(request)
        sender = text_field(body, "conversation", 64)
        if body.get("typing") is not None:
            data = {"author": "counsellor", "on": body["typing"] is True}
            self._outbox.publish(sender, "typing", data)
            return response.json({"sent": True})
        label = text_field(body, "label", 80)
        text = clean(text_field(body, "text", MAX_CHARACTERS)).strip()
        store = current_store()
        if store is None:
            raise Refused(503, "utter_unavailable", "busy", retry_after=5)
        async with self._lock(request, sender):
            tracker = await store.retrieve(sender)
            if tracker is None:
                raise Refused(404, "utter_error", "not_found")
            said = BotUttered(text, metadata={"author": "counsellor", "label": label})
            tracker.update(said)
            await store.save(tracker)
        language: Language = "zh" if tracker.get_slot("language") == "zh" else "en"
        message = _plain(
            "counsellor", _own_id(said.timestamp, text), language, said.timestamp, text
        )
        self._outbox.publish(sender, "message", {**message, "label": label})
        return response.json({"sent": True})

    def _lock(self, request: Request, sender: str) -> Any:
        return request.app.ctx.agent.lock_store.lock(sender)

    def _end(self, sender: str, tell: bool = True) -> None:
        """Let the tokens of a conversation that is gone open nothing any more."""
        self._outbox.forget(sender, tell)
        self._ended[sender] = None
        if len(self._ended) > _ENDED:
            self._ended.popitem(last=False)

    # -- messages as clients see them --------------------------------------------------------------

    def _public(self, message: Message, message_id: str, when: float) -> Public:
        tongue = self.words.tongue_of(message)
        return {
            **({"tongue": tongue} if tongue else {}),
            "id": message_id or secrets.token_hex(8),
            "author": "assistant",
            "language": message["language"],
            "time": when,
            "template": message["template"],
            "text": message["text"],
            "blocks": blocks_of(message, self.words),
        }

    def _with_ids(self, messages: list[Message], reply_to: str, when: float) -> list[Public]:
        """Return messages with ids that are the same whenever they are read again."""
        ids = _Ids()
        return [self._public(message, ids.of(message, reply_to), when) for message in messages]

    def _public_entries(self, entries: list[Entry]) -> list[Public]:
        ids = _Ids()
        result = []
        for entry in entries:
            if entry.message is None:
                own_id = entry.reply_to or _own_id(entry.time, entry.text)
                one = _plain(entry.author, own_id, entry.language, entry.time, entry.text)
                result.append({**one, "label": entry.label} if entry.label else one)
                continue
            message_id = ids.of(entry.message, entry.reply_to)
            result.append(self._public(entry.message, message_id, entry.time))
        return result


class _Ids:
    """Ids of replies, made from what is said: the same in a reply, an event and the history."""

    def __init__(self) -> None:
        self._seen: dict[str, int] = {}

    def of(self, message: Message, reply_to: str) -> str:
        """Return the id of a message; a second one that says the same gets a number."""
        said = json.dumps([message["template"], message["values"]], sort_keys=True, default=str)
        base = f"{reply_to}.{zlib.crc32(said.encode()):08x}"
        self._seen[base] = self._seen.get(base, 0) + 1
        return base if self._seen[base] == 1 else f"{base}.{self._seen[base]}"


def inbound_of(body: dict[str, Any], sender: str) -> Inbound:
    """Return the message of a JSON body {id, text | payload, language?, region?}.

    Raises Refused for anything else. A region of which we know nothing counts as none.
    """
    text, payload = body.get("text", ""), body.get("payload")
    language, message_id = body.get("language"), body.get("id")
    region = body.get("region")
    if not isinstance(text, str) or not isinstance(payload, (str, type(None))):
        raise Refused(400, "utter_error")
    if not isinstance(message_id, str) or not ID.fullmatch(message_id):
        raise Refused(400, "utter_error")
    if language is not None and language not in LANGUAGES:
        raise Refused(400, "utter_error")
    if region is not None and not (isinstance(region, str) and _REGION.fullmatch(region)):
        raise Refused(400, "utter_error")
    if payload is None and not any(c.isprintable() and not c.isspace() for c in clean(text)):
        raise Refused(400, "utter_no_words", "empty")
    known = region if region and load_hotlines().emergency(region, "en") else None
    return Inbound(sender, text, payload, language, known, message_id)


def allowed_origins(setting: str) -> frozenset[str]:
    """Return the sites that may embed the chat: origins like `https://host`, by blanks.

    Raises ValueError for anything else.
    """
    for origin in setting.split():
        parts = urlsplit(origin)
        if parts.scheme not in ("http", "https") or origin != f"{parts.scheme}://{parts.netloc}":
            raise ValueError(f"UPRIGHT_ORIGINS: {origin!r} is not like https://www.example.org")
    return frozenset(origin.lower() for origin in setting.split())


def proxies(setting: str) -> int | None:
    """Return how many proxies of ours stand before the server, None for none.

    Without it everybody behind a proxy has one address. Raises ValueError for no number.
    """
    if setting and not (setting.isdecimal() and 0 < int(setting) < 10):
        raise ValueError(f"UPRIGHT_PROXIES: {setting!r} is not the number of proxies, 1 to 9")
    return int(setting) if setting else None


def _stored(body: dict[str, Any]) -> bool:
    stored = body.get("stored", False)
    if not isinstance(stored, bool):
        raise Refused(400, "utter_error")
    return stored


def _expiry(request: Request) -> float:
    token = request.headers["authorization"].partition(" ")[2].strip()
    return float(jwt.decode(token, options={"verify_signature": False})["exp"])


def _own_id(when: float, text: str) -> str:
    return hashlib.sha256(f"{when} {text}".encode()).hexdigest()[:16]


def _plain(author: str, message_id: str, language: Language, when: float, text: str) -> Public:
    return {
        "id": message_id,
        "author": author,
        "language": language,
        "time": when,
        "template": None,
        "text": text,
        "blocks": plain_blocks(text),
    }


def _line(message: Public) -> str:
    when = datetime.fromtimestamp(message["time"], timezone.utc).strftime("%Y-%m-%d %H:%M UTC")
    name = message.get("label") or _NAMES[message["author"]][message["language"]]
    sources = [block for block in message["blocks"] if block["type"] == "source"]
    lines = [f"[{when}] {name}:", message["text"]]
    if message["template"] != "kb_sources":
        lines += [f"  – {s['citation']} ({s['year']}) {s['locator']}" for s in sources]
    return "\n".join(lines)
