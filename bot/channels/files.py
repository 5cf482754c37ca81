"""Static files of the public pages, and the widget's script."""

from __future__ import annotations

import functools
import gzip
import hashlib
from pathlib import Path

from sanic import response
from sanic.request import Request
from sanic.response import HTTPResponse

from bot.paths import ROOT

STATIC = Path(__file__).parent / "static"
WIDGET = ROOT / "widget" / "dist" / "upright.js"

_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
}
# Of every page of ours. The widget makes its styles in code, so nothing inline is allowed.
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        "form-action 'none'; base-uri 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types lit-html"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


def file_response(request: Request, name: str) -> HTTPResponse:
    """Return a file of `static/`."""
    file = STATIC / name
    return response.raw(file.read_bytes(), headers=HEADERS, content_type=_TYPES[file.suffix])


def script_response(request: Request) -> HTTPResponse:
    """Return the widget's script; any site may load it, and browsers may keep it for a while."""
    if not WIDGET.exists():
        return response.text("The widget is not built: make widget", 404, headers=HEADERS)
    body, packed, tag = _script(WIDGET.stat().st_mtime_ns)
    headers = {
        "ETag": f"W/{tag}",  # weak: the same script, packed or not
        "Cache-Control": "public, max-age=300, stale-while-revalidate=86400",
        # Rasa's CORS adds the origin of an allowed site; a second one would make browsers refuse.
        "Vary": "Origin, Accept-Encoding",
        "Cross-Origin-Resource-Policy": "cross-origin",
        "X-Content-Type-Options": "nosniff",
    }
    if tag in request.headers.get("if-none-match", ""):
        return response.empty(304, headers=headers)
    if "gzip" in request.headers.get("accept-encoding", ""):
        body, headers["Content-Encoding"] = packed, "gzip"
    return response.raw(body, headers=headers, content_type=_TYPES[".js"])


@functools.lru_cache(maxsize=1)
def _script(changed: int) -> tuple[bytes, bytes, str]:
    body = WIDGET.read_bytes()
    return body, gzip.compress(body, mtime=0), f'"{hashlib.sha256(body).hexdigest()[:32]}"'
