"""A browser, a private server, and somebody else's website, shared by the folder."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from tests.browser.chat import Chat, Watch
from tests.browser.chromium import chromium, missing
from tests.browser.site import Site
from tests.e2e.stack import Stack

SECRET = "an invented secret of the tests, long enough"
KEY = "an invented key of a console"
SIZES = {"desktop": {"width": 1280, "height": 800}, "phone": {"width": 360, "height": 740}}
expect.set_options(timeout=10_000)


# Of the package and not of the session: Playwright's event loop must not run on into async tests.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Chromium of the system, with a font for Chinese; without them: skipped, in CI a failure."""
    if what := missing():
        if os.environ.get("CI"):
            pytest.fail(what)
        pytest.skip(what)
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="package")
def site() -> Iterator[Site]:
    """Somebody else's website."""
    site = Site()
    yield site
    site.close()


@pytest.fixture(scope="package")
def stack(
    browser: Browser, site: Site, model: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    """The server; after `browser`, so that nothing is started where there is none."""
    stack = Stack(
        tmp_path_factory.mktemp("browser"),
        UPRIGHT_SECRET=SECRET,
        UPRIGHT_COUNSELLOR_KEY=KEY,
        UPRIGHT_ORIGINS=f"{site.origin} {site.other_origin}",
    )
    try:
        site.chat = stack.wait().base
        yield stack
    finally:
        assert stack.stop() == 0


@pytest.fixture
def watch(stack: Stack, site: Site) -> Iterator[Watch]:
    """What the pages of the test did; checked at its end."""
    watch = Watch(stack.base, site.origin, site.other_origin)
    yield watch
    watch.check()


@pytest.fixture
def contexts(browser: Browser, watch: Watch) -> Iterator[Callable[..., BrowserContext]]:
    """Makes browser contexts: `size` (phone, desktop), `lang`, and Playwright's options."""
    made: list[BrowserContext] = []

    def make(size: str = "desktop", lang: str = "en", **options: Any) -> BrowserContext:
        context = browser.new_context(
            viewport=SIZES[size],
            has_touch=size == "phone",
            locale="zh-CN" if lang == "zh" else "en-GB",
            **options,
        )
        context.set_default_timeout(15_000)
        watch.add(context)
        made.append(context)
        return context

    yield make
    for context in made:
        context.close()


@pytest.fixture
def visit(contexts: Callable[..., BrowserContext], site: Site) -> Callable[..., Chat]:
    """Opens a page with the chat: visit(page, lang, size, context options, tag attributes)."""

    def go(
        page: str = "plain",
        lang: str = "en",
        size: str = "desktop",
        context: BrowserContext | None = None,
        options: dict[str, Any] | None = None,
        **attributes: str,
    ) -> Chat:
        context = context or contexts(size, lang, **(options or {}))
        tab = context.new_page()
        tab.goto(site.url(page, lang=lang, **attributes))
        chat = Chat(tab, site, lang)
        if page != "two":
            expect(chat.launcher.or_(chat.panel).first).to_be_attached()
        return chat

    return go
