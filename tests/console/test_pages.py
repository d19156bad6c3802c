"""What the pages show and do: a ring's case with its picture, members, orders, money, scans."""

import re

import pytest

from tests.console.desk import RING, ConsoleDesk
from tests.explain.test_page import EVIL
from tests.scans.desk import ring
from tests.worlds import START, event, order_data

pytestmark = pytest.mark.anyio
LINE = {"productId": "p", "categoryId": "fmcg", "quantity": 1, "amountMinor": 10_000}
PAYOUT = {"memberId": RING[0], "amountMinor": 100, "currency": "CNY"}


async def test_a_ring_is_opened_from_the_inbox_and_confirmed(desk: ConsoleDesk) -> None:
    case_id = await desk.ring_case()
    await desk.log_in()

    inbox = await desk.page("/")
    case = await desk.page(f"/cases/{case_id}")
    decided = await desk.sent(
        f"/cases/{case_id}/decision",
        f"/cases/{case_id}",
        conclusion="confirmed_fraud",
        typology="fake_order_ring",
        reason="one device",
    )
    after = await desk.page(f"/cases/{case_id}", done="1")

    assert f'href="/console/cases/{case_id}"' in inbox.text
    assert "fake-order ring" in case.text
    assert "8 accounts" in case.text
    assert "CNY 800" in case.text
    assert decided.status_code == 303, decided.text
    assert "The decision is recorded." in after.text
    assert "one device" in after.text
    assert "8 in force of 8" in after.text
    assert (await desk.decided(PAYOUT)) == "deny"


async def test_a_decision_without_a_reason_is_told_and_stays_filled_in(desk: ConsoleDesk) -> None:
    case_id = await desk.ring_case()
    await desk.log_in()

    answer = await desk.sent(
        f"/cases/{case_id}/decision", f"/cases/{case_id}", conclusion="false_positive", reason="  "
    )

    assert answer.status_code == 422
    assert "a reason is needed" in answer.text
    assert re.search(r'value="false_positive" required\s+checked', answer.text)


async def test_who_may_only_read_sees_the_case_and_may_not_decide(desk: ConsoleDesk) -> None:
    case_id = await desk.ring_case()
    await desk.log_in(await desk.made_key("risk:read"))

    case = await desk.page(f"/cases/{case_id}")
    refused = await desk.sent(f"/cases/{case_id}/decision", conclusion="false_positive", reason="r")

    assert "To decide you need a key with the scope risk:decide." in case.text
    assert "<textarea" not in case.text
    assert refused.status_code == 403


async def test_the_picture_is_that_of_the_alert_and_goes_on_from_each_node(
    desk: ConsoleDesk,
) -> None:
    case_id = await desk.ring_case()
    await desk.log_in()
    alert = (await desk.told("/v1/fraud/alerts"))["items"][0]

    picture = (await desk.client.get(f"/console/cases/{case_id}/graph")).json()
    api = await desk.told(f"/v1/fraud/alerts/{alert['alertId']}/graph")
    nodes = {one["id"]: one["kind"] for one in picture["nodes"]}
    further = {
        node: (await desk.client.get("/console/graph/next", params={"node": node})).json()
        for node in nodes
    }

    assert nodes == {one["id"]: one["kind"] for one in api["nodes"]}
    assert picture["core"] == [f"member:{one}" for one in RING]
    assert {"member", "token", "shop", "product"} == set(nodes.values())
    assert all(
        node in (edge["from"], edge["to"]) for node, one in further.items() for edge in one["edges"]
    )
    orders = [one["id"] for one in further[f"member:{RING[0]}"]["nodes"] if one["kind"] == "order"]
    assert orders == [f"order:order-{RING[0]}-a-10"]


@pytest.mark.parametrize("node", ["planet:x", "member", "member:", ":xyz", "Member:x"])
async def test_from_no_node_one_goes_nowhere(desk: ConsoleDesk, node: str) -> None:
    await desk.log_in()

    answer = await desk.client.get("/console/graph/next", params={"node": node})

    assert answer.status_code == 404


