"""A served mall with a ring in it that was scanned for, and somebody's browser at it."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from graph_service.settings import Settings
from tests.conftest import Database
from tests.console.browsing import WIDE, asked, browsing, chromium, log_in, serving
from tests.worlds import Event

# A scan is a process of its own, and machines are shared.
PATIENCE_MS = 120_000


@dataclass
class Mall:
    """A served mall with a ring in it that was scanned for, and a browser."""

    base: str
    browser: Browser
    case_id: str

    def context(self, size: tuple[int, int] = WIDE, scheme: str = "light") -> BrowserContext:
        """Somebody's browser, who reads English."""
        width, height = size
        context = self.browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if scheme == "dark" else "light",
            locale="en",
        )
        context.set_default_timeout(PATIENCE_MS)
        return context


@contextmanager
def opened_mall(settings: Settings, folder: Path, events: Sequence[Event]) -> Generator[Mall]:
    """A mall with these events; skips where no chromium is."""
    executable = chromium()
    if executable is None:
        pytest.skip("no chromium is installed: apt-get install chromium")
    Database(settings).clear()
    with serving(settings, folder) as base, browsing(executable) as browser:
        asked(base, "/v1/events?wait=true", list(events))
        opened = Mall(base, browser, "")
        with opened.context() as context:
            opened.case_id = scanned(context.new_page(), base)
        yield opened


def scanned(page: Page, base: str) -> str:
    """Start a scan at the console and wait for it; the case that it opened."""
    log_in(page, base)
    page.goto(f"{base}/console/scans")
    page.click("text=Start a scan")
    page.wait_for_selector("text=running")
    page.wait_for_selector("#work:not([hx-trigger])")
    page.click("nav >> text=Cases")
    return page.inner_text(".rows tbody th a")


@contextmanager
def watched_page(mall: Mall) -> Generator[Page]:
    """A page of somebody who is logged in. Nothing of it may fail or be kept out by the policy."""
    complaints: list[str] = []
    with mall.context() as context:
        opened = context.new_page()
        opened.on(
            "console", lambda said: complaints.append(said.text) if said.type == "error" else None
        )
        opened.on("pageerror", lambda fault: complaints.append(str(fault)))
        log_in(opened, mall.base)
        yield opened
    assert complaints == []


def drawn(page: Page) -> None:
    """Wait for the picture of a page, if it has one."""
    if page.locator(".picture").count():
        page.wait_for_selector(".picture[data-drawn]")
