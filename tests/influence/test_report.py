"""The report over HTTP and over random malls: exact, whole, and equal to each order's credits."""

from datetime import timedelta
from fractions import Fraction
from typing import Any

import pytest
from httpx2 import AsyncClient

from graph_service.attribution.models import Program
from graph_service.influence.journeys import Journey
from graph_service.influence.report import Fit, make_report
from tests.worlds import START, Event, event, order_data

pytestmark = pytest.mark.anyio
DAY = timedelta(days=1)
MODELS = (
    *("first_touch", "last_touch", "linear", "time_decay", "position_based"),
    *("markov", "shapley"),
)
REPORT = "/v1/attribution/report"
SPAN = {"from": "2026-01-01", "to": "2026-03-01"}


def mall() -> list[Event]:
    """Shares of a (wechat, material m1) and b (douyin, m2); who clicks what, day by day.

    x clicks a and b and buys for 1,000; y clicks b and buys for 500; z and visitor v click a and
    buy nothing; w buys for 70 without a click; v2 clicks b and turns out to be y.
    """
    made = {"sa": ("a", "wechat", "m1"), "sb": ("b", "douyin", "m2")}
    events = [
        event(
            "share.created",
            f"make-{share}",
            START,
            {
                "shareId": share,
                "memberId": member,
                "channel": channel,
                "materialId": material,
                "productId": f"of-{member}",
            },
        )
        for share, (member, channel, material) in made.items()
    ]
    clicks = [(1, "sa", "x"), (2, "sb", "x"), (3, "sb", "y"), (4, "sa", "z")]
    for day, share, who in clicks:
        told = {"shareId": share, "memberId": who}
        events.append(event("share.clicked", f"c-{day}", START + day * DAY, told))
    for day, share, who in ((5, "sa", "v"), (1, "sb", "v2")):
        told = {"shareId": share, "visitorId": who}
        events.append(event("share.clicked", f"v-{who}", START + day * DAY, told))
    known = {"visitorId": "v2", "memberId": "y"}
    events.append(event("visitor.identified", "know", START + 9 * DAY, known))
    for who, amount in (("x", 1_000), ("y", 500), ("w", 70)):
        paid = order_data(f"o-{who}", who, amount)
        events.append(event("order.paid", f"pay-{who}", START + 10 * DAY, paid))
    return events


async def send(client: AsyncClient, events: list[Event]) -> None:
    answer = await client.post("/v1/events?wait=true", json=events)
    assert answer.json()["rejected"] == 0, answer.text


async def report(client: AsyncClient, **params: Any) -> dict[str, Any]:
    answer = await client.get(REPORT, params={**SPAN, **params})
    assert answer.status_code == 200, answer.text
    return answer.json()


def told(found: dict[str, Any]) -> dict[str | None, tuple[str, int, int]]:
    return {
        one["key"]: (one["weight"], one["amountMinor"], one["orders"]) for one in found["items"]
    }


async def test_the_report_counts_each_journey_and_every_order(client: AsyncClient) -> None:
    await send(client, mall())

    found = await report(client, by="channel", model="linear")

    assert (found["journeys"], found["conversions"], found["valueMinor"]) == (5, 3, 1_570)
    assert (found["zone"], found["currency"]) == ("Asia/Shanghai", "CNY")
    assert (found["from"], found["to"]) == ("2025-12-31T16:00:00Z", "2026-02-28T16:00:00Z")
    assert told(found) == {
        "douyin": ("0.5", 1_000, 2),
        "wechat": ("0.1666666667", 500, 1),
        None: ("0.3333333333", 70, 1),
    }


@pytest.mark.parametrize(
    ("by", "keys"),
    [
        ("channel", {"wechat", "douyin", None}),
        ("material", {"m1", "m2", None}),
        ("product", {"of-a", "of-b", None}),
        ("member", {"a", "b", None}),
    ],
)
async def test_every_model_adds_up_by_every_property(
    client: AsyncClient, by: str, keys: set[str | None]
) -> None:
    await send(client, mall())

    for model in MODELS:
        found = await report(client, by=by, model=model)

        assert set(told(found)) == keys
        assert sum(one["amountMinor"] for one in found["items"]) == 1_570
        weights = [Fraction(one["weight"]) for one in found["items"]]
        assert abs(sum(weights) - 1) <= Fraction(len(weights), 2 * 10**10)


async def test_markov_tells_what_is_lost_without_each(client: AsyncClient) -> None:
    await send(client, mall())

    found = await report(client, by="channel", model="markov")

    effects = {one["key"]: one.get("removalEffect") for one in found["items"]}
    # Of x (a, b, order), y (b, b, order), z and v (a): from a 1 of 3 goes on to b.
    assert effects == {"douyin": "1", "wechat": "0.5", None: None}
    assert found["modelVersion"] == "1;order=1"
    assert told(found)["douyin"] == ("0.4444444444", 1_000, 2)


async def test_items_are_paged(client: AsyncClient) -> None:
    await send(client, mall())

    first = await report(client, by="member", model="linear", limit=2)
    second = await report(client, by="member", model="linear", limit=2, cursor=first["nextCursor"])

    assert [one["key"] for one in first["items"] + second["items"]] == ["b", "a", None]
    assert second["nextCursor"] is None


async def test_what_was_credited_order_by_order_is_what_the_report_says(
    client: AsyncClient,
) -> None:
    await send(client, mall())
    for model in MODELS[:5]:
        sums: dict[str, int] = {}
        for order in ("o-x", "o-y"):
            one = (await client.get(f"/v1/orders/{order}/attribution?model={model}")).json()
            for credit in one["credits"]:
                before = sums.get(credit["memberId"], 0)
                sums[credit["memberId"]] = before + credit["amountMinor"]

        found = await report(client, by="member", model=model)

        amounts = {key: amount for key, (_, amount, _) in told(found).items() if amount and key}
        assert amounts == sums


@pytest.mark.parametrize(
    "asked", ["from=2026-03-02", "from=2020-01-01", "from=never", "by=shop", "order=5", "model=x"]
)
async def test_a_question_that_makes_no_sense_is_refused(client: AsyncClient, asked: str) -> None:
    parts = {"by": "by=member", "from": "from=2026-02-01", "to": "to=2026-03-01"}
    parts[asked.partition("=")[0]] = asked

    answer = await client.get(f"/v1/attribution/report?{'&'.join(parts.values())}")

    assert answer.status_code == 422, answer.text


async def test_an_empty_mall_has_an_empty_report(client: AsyncClient) -> None:
    for model in MODELS:
        found = await report(client, by="member", model=model)

        assert (found["journeys"], found["items"]) == (0, [])


def test_many_touches_are_sampled_and_the_error_is_told() -> None:
    touches = tuple(f"k{number:02}" for number in range(15))
    sold = Journey(touches, tuple(range(15)), 1_000, 20, Program())
    lost = [Journey((touches[number],) * 2) for number in range(9)]

    found = make_report([sold, *lost], "shapley", Fit())

    assert found.standard_error is not None
    assert 0 < found.standard_error < Fraction(1, 100)
    assert sum(item.amount_minor for item in found.items) == 1_000
    assert sum(item.weight for item in found.items) == 1
    assert found == make_report([sold, *lost], "shapley", Fit())
