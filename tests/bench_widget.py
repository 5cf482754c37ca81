"""`make bench-widget`: what the website chat costs a page, beside the same requests without it.

Size of the script; time from its tag to the button in its place; time from sending a message to
the answer on the screen. Each is measured in turns with a plain `fetch` of the same address in the
same page, so that the ratio does not depend on the machine or its load. Needs Chromium.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from bot.paths import ROOT
from bot.train import train
from tests.browser.chromium import chromium, missing
from tests.e2e.stack import Stack

RUNS = 20
A_PAGE = 5  # runs in one page and conversation; the server's limit is 15 messages at once
TEXT = "can it get infected?"

# Milliseconds from adding the tag to the launcher, and of fetching the script alone.
_LOAD = """async ([server, run]) => {
  const plain = async () => {
    const start = performance.now();
    await (await fetch(`${server}/chat/upright.js?plain=${run}`)).text();
    return performance.now() - start;
  };
  const widget = () => new Promise((done) => {
    const start = performance.now();
    new MutationObserver(async () => {
      const chat = document.querySelector("upright-chat");
      if (!chat) return;
      await chat.updateComplete;
      if (chat.shadowRoot.querySelector("#launcher").getBoundingClientRect().width)
        done(performance.now() - start);
    }).observe(document.body, { childList: true });
    const script = document.createElement("script");
    script.src = `${server}/chat/upright.js?widget=${run}`;
    document.body.append(script);
  });
  if (run % 2) return [await widget(), await plain()];
  const alone = await plain();
  return [await widget(), alone];
}"""

# Milliseconds from pressing "Send" to the answer laid out in the page, and of the request alone.
_SEND = """async ([server, text, runs]) => {
  const json = { "Content-Type": "application/json" };
  const post = async (path, body, token) => (await fetch(`${server}/chat/${path}`, {
    method: "POST", body: JSON.stringify(body), cache: "no-store",
    headers: token ? { ...json, Authorization: `Bearer ${token}` } : json,
  })).json();
  const { token } = await post("session", { stored: false });
  const plain = async () => {
    const start = performance.now();
    const { messages } = await post("messages", { id: crypto.randomUUID(), text }, token);
    if (!messages.length) throw new Error("no answer");
    return performance.now() - start;
  };
  const chat = document.querySelector("upright-chat");
  chat.show();
  await chat.updateComplete;
  const root = chat.shadowRoot;
  const widget = () => new Promise((done) => {
    const mine = root.querySelectorAll("[data-author=person]").length + 1;
    const before = root.querySelectorAll("[data-author=assistant]").length;
    const area = root.querySelector("#text");
    area.value = text;
    area.dispatchEvent(new Event("input"));
    const start = performance.now();
    const observer = new MutationObserver(() => {
      const answers = [...root.querySelectorAll("[data-author=assistant]")].slice(before);
      const sent = root.querySelectorAll("[data-author=person]");
      if (sent.length < mine || !answers.length || root.querySelector("[data-state]")) return;
      if (answers.some((one) => !one.getBoundingClientRect().height)) return;
      observer.disconnect();
      done(performance.now() - start);
    });
    observer.observe(root, { childList: true, subtree: true });
    root.querySelector("[part=send]").click();
  });
  await widget(); // opens the conversation
  await plain();
  const found = [];
  for (let run = 0; run < runs; run++) {
    const first = run % 2 ? widget : plain;
    const second = run % 2 ? plain : widget;
    const [a, b] = [await first(), await second()];
    found.push(run % 2 ? [a, b] : [b, a]);
  }
  return found;
}"""


def main() -> int:
    """Measure and print a table."""
    if what := missing():
        print(what, file=sys.stderr)
        return 1
    train()
    loads: list[list[float]] = []
    sends: list[list[float]] = []
    with tempfile.TemporaryDirectory() as folder:
        stack = Stack(Path(folder))
        try:
            stack.wait()
            with chromium() as browser:
                for run in range(RUNS):
                    # A page of the server's own; its policy forbids adding the tag from a script.
                    page = browser.new_page(bypass_csp=True)
                    page.goto(f"{stack.base}/safety/")
                    loads.append(page.evaluate(_LOAD, [stack.base, run]))
                    if run % A_PAGE == 0:
                        sends += page.evaluate(_SEND, [stack.base, TEXT, A_PAGE])
                    page.context.close()
        finally:
            stack.stop()
    # The build's own measure, which also fails above the limit; zlibs differ by some percent.
    size = subprocess.run(["node", "size.mjs"], cwd=ROOT / "widget", check=False).returncode
    print(f"medians of {RUNS} runs, milliseconds")
    print(f"{'':34}{'chat':>8}{'fetch':>8}{'ratio':>8}")
    _row("script tag to button in place", loads)
    _row("send to answer on the screen", sends)
    return size


def _row(name: str, pairs: list[list[float]]) -> None:
    """Print medians of (with the chat, plain fetch) and the median of their ratios."""
    chat, plain = (statistics.median(column) for column in zip(*pairs))
    ratio = statistics.median(one / other for one, other in pairs)
    print(f"{name:34}{chat:8.1f}{plain:8.1f}{ratio:8.2f}")


if __name__ == "__main__":
    raise SystemExit(main())
