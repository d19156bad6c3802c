"""What a month came to is booked when it is over, and again where it turns out otherwise."""

from datetime import timedelta
from typing import Any

from httpx2 import AsyncClient

from graph_service.ledger.statement import read_statement
from graph_service.pipeline import Pipeline
from graph_service.plans.document import Plan, seed_plan
from graph_service.plans.versions import activate_version, put_version
from tests.conftest import Database
from tests.worlds import NOW, START, Event, event, order_data

DAY = timedelta(days=1)
JANUARY = "2026-01"
OF_PERIODS = """
MATCH (e:LedgerEntry {orderId: ''})
RETURN e.payeeId AS payee, e.basis AS basis, e.part AS part, e.amountMinor AS amount, e.why AS why
ORDER BY e.seq, e.payeeId, e.basis, e.part, e.number
"""


def joined(member_id: str, inviter_id: str | None = None, role: str = "member") -> Event:
    data = {"memberId": member_id, "role": role}
    if inviter_id is not None:
        data["inviterId"] = inviter_id
    return event("member.joined", f"join {member_id}", START, data)


def sold(order_id: str, seller_id: str, day: int, amount_minor: int) -> list[Event]:
    """An order of a stranger through a share of this seller."""
    share = {"shareId": f"share {order_id}", "memberId": seller_id}
    at = START + day * DAY
    data = {**order_data(order_id, f"buyer {order_id}", amount_minor), "shareId": share["shareId"]}
    return [
        event("share.created", f"share {order_id}", at, share),
        event("order.paid", f"paid {order_id}", at + timedelta(hours=1), data),
    ]


def changed_plan(version: str, **rules: Any) -> Plan:
    """The seed plan with other rules for some things."""
    return Plan.model_validate(
        {**seed_plan().model_dump(by_alias=True), "version": version, **rules}
    )


def refunded(order_id: str, day: int, amount_minor: int) -> Event:
    data = {"orderId": order_id, "refundId": f"r {order_id} {day}", "amountMinor": amount_minor}
    return event("order.refunded", f"refund {order_id} {day}", START + day * DAY, data)


async def stored(pipeline: Pipeline, *events: Event) -> None:
    receipt = await pipeline.store(list(events))
    assert receipt.count("rejected") == 0
    assert await pipeline.settle_ledger(timeout_s=30)


async def closed(pipeline: Pipeline) -> int:
    count = await pipeline.close_periods()
    assert await pipeline.settle_ledger(timeout_s=30)
    return count


async def statement(pipeline: Pipeline, member_id: str) -> dict[str, Any]:
    return await read_statement(
        pipeline.graph, member_id, JANUARY, pipeline.plans, pipeline.clock()
    )


def team_of_three() -> list[Event]:
    """A partner over a promoter over a member who sells for 60,000 yuan in January."""
    return [
        joined("partner", role="partner"),
        joined("promoter", "partner", "promoter"),
        joined("seller", "promoter"),
        *sold("o1", "seller", 3, 4_000_000),
        *sold("o2", "seller", 4, 2_000_000),
    ]


async def test_a_month_books_ladder_team_and_partner_when_it_is_over(
    pipeline: Pipeline, database: Database
) -> None:
    await stored(pipeline, *team_of_three())

    count = await closed(pipeline)

    # January, and February, in which nothing was sold.
    assert count == 2
    assert [tuple(row.values()) for row in database.query(OF_PERIODS)] == [
        # Nobody's upline is missing: the bonus of the level above the seller goes to the promoter.
        ("partner", "partner", "2026-01", 60_000, "partner"),
        ("promoter", "team", "2026-01", 120_000, "team"),
        # 5 % of 50,000 yuan and 8 % of 10,000.
        ("seller", "ladder", "2026-01", 250_000 + 80_000, "ladder"),
    ]
    assert await closed(pipeline) == 0


