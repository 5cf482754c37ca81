"""The system's Chromium for tests and measurements."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_ARGUMENTS = [
    *("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
    # Nothing of a test leaves this machine, whatever a page asks for.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
]


def missing() -> str:
    """Return what is missing for the browser tests and how to get it, "" if nothing is."""
    how = "apt-get install chromium fonts-noto-cjk, or set UPRIGHT_BROWSER"
    if not _program():
        return f"no Chromium for the browser tests: {how}"
    if not shutil.which("fc-list"):
        return f"no fc-list (fontconfig) to look for a Chinese font with: {how}"
    fonts = subprocess.run(["fc-list", ":lang=zh-cn"], capture_output=True, check=False).stdout
    return "" if fonts.strip() else f"no Chinese font for the browser tests: {how}"


@contextmanager
def chromium() -> Iterator[Browser]:
    """Run Chromium."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_program(), args=_ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


def _program() -> str | None:
    """Return the path of `UPRIGHT_BROWSER`, or of the first Chromium found."""
    named = os.environ.get("UPRIGHT_BROWSER")
    return shutil.which(named) if named else next(filter(None, map(shutil.which, _NAMES)), None)
