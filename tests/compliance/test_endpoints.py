"""The report over HTTP: who is an organiser, as of when, how much, and why."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest
from httpx2 import AsyncClient

from graph_service.compliance import report as report_file
from graph_service.compliance.standings import Mall, read_mall
from graph_service.graph.session import Graph
from tests.conftest import Database
from tests.worlds import START, Event, event, order_data

pytestmark = pytest.mark.anyio
DAY = timedelta(days=1)
REPORT = "/v1/compliance/report"
LATER = "2026-03-01"


def joined(member_id: str, inviter_id: str | None = None, day: float = 0, **data: str) -> Event:
    told = {"memberId": member_id, **data}
    if inviter_id is not None:
        told["inviterId"] = inviter_id
    return event("member.joined", f"join-{member_id}", START + day * DAY, told)


def bought(order_id: str, member_id: str, amount_minor: int, day: float) -> Event:
    paid = order_data(order_id, member_id, amount_minor)
    return event("order.paid", f"pay-{order_id}", START + day * DAY, paid)


def promoted(member_id: str, role: str, day: float) -> Event:
    told = {"memberId": member_id, "role": role}
    return event("member.updated", f"{role}-{member_id}-{day}", START + day * DAY, told)


async def send(client: AsyncClient, events: list[Event]) -> None:
    answer = await client.post("/v1/events?wait=true", json=events)
    assert answer.json()["rejected"] == 0, answer.text


async def report(client: AsyncClient, **params: Any) -> dict[str, Any]:
    answer = await client.get(REPORT, params={"asOf": LATER, **params})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def items(client: AsyncClient, **params: Any) -> dict[str, dict[str, Any]]:
    return {one["memberId"]: one for one in (await report(client, **params))["items"]}


async def test_the_organiser_and_the_own_level_are_counted(client: AsyncClient) -> None:
    await send(client, [joined("a"), joined("b", "a", 1), joined("c", "b", 2), joined("d", "b", 2)])

    found = await report(client)

    told = [
        (one["memberId"], one["people"], one["levels"], one["directs"], one["flag"])
        for one in found["items"]
    ]
    assert told == [("a", 4, 3, 1, "amber"), ("b", 3, 2, 2, "none")]
    assert found["flags"] == {"none": 1, "amber": 1, "red": 0, "severe": 0}
    assert found["nextCursor"] is None


async def test_bindings_count_as_they_were_at_the_time(client: AsyncClient) -> None:
    moved = {"memberId": "c", "inviterId": "z", "mode": "override"}
    await send(
        client,
        [
            *(joined("a"), joined("b", "a", 1), joined("c", "b", 2), joined("z")),
            event("referral.bound", "move", START + 10 * DAY, moved),
        ],
    )

    before, after = await items(client, asOf="2026-01-10"), await items(client)

    assert {one: before[one]["levels"] for one in before} == {"a": 3, "b": 2}
    assert {one: after[one]["levels"] for one in after} == {"a": 2, "z": 2}


async def test_a_date_means_its_end_in_the_zone_of_the_plan(client: AsyncClient) -> None:
    await send(client, [joined("a"), joined("b", "a", 1.9), joined("c", "a", 2)])

    found = await report(client, asOf="2026-01-02")

    assert found["asOf"] == "2026-01-02T15:59:59.999999Z"
    assert found["items"][0]["people"] == 2


async def test_money_collected_is_what_the_people_paid_less_refunds(client: AsyncClient) -> None:
    back = {"orderId": "o1", "refundId": "r1", "amountMinor": 300}
    await send(
        client,
        [
            *(joined("a"), joined("b", "a", role="promoter"), joined("c", "b")),
            *(bought("o0", "a", 50, 3), bought("o1", "b", 1_000, 3), bought("o2", "c", 7_000, 4)),
            event("order.refunded", "back", START + 6 * DAY, back),
            event("order.cancelled", "off", START + 8 * DAY, {"orderId": "o2"}),
        ],
    )

    whole, early = await items(client), await items(client, asOf="2026-01-06")

    assert [whole[one]["moneyCollectedMinor"] for one in "ab"] == [750, 700]
    assert [early[one]["moneyCollectedMinor"] for one in "ab"] == [8_050, 8_000]
    assert (whole["a"]["buyers"], whole["a"]["promoterBuyers"]) == (2, 1)
    assert whole["a"]["shareOfBuyersWhoArePromoters"] == "0.5"
    assert early["a"]["shareOfBuyersWhoArePromoters"] == "0.3333333333"


async def test_purchases_in_the_week_before_a_promotion_are_signs(client: AsyncClient) -> None:
    await send(
        client,
        [
            *(joined("a"), joined("b", "a"), joined("c", "b"), joined("d", "a")),
            *(bought("o1", "b", 99, 9.9), bought("o2", "b", 99, 10), bought("o3", "b", 99, 17)),
            *(bought("o4", "b", 99, 17.1), bought("o5", "c", 99, 18)),
            promoted("b", "promoter", 17),
            promoted("b", "partner", 17),
            promoted("b", "promoter", 18),
            promoted("c", "member", 19),
        ],
    )

    found, early = await items(client, lang="en"), await items(client, asOf="2026-01-17")

    signs = found["a"]["forcedPurchaseSigns"]
    assert [(one["orderId"], one["role"]) for one in signs["examples"]] == [
        ("o2", "promoter"),
        ("o3", "promoter"),
    ]
    assert signs["count"] == 2
    assert signs["examples"][0]["promotedAt"] == "2026-01-17T16:00:00Z"
    assert found["b"]["forcedPurchaseSigns"] == signs
    assert early["a"]["forcedPurchaseSigns"] == {"count": 0, "examples": []}
    assert (
        "article 7 (2)"
        in {one["code"]: one["text"] for one in found["a"]["reasons"]}["orders_before_promotion"]
    )


async def test_thirty_people_in_three_levels_are_red_and_120_severe(client: AsyncClient) -> None:
    flat = [joined("f"), *(joined(f"f{i:03}", "f") for i in range(29))]
    deep = [joined("d"), joined("d0", "d"), *(joined(f"d1{i:02}", "d0") for i in range(28))]
    large = [joined("g"), *(joined(f"g{i:03}", "g") for i in range(119))]
    await send(client, [*flat, *deep, *large])

    found = await items(client)
    severe = await items(client, flag="severe")

    assert {one: found[one]["flag"] for one in ("f", "d", "d0", "g")} == {
        "f": "amber",
        "d": "red",
        "d0": "none",
        "g": "severe",
    }
    assert list(found) == ["g", "d", "f", "d0"]
    assert list(severe) == ["g"]


async def test_pages_follow_each_other_and_keep_the_time(client: AsyncClient) -> None:
    await send(client, [joined(f"m{i}", f"m{i - 1}" if i else None) for i in range(6)])
    seen: list[str] = []
    params: dict[str, Any] = {"limit": 2}
    times: set[str] = set()

    while True:
        answer = (await client.get(REPORT, params=params)).json()
        seen += [one["memberId"] for one in answer["items"]]
        times.add(answer["asOf"])
        if answer["nextCursor"] is None:
            break
        params["cursor"] = answer["nextCursor"]

    assert seen == ["m0", "m1", "m2", "m3", "m4"]
    assert len(times) == 1


async def test_one_organiser_can_be_asked_for(client: AsyncClient) -> None:
    await send(client, [joined("a"), joined("b", "a"), joined("c", "b")])

    one, leaf = await items(client, memberId="b"), await items(client, memberId="c")
    unknown = await client.get(REPORT, params={"memberId": "nobody"})

    assert list(one) == ["b"]
    assert leaf == {}
    assert (unknown.status_code, unknown.json()["code"]) == (404, "member_not_found")


async def test_the_default_plan_and_the_notice_are_told(client: AsyncClient) -> None:
    found = await report(client, lang="en")

    assert found["planVersion"] == "seed-1"
    assert [one["code"] for one in found["planWarnings"]] == [
        "pays_for_downline_sales",
        "pays_for_whole_team_sales",
        "pays_three_levels_or_more",
    ]
    assert "no legal advice" in found["notice"]
    assert (found["ledgerBehind"], found["items"]) == (0, [])


async def test_earnings_are_told_by_what_they_were_paid_for(
    client: AsyncClient, database: Database
) -> None:
    shared = {"shareId": "s1", "memberId": "b"}
    clicked = {"shareId": "s1", "memberId": "x"}
    paid = order_data("o1", "x", 10_000)
    paid["lines"][0]["categoryId"] = "fmcg"
    await send(
        client,
        [
            *(joined("a"), joined("b", "a"), joined("x", "b")),
            event("share.created", "s", START + DAY, shared),
            event("share.clicked", "c", START + 2 * DAY, clicked),
            event("order.paid", "p", START + 3 * DAY, paid),
        ],
    )
    database.query(
        """
        MATCH (m:Member {memberId: 'a'}), (f:Fact {type: 'order.paid'})
        CREATE (e:LedgerEntry {entryId: 'team', seq: f.seq, payeeId: 'a', number: 1,
          basis: 'team', part: '2026-01', orderId: '', month: '2026-01', currency: 'CNY',
          amountMinor: 200, inputs: '{"salesByLevelMinor": [3000, 1000]}'})-[:PAYS]->(m)
        """
    )

    found = await items(client, lang="en")

    assert found["b"]["moneyByBasis"]["own_sale"] == 800
    assert found["a"]["moneyByBasis"] == {
        "own_sale": 0,
        "level_1": 150,
        "level_2_and_deeper": 50,
        "head_count": 0,
        "influence": 0,
    }
    assert found["a"]["paidLevelsMax"] == 2
    assert "paid_by_downline_sales" in [one["code"] for one in found["a"]["reasons"]]


@pytest.mark.parametrize("asked", ["asOf=then", "asOf=2026-02-30", "flag=pink", "limit=501"])
async def test_a_question_that_makes_no_sense_is_refused(client: AsyncClient, asked: str) -> None:
    answer = await client.get(f"{REPORT}?{asked}")

    assert answer.status_code == 422, answer.text


async def test_a_cursor_of_another_list_is_refused(client: AsyncClient) -> None:
    answer = await client.get(f"{REPORT}?cursor=odd")

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_cursor")


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Grows with every mall that is read, which waits a moment; how many were under way then."""
    counts: list[int] = []
    under_way: list[datetime] = []

    async def counted(graph: Graph, at: datetime, *, members_max: int) -> Mall:
        under_way.append(at)
        counts.append(len(under_way))
        await asyncio.sleep(0.05)
        mall = await read_mall(graph, at, members_max=members_max)
        under_way.pop()
        return mall

    monkeypatch.setattr(report_file, "read_mall", counted)
    return counts


