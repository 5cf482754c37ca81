"""A website of somebody else, on its own origin: pages that put the chat on themselves."""

from __future__ import annotations

import base64
import hashlib
import html
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlencode, urlsplit

from bot.channels.files import WIDGET

_HEAD = (
    '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
    "<title>All about legs</title>"
)
_WORDS = '<main><h1>All about legs</h1><p>Some <a href="/elsewhere">words</a>.</p></main>'

# Rules of a page that would destroy any chat without a shadow tree, and some that reach further:
# inherited properties, and the root's font size, on which `rem` depends.
HOSTILE_CSS = """
html { font-size: 60px !important; }
body { visibility: hidden !important; pointer-events: none !important;
  letter-spacing: 1em !important; text-transform: uppercase !important; line-height: 4 !important; }
body * { display: none !important; font-size: 60px !important; opacity: 0 !important;
  position: static !important; width: 3px !important; transform: scale(3) !important; color: #fff; }
div, button { all: unset !important; }
upright-chat { filter: blur(20px) !important; clip-path: inset(50%) !important; }
"""


class Site:
    """Serves `plain`, `csp`, `hostile`, `two`, `integrity`, `small-root` and `elsewhere`.

    The query of an address becomes attributes: `lang` and `dir` of the page, `data-...` of the tag.
    """

    def __init__(self) -> None:
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body, headers = site._page(self.path)
                self.send_response(200)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.chat = ""  # address of the chat server, without a slash

    @property
    def origin(self) -> str:
        """The site's origin."""
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def other_origin(self) -> str:
        """The same pages as another site."""
        return f"http://localhost:{self._server.server_port}"

    def url(self, page: str = "plain", **attributes: str) -> str:
        """Return the address of a page with attributes (with _ for -)."""
        query = urlencode({name.replace("_", "-"): value for name, value in attributes.items()})
        return f"{self.origin}/{page}?{query}"

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()

    def _page(self, path: str) -> tuple[bytes, dict[str, str]]:
        parts = urlsplit(path)
        given = dict(parse_qsl(parts.query))
        top = "".join(
            f' {name}="{html.escape(given.pop(name))}"' for name in ("lang", "dir") if name in given
        )
        more = "".join(f' data-{name}="{html.escape(value)}"' for name, value in given.items())
        tag = f'<script src="{self.chat}/chat/upright.js"{more} defer></script>'
        headers = {"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store"}
        head, body = _HEAD, _WORDS + tag
        name = parts.path.strip("/")
        if name == "csp":
            headers["Content-Security-Policy"] = (
                f"default-src 'none'; script-src {self.chat}; connect-src {self.chat}; "
                "require-trusted-types-for 'script'"
            )
        elif name == "hostile":
            head += f"<style>{HOSTILE_CSS}</style>"
        elif name == "integrity":  # the tag as careful sites write it
            digest = base64.b64encode(hashlib.sha384(WIDGET.read_bytes()).digest()).decode()
            pinned = f' integrity="sha384-{digest}" crossorigin="anonymous" defer>'
            body = body.replace(" defer>", pinned)
        elif name == "small-root":  # so that 1rem is 10px, as many sites do
            head += "<style>html { font-size: 62.5%; }</style>"
        elif name == "two":
            ends = (("first", "left"), ("second", "right"))
            body = _WORDS + "".join(
                f'<upright-chat id="{one}" position="{side}"></upright-chat>' for one, side in ends
            )
            body += tag
        elif name == "elsewhere":
            body = "<h1>The weather</h1>"
        elif name != "plain":  # the icon that browsers look for; a 404 would count as a fault
            return b"<svg/>", {"Content-Type": "image/svg+xml"}
        return (
            f"<!doctype html><html{top}><head>{head}</head><body>{body}</body></html>".encode(),
            headers,
        )