async def test_what_has_no_upline_or_no_role_stays_with_the_platform(
    pipeline: Pipeline, database: Database
) -> None:
    await stored(
        pipeline,
        joined("plain"),
        joined("seller", "plain"),
        *sold("o1", "seller", 3, 10_000),
        *sold("o2", "plain", 3, 5_000),
    )

    await closed(pipeline)

    kept = [tuple(row.values()) for row in database.query(OF_PERIODS) if row["basis"] == "team"]
    assert kept == [
        ("\tplatform", "team", "2026-01", 100, "kept_missing_upline"),
        ("\tplatform", "team", "2026-01: plain", 200, "kept_role"),
    ]


async def test_a_refund_after_the_close_lowers_the_month_that_is_over(
    pipeline: Pipeline, database: Database
) -> None:
    await stored(pipeline, *team_of_three())
    await closed(pipeline)

    await stored(pipeline, refunded("o1", 50, 4_000_000))

    answer = await statement(pipeline, "seller")
    assert answer["byBasis"]["ladder"] == 100_000
    rows = [tuple(row.values()) for row in database.query(OF_PERIODS)][3:]
    assert rows == [
        ("partner", "partner", "2026-01", -40_000, "partner"),
        ("promoter", "team", "2026-01", -80_000, "team"),
        ("seller", "ladder", "2026-01", -230_000, "ladder"),
    ]


async def test_the_statement_says_the_same_before_and_after_the_close(pipeline: Pipeline) -> None:
    await stored(pipeline, *team_of_three())
    names = ("partner", "promoter", "seller")

    before = [await statement(pipeline, name) for name in names]
    await closed(pipeline)
    after = [await statement(pipeline, name) for name in names]

    assert [one["byBasis"] for one in before] == [one["byBasis"] for one in after]
    assert [one["totalMinor"] for one in after] == [60_000, 120_000, 330_000]
    # January ended more than the seven holding days ago.
    assert [one["balance"]["releasedMinor"] for one in after] == [60_000, 120_000, 330_000]
    assert [one["balance"] for one in before] == [one["balance"] for one in after]


async def test_a_role_said_late_for_the_month_books_the_difference(pipeline: Pipeline) -> None:
    await stored(pipeline, *team_of_three())
    await closed(pipeline)
    for_january = {"memberId": "promoter", "role": "member"}
    for_february = {"memberId": "partner", "role": "member"}

    await stored(
        pipeline,
        event("member.updated", "u1", START + 20 * DAY, for_january),
        event("member.updated", "u2", START + 40 * DAY, for_february),
    )

    assert (await statement(pipeline, "promoter"))["byBasis"]["team"] == 0
    assert (await statement(pipeline, "partner"))["byBasis"]["partner"] == 60_000


async def test_a_frozen_member_earns_nothing_of_the_month_until_active_again(
    pipeline: Pipeline,
) -> None:
    await stored(pipeline, *team_of_three())
    await closed(pipeline)
    change = {"memberId": "promoter"}

    frozen = {**change, "status": "frozen"}
    await stored(pipeline, event("member.updated", "u1", START + 60 * DAY, frozen))
    while_frozen = (await statement(pipeline, "promoter"))["byBasis"]["team"]
    active = {**change, "status": "active"}
    await stored(pipeline, event("member.updated", "u2", START + 61 * DAY, active))

    assert while_frozen == 0
    assert (await statement(pipeline, "promoter"))["byBasis"]["team"] == 120_000


async def test_a_plan_from_before_the_months_end_changes_what_it_earns(pipeline: Pipeline) -> None:
    await stored(pipeline, *team_of_three())
    await closed(pipeline)
    plan = changed_plan("v2", partner={"rate": "0.05"}, ladder={})

    await put_version(pipeline.graph, plan, NOW)
    await activate_version(pipeline.graph, "v2", START + 30 * DAY, NOW)
    assert await pipeline.settle_ledger(timeout_s=30)

    assert (await statement(pipeline, "partner"))["byBasis"]["partner"] == 300_000
    assert (await statement(pipeline, "seller"))["byBasis"]["ladder"] == 0


