"""The console in a real browser: from the login to a frozen ring, and every page for everybody."""

from collections.abc import Generator

import pytest
from playwright.sync_api import Page

from graph_service.settings import Settings
from tests.console.browsing import NARROW, WIDE, asked, faults, is_too_wide, log_in
from tests.console.desk import RING
from tests.console.malls import Mall, drawn, opened_mall, watched_page
from tests.scans.desk import ring

pytestmark = pytest.mark.browser
PAYOUT = {"memberId": RING[0], "amountMinor": 100, "currency": "CNY"}


@pytest.fixture(scope="module")
def mall(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Generator[Mall]:
    with opened_mall(settings, tmp_path_factory.mktemp("served"), ring("a", RING)) as opened:
        yield opened


@pytest.fixture
def page(mall: Mall) -> Generator[Page]:
    with watched_page(mall) as opened:
        yield opened


def paths(mall: Mall) -> list[str]:
    """Every page."""
    order_id = f"order-{RING[0]}-a-10"
    alert_id = asked(mall.base, "/v1/fraud/alerts")["items"][0]["alertId"]
    return [
        *("/", "/alerts", f"/alerts/{alert_id}", f"/cases/{mall.case_id}", f"/orders/{order_id}"),
        *(f"/members/{RING[0]}", "/scans", "/compliance", "/ledger", "/what-if", "/health"),
        *("/help", "/search?q=nobody", "/no-such-page"),
    ]


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
