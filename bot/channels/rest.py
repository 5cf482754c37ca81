"""`rest` for outside evaluation (`make eval-server`), on the channel base.

Same limits, vetting and guard as every channel; the caller chooses the sender id, so `make run`
never loads this module.
"""

from __future__ import annotations

from typing import Any

from sanic import Blueprint, response
from sanic.request import Request
from sanic.response import HTTPResponse

from actions.knowledge.schema import LANGUAGES
from bot.channels.base import ChannelBase, Inbound, OnMessage, Refused
from bot.channels.requests import json_body
from bot.words import Message, load_words


class EvaluationRest(ChannelBase):
    """`POST /webhooks/rest/webhook` with {sender, message}, answered in Rasa's own shape."""

    @classmethod
    def name(cls) -> str:
        """Return the channel's name; Rasa serves it at /webhooks/rest."""
        return "rest"

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> EvaluationRest:
        """Create the channel; it has no options."""
        return cls()

    def blueprint(self, on_new_message: OnMessage) -> Blueprint:
        """Return the routes."""
        routes = Blueprint("rest_evaluation")

        @routes.get("/")
        async def health(_: Request) -> HTTPResponse:
            return response.json({"status": "ok"})

        @routes.post("/webhook")
        async def webhook(request: Request) -> HTTPResponse:
            inbound = None
            try:
                inbound = _parse(json_body(request))
                reply = await self.turn(inbound, on_new_message)
            except Refused as refused:
                words = self.refusal(refused, inbound)
                return response.json({"error": words["text"]}, refused.status)
            return response.json([_rasa_shape(inbound.sender, m) for m in reply])

        return routes


def _parse(body: dict[str, Any]) -> Inbound:
    sender, text = body.get("sender"), body.get("message")
    metadata = body.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    if not isinstance(sender, str) or not 0 < len(sender) <= 255 or not isinstance(text, str):
        raise Refused(400, "utter_error")
    if not text.strip():
        raise Refused(400, "utter_no_words")
    language, region = metadata.get("language"), metadata.get("region")
    return Inbound(
        sender,
        text,
        payload=text if load_words().is_issued(text) else None,
        language=language if language in LANGUAGES else None,
        region=region if isinstance(region, str) else None,
    )


def _rasa_shape(sender: str, message: Message) -> dict[str, Any]:
    shaped = {"recipient_id": sender, "text": message["text"]}
    if message["buttons"]:
        shaped["buttons"] = message["buttons"]
    return shaped