async def test_every_kind_of_node_can_be_gone_on_from(desk: ConsoleDesk) -> None:
    await desk.store_as_admin(
        [
            event("member.joined", "j", START, {"memberId": "a"}),
            event("member.joined", "k", START, {"memberId": "b", "inviterId": "a"}),
            event(
                "share.created",
                "s",
                START,
                {"shareId": "s", "memberId": "a", "productId": "product-1"},
            ),
            event("share.clicked", "c", START, {"shareId": "s", "visitorId": "v"}),
            event("visitor.identified", "i", START, {"visitorId": "v", "memberId": "b"}),
            event("share.clicked", "d", START, {"shareId": "s", "memberId": "b"}),
            event(
                "order.paid",
                "o",
                START,
                {**order_data("o", "b", 100), "shopId": "shop", "shareId": "s"},
            ),
        ]
    )
    await desk.log_in()

    found = {
        node: {
            f"{edge['type']} {edge['from']} {edge['to']}"
            for edge in (
                await desk.client.get("/console/graph/next", params={"node": node})
            ).json()["edges"]
        }
        for node in (
            "member:b",
            "visitor:v",
            "share:s",
            "order:o",
            "shop:shop",
            "product:product-1",
        )
    }

    assert found["member:b"] == {"REFERRED member:a member:b", "PLACED member:b order:o"}
    assert found["visitor:v"] == {"CLICKED visitor:v share:s", "IDENTIFIED_AS visitor:v member:b"}
    assert {"CREATED member:a share:s", "CAME_THROUGH order:o share:s"} <= found["share:s"]
    assert {"PLACED member:b order:o", "CREDITED_TO order:o member:a"} <= found["order:o"]
    assert found["shop:shop"] == {"SOLD_BY order:o shop:shop"}
    assert "CONTAINS order:o product:product-1" in found["product:product-1"]


async def test_search_leads_to_what_has_the_id(desk: ConsoleDesk) -> None:
    case_id = await desk.ring_case()
    await desk.log_in()
    alert_id = (await desk.told("/v1/fraud/alerts"))["items"][0]["alertId"]
    order_id = f"order-{RING[0]}-a-10"
    wanted = {
        RING[0]: f"/console/members/{RING[0]}",
        order_id: f"/console/orders/{order_id}",
        case_id: f"/console/cases/{case_id}",
        alert_id: f"/console/alerts/{alert_id}",
    }

    found = {one: await desk.page("/search", q=f" {one} ") for one in wanted}
    nothing = await desk.page("/search", q="nobody")

    assert {one: answer.headers["location"] for one, answer in found.items()} == wanted
    assert nothing.status_code == 404
    assert "Nothing has the id nobody." in nothing.text


async def test_member_order_and_ledger_tell_of_one_sale(desk: ConsoleDesk) -> None:
    await desk.store_as_admin(
        [
            event("member.joined", "j", START, {"memberId": "seller", "role": "promoter"}),
            event("member.joined", "k", START, {"memberId": "buyer", "inviterId": "seller"}),
            event(
                "order.paid", "o", START, {**order_data("o/1", "buyer", 10_000), "lines": [LINE]}
            ),
        ]
    )
    await desk.log_in()

    member = await desk.page("/members/seller")
    team = (await desk.client.get("/console/members/seller/graph")).json()
    order = await desk.page("/orders/o%2F1")
    ledger = await desk.page("/ledger", payee="seller")
    everybody = await desk.page("/ledger")

    assert "Directly invited: 1. In the whole team: 1." in member.text
    assert 'href="/console/members/buyer"' in member.text
    assert [(one["from"], one["to"]) for one in team["edges"]] == [
        ("member:seller", "member:buyer")
    ]
    assert "How the money of order o/1 came about" in order.text
    assert 'href="/console/orders/o%2F1"' in ledger.text
    assert "platform" not in ledger.text.split("<tbody>")[1]
    assert 'href="/console/members/seller"' in everybody.text