@pytest.mark.parametrize("asked", [{}, {"asOf": LATER}])
async def test_following_pages_do_not_read_the_mall_anew(
    client: AsyncClient, read: list[int], asked: dict[str, Any]
) -> None:
    await send(client, [joined(f"m{i}", f"m{i - 1}" if i else None) for i in range(6)])
    seen: list[str] = []
    params: dict[str, Any] = {"limit": 2, **asked}

    while params.get("cursor", "") is not None:
        answer = (await client.get(REPORT, params=params)).json()
        seen += [one["memberId"] for one in answer["items"]]
        params["cursor"] = answer["nextCursor"]
        # What is stored between two pages is in none of them.
        late = joined(f"late-{len(seen)}", "m5", 1)
        await send(client, [late])

    assert seen == ["m0", "m1", "m2", "m3", "m4"]
    assert read == [1]


async def test_a_first_page_has_what_is_stored_by_then(
    client: AsyncClient, read: list[int]
) -> None:
    await send(client, [joined("a"), joined("b", "a")])
    first = [await items(client) for _ in range(2)]

    await send(client, [joined("c", "a")])
    then = await items(client)

    assert [one["a"]["people"] for one in [*first, then]] == [2, 2, 3]
    assert len(read) == 2


async def test_only_the_last_two_standings_are_kept(client: AsyncClient, read: list[int]) -> None:
    await send(client, [joined("a"), joined("b", "a")])

    for day in ("2026-02-01", "2026-02-02", "2026-02-01", "2026-02-03", "2026-02-01"):
        await items(client, asOf=day)

    assert len(read) == 4


async def test_reports_are_made_one_by_one_and_few_wait(
    client: AsyncClient, read: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    await send(client, [joined("a"), joined("b", "a")])
    reading, gate = report_file.read_mall, asyncio.Event()

    async def gated(graph: Graph, at: datetime, *, members_max: int) -> Mall:
        await gate.wait()
        return await reading(graph, at, members_max=members_max)

    monkeypatch.setattr(report_file, "read_mall", gated)
    asked = [
        asyncio.create_task(client.get(REPORT, params={"asOf": f"2026-02-{day:02}"}))
        for day in range(1, 11)
    ]
    answered = asyncio.as_completed(asked)
    for _ in range(5):
        await next(answered)
    gate.set()
    answers = await asyncio.gather(*asked)

    told = [one.status_code for one in answers]
    assert (told.count(200), told.count(503)) == (1 + report_file.WAITING_MAX, 5)
    assert set(read) == {1}
    refused = next(one for one in answers if one.status_code == 503)
    assert refused.json()["code"] == "reports_busy"
    assert int(refused.headers["retry-after"]) > 0
    assert (await client.get(REPORT)).status_code == 200
