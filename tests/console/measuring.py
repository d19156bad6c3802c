"""How long from opening a case of 300 nodes to a drawn picture?

uv run python -m tests.console.measuring

Starts a managed Neo4j and the service, stores a ring of 210 accounts, scans, and opens its case
with an empty cache and then again and again.
"""

import os
import statistics
import sys
import tempfile
from datetime import timedelta
from pathlib import Path

from pydantic import SecretStr

from graph_service.graph.opening import settings_for
from graph_service.graph.server import ManagedServer
from graph_service.settings import Settings
from tests.conftest import KEY, choose_ports
from tests.console.browsing import WIDE, asked, browsing, chromium, log_in, serving
from tests.worlds import START, Event, event, order_data

ACCOUNTS, SHOPS, DEVICES = 210, 56, 40
TIMES = 9
PATIENCE_MS = 120_000


def crowd() -> list[Event]:
    """Accounts of 40 devices who all buy of one shop, and each of one other."""
    at = START + timedelta(days=10)
    events: list[Event] = []
    for number in range(ACCOUNTS):
        member, moment = f"account-{number:03d}", at + timedelta(minutes=number)
        device = {"kind": "device", "value": f"device-{number % DEVICES}"}
        events += [
            event("member.joined", f"j-{number}", moment, {"memberId": member}),
            event("identity.observed", f"i-{number}", moment, {"memberId": member, **device}),
        ]
        for place, shop in enumerate(("shop-all", f"shop-{number % SHOPS}")):
            paid = {**order_data(f"o-{number}-{place}", member, 10_000), "shopId": shop}
            events.append(event("order.paid", f"p-{number}-{place}", moment, paid))
    return events


def main() -> int:
    """Print the milliseconds of each opening, with what was opened."""
    executable = chromium()
    if executable is None:
        sys.stderr.write("no chromium is installed\n")
        return 1
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            data_dir=Path(folder),
            bootstrap_api_key=SecretStr(KEY),
            pepper=SecretStr("pepper-of-the-tests"),
            screening=False,
            neo4j_heap_mib=768,
            neo4j_page_cache_mib=256,
        )
        server = ManagedServer(settings.data_dir / "neo4j", settings)
        choose_ports(server.home)
        try:
            _measure(settings_for(settings, server.start()), executable)
        finally:
            server.stop()
    return 0


def _measure(settings: Settings, executable: str) -> None:
    with (
        serving(settings, settings.data_dir / "service") as base,
        browsing(executable) as browser,
        browser.new_context(viewport={"width": WIDE[0], "height": WIDE[1]}, locale="en") as context,
    ):
        context.set_default_timeout(PATIENCE_MS)
        asked(base, "/v1/events?wait=true", crowd())
        page = context.new_page()
        log_in(page, base)
        page.goto(f"{base}/console/scans")
        page.click("text=Start a scan")
        page.wait_for_selector("#work:not([hx-trigger])")
        case_id = asked(base, "/v1/cases")["items"][0]["caseId"]
        opened: list[int] = []
        for _ in range(TIMES + 1):
            page.goto(f"{base}/console/cases/{case_id}")
            page.wait_for_selector(".picture[data-drawn]")
            opened.append(int(page.get_attribute(".picture", "data-opened") or 0))
        told = page.inner_text(".picture .told")
    first, *later = opened
    load = os.getloadavg()[0]
    sys.stdout.write(
        f"{told}\nfirst {first} ms; then median {statistics.median(later):.0f} ms, "
        f"most {max(later)} ms of {TIMES}; load {load:.1f} on {os.cpu_count()} cores\n"
    )


if __name__ == "__main__":
    raise SystemExit(main())
