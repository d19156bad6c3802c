"""The console in a real browser: from the login to a frozen ring, and every page for everybody."""

from collections.abc import Generator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from graph_service.settings import Settings
from tests.conftest import Database
from tests.console.browsing import (
    NARROW,
    WIDE,
    asked,
    browsing,
    chromium,
    faults,
    log_in,
    serving,
)
from tests.console.desk import RING
from tests.scans.desk import ring

pytestmark = pytest.mark.browser
PAYOUT = {"memberId": RING[0], "amountMinor": 100, "currency": "CNY"}
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


@pytest.fixture(scope="module")
def mall(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Generator[Mall]:
    executable = chromium()
    if executable is None:
        pytest.skip("no chromium is installed: apt-get install chromium")
    Database(settings).clear()
    with (
        serving(settings, tmp_path_factory.mktemp("served")) as base,
        browsing(executable) as browser,
    ):
        asked(base, "/v1/events?wait=true", ring("a", RING))
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


@pytest.fixture
def page(mall: Mall) -> Generator[Page]:
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


def paths(mall: Mall) -> list[str]:
    """Every page."""
    order_id = f"order-{RING[0]}-a-10"
    alert_id = asked(mall.base, "/v1/fraud/alerts")["items"][0]["alertId"]
    return [
        *("/", "/alerts", f"/alerts/{alert_id}", f"/cases/{mall.case_id}", f"/orders/{order_id}"),
        *(f"/members/{RING[0]}", "/scans", "/compliance", "/ledger", "/what-if", "/health"),
        *("/help", "/search?q=nobody", "/no-such-page"),
    ]


def drawn(page: Page) -> None:
    """Wait for the picture of a page, if it has one."""
    if page.locator(".picture").count():
        page.wait_for_selector(".picture[data-drawn]")


def test_a_picture_is_gone_on_from_thinned_out_and_taken_back_in_time(
    mall: Mall, page: Page
) -> None:
    page.goto(f"{mall.base}/console/cases/{mall.case_id}")
    drawn(page)
    before = int(page.get_attribute(".picture", "data-nodes") or 0)

    page.select_option(".picture .nodes", f"member:{RING[0]}")
    known = page.inner_text(".known")
    page.click(".picture .expand")
    page.wait_for_selector(".picture[data-expanded]")
    expanded = int(page.get_attribute(".picture", "data-nodes") or 0)
    page.click(".picture .hide")
    page.wait_for_selector(f'.picture[data-nodes="{expanded - 1}"]')
    page.click(".picture .show")
    page.wait_for_selector(f'.picture[data-nodes="{expanded}"]')
    page.locator(".picture .until").fill("0")
    earlier = page.evaluate("document.querySelector('.picture').picture.cy.nodes('.later').length")

    assert before >= len(RING)
    assert RING[0] in known
    assert "Open its page" in known
    assert expanded > before
    assert earlier > 0


def test_keys_of_the_keyboard_lead_through_the_pages(mall: Mall, page: Page) -> None:
    page.keyboard.press("Tab")
    skip = page.evaluate("document.activeElement.className")
    page.goto(f"{mall.base}/console/help")
    page.keyboard.press("g")
    page.keyboard.press("i")
    page.wait_for_url(f"{mall.base}/console/")
    page.keyboard.press("j")
    focused = page.evaluate("document.activeElement.textContent")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{mall.base}/console/cases/{mall.case_id}")
    page.keyboard.press("/")
    page.keyboard.type(RING[1])
    page.keyboard.press("Enter")
    page.wait_for_url(f"{mall.base}/console/members/{RING[1]}")

    assert skip == "skip"
    assert focused == mall.case_id


@pytest.mark.parametrize(
    ("size", "scheme"), [(WIDE, "light"), (NARROW, "dark")], ids=["wide light", "narrow dark"]
)
def test_no_page_has_a_grave_accessibility_fault_or_is_wider_than_the_screen(
    mall: Mall, size: tuple[int, int], scheme: str
) -> None:
    found: list[str] = []
    with mall.context(size, scheme) as context:
        page = context.new_page()
        page.goto(f"{mall.base}/console/login")
        found += [f"/login {one}" for one in faults(page)]
        log_in(page, mall.base)
        for path in paths(mall):
            page.goto(f"{mall.base}/console{path}")
            drawn(page)
            found += [f"{path} {one}" for one in faults(page)]
            if is_too_wide(page):
                found.append(f"{path} is wider than the screen")
        for path, button in (("/what-if", "Simulate"), ("/ledger", "Verify")):
            page.goto(f"{mall.base}/console{path}")
            page.click(f"main button:has-text('{button}')")
            page.wait_for_selector("#work:not([hx-trigger])")
            found += [f"outcome of {path} {one}" for one in faults(page)]
            if is_too_wide(page):
                found.append(f"the outcome of {path} is wider than the screen")

    assert found == []


def is_too_wide(page: Page) -> bool:
    """Must one scroll sideways?"""
    return bool(page.evaluate("document.documentElement.scrollWidth > innerWidth"))


def test_a_ring_is_confirmed_and_its_payout_is_denied(mall: Mall, page: Page) -> None:
    page.goto(f"{mall.base}/console/cases/{mall.case_id}")
    drawn(page)

    page.check("input[name=conclusion][value=confirmed_fraud]")
    page.select_option("#typology", "fake_order_ring")
    page.fill("#reason", "Eight accounts, one phone, one shop.")
    page.click("text=Record the decision")
    page.wait_for_selector("text=The decision is recorded.")
    told = page.inner_text("main")

    assert "Eight accounts, one phone, one shop." in told
    assert "8 in force of 8" in told
    assert asked(mall.base, "/v1/payouts:decide", PAYOUT)["decision"] == "deny"


def test_a_logout_leaves_nothing_behind(mall: Mall) -> None:
    with mall.context() as context:
        page = context.new_page()
        log_in(page, mall.base)
        page.click("text=Log out")
        page.wait_for_url(f"{mall.base}/console/login")

        page.go_back()
        page.goto(f"{mall.base}/console/")

        assert page.url.startswith(f"{mall.base}/console/login")