async def test_names_that_are_markup_stay_text(desk: ConsoleDesk) -> None:
    evil, other = f"m {EVIL}", f"n {EVIL}"
    events = ring("a", [evil, other, *RING])
    await desk.store_as_admin([{**one, "id": one["id"].replace("/", "|")} for one in events])
    await desk.log_in()
    await desk.sent("/scans", "/scans", mode="full")
    await desk.done("/scans")
    cases = (await desk.told("/v1/cases"))["items"]

    pages = [
        await desk.page(path)
        for path in (
            "/",
            "/alerts",
            f"/cases/{cases[0]['caseId']}",
            f"/search?q={evil}",
            "/members/m%20%3Cscript%3Ealert(1)%3C%2Fscript%3E",
            f"/?member={EVIL}&state={EVIL}",
            f"/ledger?payee={EVIL}",
            f"/alerts?kind={EVIL}",
        )
    ]

    assert [str(page.url) for page in pages if EVIL in page.text] == []
    assert any("&lt;script&gt;alert(1)" in page.text for page in pages)


async def test_a_scan_that_was_begun_is_shown_until_it_is_done(desk: ConsoleDesk) -> None:
    await desk.log_in()

    begun = await desk.sent("/scans", "/scans", mode="full")
    under_way = await desk.page("/scans")
    page = await desk.done("/scans")

    assert begun.headers["location"] == "/console/scans"
    assert "<progress" in under_way.text
    assert "done" in page.text


async def test_a_plan_is_tried_out_and_its_costs_are_drawn(desk: ConsoleDesk) -> None:
    await desk.store_as_admin(
        [
            event("member.joined", "j", START, {"memberId": "seller", "role": "promoter"}),
            event("member.joined", "k", START, {"memberId": "buyer", "inviterId": "seller"}),
            event("order.paid", "o", START, order_data("o", "buyer", 10_000)),
        ]
    )
    await desk.log_in()
    times = {"from": "2026-01-01", "to": "2026-02-01"}

    begun = await desk.sent("/what-if", "/what-if", version="seed-1", document="", **times)
    path = begun.headers["location"].removeprefix("/console")
    page = await desk.done(path)
    refused = await desk.sent("/what-if", "/what-if", document="{", **times)

    assert "What seed-1 would have paid" in page.text
    assert page.text.count("<svg") == 2
    assert refused.status_code == 422
    assert "it is not JSON" in refused.text


async def test_the_ledger_is_verified_and_the_result_is_of_who_asked(desk: ConsoleDesk) -> None:
    await desk.log_in()

    begun = await desk.sent("/ledger/verify", "/ledger")
    path = begun.headers["location"].removeprefix("/console")
    page = await desk.done(path)
    await desk.log_in(await desk.made_key("admin"))
    other = await desk.page(path)

    assert "Every entry is what it was" in page.text
    assert other.status_code == 404


async def test_what_there_is_not_is_a_page_that_says_so(desk: ConsoleDesk) -> None:
    await desk.log_in()

    pages = [
        await desk.page(path)
        for path in ("/cases/x", "/alerts/x", "/members/x", "/orders/x", "/what-if/x", "/casez/x")
    ]

    assert {page.status_code for page in pages} == {404}
    assert all("<main" in page.text for page in pages)
    assert "there is no page /console/casez/x" in pages[-1].text
    assert (await desk.page("/help/")).headers["location"] == "/console/help"


async def test_a_cursor_that_is_none_is_refused_as_a_page(desk: ConsoleDesk) -> None:
    await desk.log_in()

    page = await desk.page("/", cursor="odd")

    assert page.status_code == 422
    assert "invalid_cursor" in page.text
