"""Orders by each model over HTTP: weights, credits, exclusions, programs, team sales."""

from datetime import timedelta
from typing import Any

import pytest
from httpx2 import AsyncClient

from graph_service.pipeline import Pipeline
from graph_service.plans.document import AttributionRules
from graph_service.plans.timeline import Plans
from graph_service.rewards.orders import AttributionQuestion, read_attributions
from graph_service.rewards.verify import verify_teams
from tests.worlds import START, Event, event, order_data

pytestmark = pytest.mark.anyio
DAY = timedelta(days=1)
RULES = ("first_touch", "last_touch", "linear", "time_decay", "position_based")


def three_touches(**order: Any) -> list[Event]:
    """a, b, then a again shared what buyer clicked on days 1, 8 and 15; paid on day 15.

    a was invited by top. The share "lost" is never told of.
    """
    makers = {"s-a1": "a", "s-b": "b", "s-a2": "a"}
    events = [
        event("referral.bound", "bind", START, {"memberId": "a", "inviterId": "top"}),
        *(
            event("share.created", f"make-{share}", START, {"shareId": share, "memberId": member})
            for share, member in makers.items()
        ),
    ]
    for day, share in ((1, "s-a1"), (8, "s-b"), (15, "s-a2")):
        told = {"shareId": share, "memberId": "buyer"}
        events.append(event("share.clicked", f"click-{share}", START + day * DAY, told))
    paid = {**order_data("o", "buyer", 1_000), **order}
    events.append(event("order.paid", "pay", START + 15 * DAY, paid))
    return events


async def send(client: AsyncClient, events: list[Event]) -> None:
    answer = await client.post("/v1/events?wait=true", json=events)
    assert answer.json()["rejected"] == 0, answer.text


async def asked(client: AsyncClient, model: str) -> dict[str, Any]:
    answer = await client.get(f"/v1/orders/o/attribution?model={model}")
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize(
    ("model", "weights", "amounts"),
    [
        ("first_touch", ["1", "0", "0"], {"a": 1_000}),
        ("last_touch", ["0", "0", "1"], {"a": 1_000}),
        ("linear", ["0.3333333333"] * 3, {"a": 667, "b": 333}),
        ("time_decay", ["0.1428571429", "0.2857142857", "0.5714285714"], {"a": 715, "b": 285}),
        ("position_based", ["0.4", "0.2", "0.4"], {"a": 800, "b": 200}),
    ],
)
async def test_touches_of_one_member_are_one_credit_under_each_model(
    client: AsyncClient, model: str, weights: list[str], amounts: dict[str, int]
) -> None:
    await send(client, three_touches())

    found = await asked(client, model)

    assert found["model"] == model
    assert [touch["weight"] for touch in found["touches"]] == weights
    assert {one["memberId"]: one["amountMinor"] for one in found["credits"]} == amounts
    assert [step["shareId"] for step in found["path"]] == ["s-a2"]


async def test_an_unknown_creator_and_the_frozen_keep_their_weight_and_earn_nothing(
    client: AsyncClient,
) -> None:
    events = three_touches(shareId="lost")
    events.append(event("member.updated", "freeze", START, {"memberId": "b", "status": "frozen"}))
    await send(client, events)

    found = await asked(client, "linear")

    assert [touch["weight"] for touch in found["touches"]] == ["0.25"] * 4
    assert found["credits"] == [{"memberId": "a", "weight": "0.5", "amountMinor": 500}]


async def test_a_coupon_takes_the_order_under_every_model(client: AsyncClient) -> None:
    issued = {"couponCode": "c", "ownerMemberId": "owner", "exclusive": True}
    events = [*three_touches(couponCode="c"), event("coupon.issued", "issue", START, issued)]
    await send(client, events)

    for model in RULES:
        found = await asked(client, model)

        assert found["basis"] == "coupon"
        assert {touch["weight"] for touch in found["touches"]} == {"0"}
        assert found["credits"] == [{"memberId": "owner", "weight": "1", "amountMinor": 1_000}]


@pytest.mark.parametrize("model", ["markov", "shapley"])
async def test_a_fitted_model_is_refused_for_one_order(client: AsyncClient, model: str) -> None:
    await send(client, three_touches())

    alone = await client.get(f"/v1/orders/o/attribution?model={model}")
    many = await client.post("/v1/attributions:batch", json={"orderIds": ["o"], "model": model})

    assert [one.status_code for one in (alone, many)] == [422, 422]
    assert alone.json()["code"] == "model_not_per_order"
    assert "/v1/attribution/report" in alone.json()["detail"]


async def test_a_batch_takes_a_model_and_a_window(client: AsyncClient) -> None:
    await send(client, three_touches())
    body = {"orderIds": ["o"], "model": "linear", "windowDays": 10}

    found = (await client.post("/v1/attributions:batch", json=body)).json()["items"][0]

    assert [touch["weight"] for touch in found["touches"]] == ["0.5", "0.5"]
    assert found["windowDays"] == 10


def with_rules(pipeline: Pipeline, **rules: Any) -> None:
    """Let the plan attribute so from now on."""
    attribution = AttributionRules.model_validate(rules)
    pipeline.plans = Plans(pipeline.plan.model_copy(update={"attribution": attribution}))


@pytest.mark.parametrize("model", RULES)
async def test_team_sales_follow_every_credit_also_after_a_refund(
    pipeline: Pipeline, model: str
) -> None:
    with_rules(pipeline, model=model)
    back = {"orderId": "o", "refundId": "r", "amountMinor": 333}

    await pipeline.store(three_touches())
    assert await pipeline.settle(timeout_s=30)
    await pipeline.store([event("order.refunded", "back", START + 20 * DAY, back)])
    assert await pipeline.settle(timeout_s=30)

    assert (await verify_teams(pipeline.graph, pipeline.plans)).differences == ()


async def test_an_order_of_a_named_channel_or_shop_follows_its_own_rules(
    pipeline: Pipeline,
) -> None:
    with_rules(
        pipeline,
        model="linear",
        programs=[
            {"name": "live", "model": "first_touch", "channels": ["live"]},
            {"name": "short", "model": "last_touch", "windowDays": 1, "shopIds": ["shop"]},
        ],
    )
    events = three_touches()
    for order, more in (("live", {"channel": "live"}), ("shop", {"shopId": "shop"})):
        paid = {**order_data(order, "buyer", 1_000), **more}
        events.append(event("order.paid", f"pay-{order}", START + 15 * DAY, paid))
    await pipeline.store(events)
    assert await pipeline.settle(timeout_s=30)

    found = await read_attributions(
        pipeline.graph.read, ["o", "live", "shop"], AttributionQuestion(), pipeline.plans
    )

    told = {one: (found[one]["model"], len(found[one]["touches"])) for one in found}
    assert told == {"o": ("linear", 3), "live": ("first_touch", 3), "shop": ("last_touch", 1)}


async def test_a_late_click_within_the_longest_named_window_is_booked(pipeline: Pipeline) -> None:
    with_rules(
        pipeline,
        windowDays=1,
        programs=[{"name": "long", "windowDays": 90, "channels": ["live"]}],
    )
    events = three_touches(channel="live")
    clicks = [one for one in events if one["type"] == "share.clicked"]
    await pipeline.store([one for one in events if one not in clicks])
    assert await pipeline.settle(timeout_s=30)
    await pipeline.store(clicks[:1])
    assert await pipeline.settle(timeout_s=30)

    assert (await verify_teams(pipeline.graph, pipeline.plans)).differences == ()
