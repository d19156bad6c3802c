"""A real browser at a real server: chromium driven by Playwright, the app behind uvicorn."""

import json
import shutil
import socket
import threading
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import uvicorn
from playwright.sync_api import Browser, Page, sync_playwright

from graph_service.settings import Settings
from tests.conftest import KEY
from tests.console.desk import opened_app

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
AXE = Path(__file__).with_name("vendored") / "axe.min.js"
WIDE, NARROW = (1280, 900), (390, 844)
STARTED_S = 120
# What WCAG 2.2 at level AA asks, and axe's good practice.
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
GRAVE = ("serious", "critical")


def chromium() -> str | None:
    """Where the system's chromium is; none is ever downloaded."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


@contextmanager
def serving(settings: Settings, folder: Path) -> Generator[str]:
    """The address of the app, served by a thread while this is open."""
    app = opened_app(settings, folder)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    config = uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error", lifespan="on")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    until = monotonic() + STARTED_S
    while not server.started:
        assert thread.is_alive(), "the server ended"
        assert monotonic() < until, "the server did not start"
        sleep(0.05)
    app.state.scanner.registry = "tests.scans.detectors"
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(STARTED_S)


@contextmanager
def browsing(executable: str) -> Generator[Browser]:
    """A browser without a screen."""
    with sync_playwright() as playwright:
        # Containers have no name spaces for its sandbox; it sees only our own pages.
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


def asked(base: str, path: str, body: object = None) -> Any:
    """What the API answers an admin."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
    request = urllib.request.Request(base + path, data, headers)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def log_in(page: Page, base: str, key: str = KEY) -> None:
    """Type the key and go to the inbox."""
    page.goto(f"{base}/console/")
    page.fill("#key", key)
    page.press("#key", "Enter")
    page.wait_for_selector("nav a[aria-current=page]")


def faults(page: Page) -> list[str]:
    """Serious and critical accessibility faults of a page, by axe-core.

    It is run by the debugger, beside the page's own policy, which would not let it in.
    """
    page.evaluate(AXE.read_text(encoding="utf-8"))
    options = {"runOnly": {"type": "tag", "values": RULES}}
    found = page.evaluate("options => axe.run(document, options)", options)
    assert found["passes"], "axe looked at nothing"
    return [
        f"{one['id']}: {node['target']} {node['failureSummary']}"
        for one in found["violations"]
        if one["impact"] in GRAVE
        for node in one["nodes"]
    ]


def is_too_wide(page: Page) -> bool:
    """Must one scroll sideways?"""
    return bool(page.evaluate("document.documentElement.scrollWidth > innerWidth"))
