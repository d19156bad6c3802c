"""The pictures of docs/console and docs/risk-team.md, from a demo that is served.

uv run python -m tests.console.pictures http://127.0.0.1:8000 KEY docs/console

Walks from the login to the frozen ring of the demo's mall, says how long each step took, and then
visits every page, wide and light, narrow and dark.
"""

import json
import sys
import urllib.request
from pathlib import Path
from time import monotonic
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page

from graph_service.demo.ring import LEADER, account
from tests.console.browsing import NARROW, WIDE, browsing, chromium, log_in

PATIENCE_MS = 120_000
COLOURS = 256
SHOWCASE = "o-showcase"


def main(base: str, key: str, folder: Path) -> int:
    """Take every picture."""
    executable = chromium()
    if executable is None:
        sys.stderr.write("no chromium is installed\n")
        return 1
    folder.mkdir(parents=True, exist_ok=True)
    with browsing(executable) as browser:
        case = walk(browser, base, key, folder)
        for size, scheme, lang in ((WIDE, "light", "en"), (NARROW, "dark", "zh-CN")):
            with context_of(browser, size, scheme, lang) as context:
                visit(context.new_page(), base, key, folder, case)
    return 0


def context_of(browser: Browser, size: tuple[int, int], scheme: str, lang: str) -> BrowserContext:
    """Somebody's browser."""
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme="dark" if scheme == "dark" else "light",
        locale=lang,
    )
    context.set_default_timeout(PATIENCE_MS)
    return context


def walk(browser: Browser, base: str, key: str, folder: Path) -> str:
    """From the login to the frozen ring; the path of its case."""
    with context_of(browser, WIDE, "light", "en") as context:
        page = context.new_page()
        steps = Steps(folder)
        page.goto(f"{base}/console/login")
        steps.done("walk-1-login", page)
        log_in(page, base, key)
        while not page.locator(".rows tbody tr").count():
            page.wait_for_timeout(500)
            page.reload()
        steps.done("walk-2-inbox", page)
        page.click(".rows tbody tr:last-child th a")
        drawn(page)
        steps.done("walk-3-case", page)
        page.select_option(".picture .nodes", f"member:{account(1)}")
        page.click(".picture .expand")
        page.wait_for_selector(".picture[data-expanded]")
        page.wait_for_timeout(300)
        page.locator(".picture").scroll_into_view_if_needed()
        steps.done("walk-4-expanded", page)
        page.check("input[name=conclusion][value^=confirmed]")
        page.fill("#reason", "Fourteen accounts made in one evening buy in their inviter's shop.")
        page.locator("#decide").scroll_into_view_if_needed()
        steps.done("walk-5-decision", page)
        page.click("section:has(#decide) button.main")
        page.wait_for_selector(".good[role=status]")
        drawn(page)
        page.locator("#decided").scroll_into_view_if_needed()
        steps.done("walk-6-decided", page)
        path = page.evaluate("location.pathname")
    sys.stdout.write(f"payout: {payout(base, key)['decision']}\n")
    return path.removeprefix("/console")


class Steps:
    """Says how long each step took, and takes its picture."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._began = monotonic()

    def done(self, name: str, page: Page) -> None:
        """A step is done."""
        sys.stdout.write(f"{monotonic() - self._began:6.1f} s {name}\n")
        shoot(page, self._folder / f"{name}.png")


def visit(page: Page, base: str, key: str, folder: Path, case: str) -> None:
    """A picture of every page."""
    width = (page.viewport_size or {"width": 0})["width"]
    page.goto(f"{base}/console/login")
    shoot(page, folder / f"login-{width}.png")
    log_in(page, base, key)
    paths = {
        "inbox": "/",
        "alerts": "/alerts",
        "case": case,
        "member": f"/members/{LEADER}",
        "order": f"/orders/{SHOWCASE}",
        "scans": "/scans",
        "compliance": "/compliance",
        "ledger": "/ledger",
        "what-if": "/what-if",
        "health": "/health",
        "help": "/help",
    }
    for name, path in paths.items():
        page.goto(f"{base}/console{path}")
        drawn(page)
        shoot(page, folder / f"{name}-{width}.png")
    page.goto(f"{base}/console/what-if")
    page.fill("input[name=from]", "2026-05-01")
    page.fill("input[name=to]", "2026-06-01")
    page.click("main button.main")
    page.wait_for_selector("svg.plot")
    shoot(page, folder / f"outcome-{width}.png")


def shoot(page: Page, file: Path) -> None:
    """A picture of what is seen, in as many colours as a page has."""
    page.screenshot(path=file)
    with Image.open(file) as seen:
        few = seen.convert("RGB").quantize(COLOURS, method=Image.Quantize.MAXCOVERAGE)
    few.save(file, optimize=True)


def drawn(page: Page) -> None:
    """Wait for the picture of a page, if it has one."""
    if page.locator(".picture").count():
        page.wait_for_selector(".picture[data-drawn]")


def payout(base: str, key: str) -> Any:
    """What is decided of a payout to who leads the ring."""
    wanted = {"memberId": LEADER, "amountMinor": 100, "currency": "CNY"}
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    data = json.dumps(wanted).encode()
    request = urllib.request.Request(f"{base}/v1/payouts:decide", data, headers)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1], sys.argv[2], Path(sys.argv[3])))