async def test_a_change_of_the_cycle_within_a_month_loses_nothing(
    pipeline: Pipeline, database: Database
) -> None:
    team = {"rate": "0.02", "cycle": "week", "depth": 1, "roles": ["promoter", "partner"]}
    await put_version(pipeline.graph, changed_plan("w", team=team), NOW)
    await activate_version(pipeline.graph, "w", START + 18 * DAY, NOW)
    assert await pipeline.settle_ledger(timeout_s=30)
    await stored(pipeline, *team_of_three(), *sold("o3", "seller", 20, 1_000_000))

    await closed(pipeline)

    bonus = [tuple(row.values()) for row in database.query(OF_PERIODS) if row["basis"] == "team"]
    assert bonus == [
        ("promoter", "team", "2026-W04", 20_000, "team"),
        ("promoter", "team", "2026-01", 120_000, "team"),
    ]


async def test_blanks_around_an_id_are_part_of_it(pipeline: Pipeline, database: Database) -> None:
    await stored(pipeline, *sold("o1", "m1", 3, 100_000), *sold("o2", "m1 ", 3, 20_000))

    await closed(pipeline)

    ladder = [row for row in database.query(OF_PERIODS) if row["basis"] == "ladder"]
    assert [(row["payee"], row["amount"]) for row in ladder] == [("m1", 5_000), ("m1 ", 1_000)]


async def test_a_role_that_an_earlier_month_gives_late_counts_in_later_closed_ones(
    pipeline: Pipeline,
) -> None:
    below = [joined("above"), joined("seller", "above")]
    await stored(pipeline, *below, *sold("o1", "seller", 40, 500_000))
    await closed(pipeline)

    await stored(pipeline, *sold("o2", "above", 3, 100_000))
    await closed(pipeline)

    # January made a promoter, for whom February's team bonus is.
    answer = await read_statement(pipeline.graph, "above", "2026-02", pipeline.plans, NOW)
    assert answer["byBasis"]["team"] == 10_000


async def test_a_plan_that_a_later_one_covers_still_says_nothing_of_holding(
    pipeline: Pipeline,
) -> None:
    for version, days in (("v2", 2), ("v3", 3)):
        await put_version(pipeline.graph, changed_plan(version, holdingDays=days), NOW)
    await activate_version(pipeline.graph, "v2", START, NOW)
    await stored(pipeline, *team_of_three())
    await closed(pipeline)

    await activate_version(pipeline.graph, "v3", START, NOW)
    assert await pipeline.settle_ledger(timeout_s=30)

    pipeline.clock = lambda: START + 33 * DAY
    assert (await statement(pipeline, "seller"))["balance"]["releasedMinor"] == 0
    pipeline.clock = lambda: START + 34 * DAY
    assert (await statement(pipeline, "seller"))["balance"]["pendingMinor"] == 0


async def test_a_weekly_team_bonus_of_two_levels_is_booked_by_the_week(
    pipeline: Pipeline, database: Database
) -> None:
    team = {"rate": "0.02", "cycle": "week", "depth": 2, "roles": ["promoter", "partner"]}
    plan = changed_plan("w", team=team)
    await put_version(pipeline.graph, plan, NOW)
    await activate_version(pipeline.graph, "w", START - DAY, NOW)
    assert await pipeline.settle_ledger(timeout_s=30)
    # The 1st of January 2026 is a Thursday; the third day after it a Sunday.
    await stored(pipeline, *team_of_three())

    count = await closed(pipeline)

    # The first two weeks, January and February.
    assert count == 4
    bonus = [tuple(row.values()) for row in database.query(OF_PERIODS) if row["basis"] == "team"]
    assert bonus == [
        ("partner", "team", "2026-W01", 80_000, "team"),
        ("promoter", "team", "2026-W01", 80_000, "team"),
        ("partner", "team", "2026-W02", 40_000, "team"),
        ("promoter", "team", "2026-W02", 40_000, "team"),
    ]
    assert (await statement(pipeline, "partner"))["byBasis"]["team"] == 120_000


async def test_months_close_by_themselves_while_the_service_runs(client: AsyncClient) -> None:
    await client.post("/v1/events?wait=true", json=team_of_three())
    answer = (await client.get("/v1/members/seller/statement?month=2026-01")).json()

    assert answer["byBasis"]["ladder"] == 330_000
    assert answer["balance"]["releasedMinor"] == 330_000
