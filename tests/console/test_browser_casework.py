"""A case from the inbox to a second person's word, in a real browser."""

import json
import urllib.request
from collections.abc import Generator

import pytest
from playwright.sync_api import Page

from graph_service.settings import Settings
from tests.conftest import KEY
from tests.console.browsing import NARROW, WIDE, asked, faults, is_too_wide, log_in
from tests.console.desk import RING, invited_ring
from tests.console.malls import Mall, drawn, opened_mall, watched_page

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def mall(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Generator[Mall]:
    with opened_mall(settings, tmp_path_factory.mktemp("served"), invited_ring()) as opened:
        yield opened


@pytest.fixture
def page(mall: Mall) -> Generator[Page]:
    with watched_page(mall) as opened:
        yield opened


def beyond(page: Page) -> list[str]:
    """What makes a page wider than the screen, if it is."""
    if not is_too_wide(page):
        return []
    return page.evaluate(
        "[...document.querySelectorAll('main *')]"
        ".filter(one => one.getBoundingClientRect().right > innerWidth + 1)"
        ".map(one => `too wide: ${one.tagName} ${one.className} ${one.id}`).slice(0, 9)"
    )


def made_key(mall: Mall) -> str:
    """The secret of a new key that may decide."""
    body = json.dumps({"name": "wang", "scopes": ["risk:read", "risk:decide"]}).encode()
    headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
    request = urllib.request.Request(f"{mall.base}/v1/keys", body, headers)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)["key"]


def test_the_next_case_is_taken_with_a_key_of_the_keyboard(mall: Mall, page: Page) -> None:
    page.goto(f"{mall.base}/console/")
    page.keyboard.press("n")
    page.wait_for_url(f"{mall.base}/console/cases/{mall.case_id}")

    assert "You work on it." in page.inner_text("main")


@pytest.mark.parametrize(
    ("size", "scheme"), [(WIDE, "light"), (NARROW, "dark")], ids=["wide light", "narrow dark"]
)
def test_the_forms_of_a_case_are_within_reach_of_everybody(
    mall: Mall, size: tuple[int, int], scheme: str
) -> None:
    with mall.context(size, scheme) as context:
        page = context.new_page()
        log_in(page, mall.base)
        page.goto(f"{mall.base}/console/cases/{mall.case_id}")
        drawn(page)
        page.check("input[name=conclusion][value=confirmed_fraud]")
        page.check("input[name=actions][value=reverse_commissions]")
        page.click("#decide ~ form summary")
        page.click("text=Show what the ledger would book")
        page.wait_for_selector("#effect table")

        found = [*faults(page), *beyond(page)]
        page.goto(f"{mall.base}/console/members/{RING[0]}")
        page.click("text=Let a rule or a kind of alert be silent")
        found += [*faults(page), *beyond(page)]

    assert found == []


def test_commissions_are_reversed_with_the_effect_shown_and_a_second_key_gives_them_back(
    mall: Mall, page: Page
) -> None:
    address = f"{mall.base}/console/cases/{mall.case_id}"
    page.goto(address)
    drawn(page)
    page.check("input[name=conclusion][value=confirmed_fraud]")
    page.check("input[name=actions][value=reverse_commissions]")
    page.fill("#reason", "Eight accounts, one phone, one shop.")
    page.click("text=Show what the ledger would book")
    page.wait_for_selector("#effect table")
    preview = page.inner_text("#effect tfoot td")
    kept = page.input_value("#reason")
    page.click("text=Record the decision")
    page.wait_for_selector("text=The decision is recorded.")
    booked = booked_sum(page, address)

    page.fill("form[action$=reopen] input[name=reason]", "A choir, says the shop.")
    page.click("text=Reopen")
    page.wait_for_selector("#decide")
    page.check("input[name=conclusion][value=false_positive]")
    page.check("input[name=actions][value=unfreeze]")
    page.check("input[name=actions][value=restore_commissions]")
    page.fill("#reason", "A choir indeed.")
    page.click("text=Record the decision")
    page.wait_for_selector("#proposed")
    with mall.context() as context:
        second = context.new_page()
        log_in(second, mall.base, made_key(mall))
        second.goto(address)
        told = second.inner_text("section:has(#proposed)")
        second.click("button:text-is('Agree')")
        second.wait_for_selector("#decided")

    assert kept == "Eight accounts, one phone, one shop."
    assert "-" in preview.replace("−", "-")
    assert booked == preview
    assert "Lift the holds of this case" in told
    assert "Give back the commissions that were taken" in told
    case = asked(mall.base, f"/v1/cases/{mall.case_id}")
    assert (case["state"], case["decision"]["conclusion"]) == ("DECIDED", "false_positive")


def booked_sum(page: Page, address: str) -> str:
    """What was booked because of the case, once the ledger has followed."""
    for _ in range(60):
        page.goto(address)
        page.wait_for_selector("#booked:not([hx-get])")
        if (
            page.locator("#booked tfoot td").count()
            and not page.locator("#booked .problem").count()
        ):
            return page.inner_text("#booked tfoot td")
        page.wait_for_timeout(500)
    return "never"
