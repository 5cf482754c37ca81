"""Reading requests: whatever is not well-formed is refused with words, never a traceback."""

from __future__ import annotations

import json
import re
from typing import Any

from sanic.request import Request

from bot.channels.base import MAX_CHARACTERS, Refused

MAX_BODY = 64 * 1024
ID = re.compile(r"[A-Za-z0-9-]{8,64}")  # of a message, chosen by the client


def json_body(request: Request) -> dict[str, Any]:
    """Return the JSON object of a request, or raise Refused (400, 413)."""
    if len(request.body) > MAX_BODY:
        raise Refused(413, "utter_too_long", "too_long", limit=MAX_CHARACTERS)
    try:
        body = json.loads(request.body)
    except (ValueError, RecursionError):
        raise Refused(400, "utter_error") from None
    if not isinstance(body, dict):
        raise Refused(400, "utter_error")
    return body


def text_field(body: dict[str, Any], name: str, longest: int) -> str:
    """Return a text of a body, or raise Refused (400) where it is missing, empty or too long."""
    value = body.get(name)
    if not isinstance(value, str) or not value.strip() or len(value) > longest:
        raise Refused(400, "utter_error")
    return value
