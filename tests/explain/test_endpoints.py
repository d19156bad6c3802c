"""The explanation of an order as JSON: facts, formulas that add up, entries with their cause."""

from datetime import timedelta
from typing import Any

import pytest
from httpx2 import AsyncClient

from graph_service.explain import story
from tests.ledger.test_endpoints import fmcg_order, refund, send
from tests.worlds import START, event, order_data
from tests.worlds.named import five_levels

pytestmark = pytest.mark.anyio
DAY = timedelta(days=1)


async def explained(client: AsyncClient, order_id: str, lang: str = "en") -> dict[str, Any]:
    answer = await client.get(f"/v1/orders/{order_id}/explain?lang={lang}")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_formula_has_the_numbers_of_the_order_put_in(client: AsyncClient) -> None:
    await send(client, *fmcg_order())

    answer = await explained(client, "o")

    assert [(one["payeeId"], one["formula"], one["bookedMinor"]) for one in answer["formulas"]] == [
        ("seller", "floor(10,000 × 0.25 × 1 × 0.03) = 75", 75),
        ("seller", "floor(10,000 × 0.75 × 1 × 0.08) = 600", 600),
        ("platform", "floor(10,000 × 0.01) = 100", 100),
    ]
    assert answer["totals"] == {
        "owedMinor": 675,
        "keptMinor": 100,
        "payees": [{"payeeId": "seller", "amountMinor": 675}],
    }


async def test_the_influence_has_its_sums_and_its_curve(client: AsyncClient) -> None:
    await send(client, *five_levels())

    influence = (await explained(client, "order-1"))["influence"]

    assert influence["formula"] == "floor(50,000 × 0.01) = 500"
    steps = influence["steps"]
    assert [(one["clicks"], one["people"], one["amountMinor"]) for one in steps] == [
        (10, 69, 118),
        (8, 59, 83),
        (47, 51, 288),
        (3, 4, 6),
        (1, 1, 1),
    ]
    assert steps[0]["formula"] == (
        "(0.25 × 69/69 + 0.75 × (69/69)²) − (0.25 × 59/69 + 0.75 × (59/69)²) = 755/3174"
    )


async def test_path_and_credit_are_the_answer_of_the_attribution(client: AsyncClient) -> None:
    await send(client, *five_levels())

    answer = await explained(client, "order-1")

    alone = (await client.get("/v1/orders/order-1/attribution")).json()
    assert answer["attribution"] == alone
    assert (answer["planVersion"], answer["model"], answer["modelVersion"]) == (
        "seed-1",
        "last_touch",
        "1",
    )


async def test_the_entries_are_those_of_the_commission_each_with_its_cause(
    client: AsyncClient,
) -> None:
    await send(client, *fmcg_order())
    await send(client, refund("r1", 3, 5_000))

    answer = await explained(client, "o")

    commission = (await client.get("/v1/orders/o/commission")).json()
    told = [
        {name: value for name, value in one.items() if name not in ("cause", "text")}
        for one in answer["entries"]
    ]
    assert told == commission["lines"]
    assert [(one["cause"]["type"], one["text"]) for one in answer["entries"]] == [
        ("order.paid", "the payment on 2026-01-03 gave CNY 0.75"),
        ("order.paid", "the payment on 2026-01-03 gave CNY 6"),
        ("order.refunded", "refund r1 of CNY 50 on 2026-01-04 took back CNY 0.38"),
        ("order.refunded", "refund r1 of CNY 50 on 2026-01-04 took back CNY 3"),
    ]


async def test_a_late_click_is_told_as_late_and_the_sums_still_agree(client: AsyncClient) -> None:
    await send(client, *five_levels())
    late = {"shareId": "share-1", "visitorId": "late"}
    await send(client, event("share.clicked", "late", START + 2 * DAY, late))

    answer = await explained(client, "order-1")

    changed = [one for one in answer["entries"] if one["cause"]["type"] == "share.clicked"]
    assert changed
    assert all("became known after it" in one["text"] for one in changed)
    assert {one["cause"]["seq"] for one in changed} <= {one["seq"] for one in answer["facts"]}
    assert all(one["amountMinor"] == one["bookedMinor"] for one in answer["formulas"])


async def test_after_a_full_refund_no_formula_is_left_and_all_entries_are_told(
    client: AsyncClient,
) -> None:
    await send(client, *fmcg_order())
    await send(client, refund("r1", 3, 10_000))

    answer = await explained(client, "o")

    assert answer["formulas"] == []
    assert (answer["totals"]["owedMinor"], answer["totals"]["keptMinor"]) == (0, 0)
    assert len(answer["entries"]) == 4


async def test_a_start_bonus_names_the_acceptance_and_multiplies_the_rate(
    client: AsyncClient,
) -> None:
    accepted = {"memberId": "seller", "inviteId": "i"}
    await send(client, event("promoter.accepted", "a", START, accepted), *fmcg_order())

    answer = await explained(client, "o")

    bonus = [one for one in answer["formulas"] if one["basis"] == "reward"]
    assert [one["formula"] for one in bonus] == [
        "floor(10,000 × 0.25 × 1 × 0.03 × 0.2) = 15",
        "floor(10,000 × 0.75 × 1 × 0.08 × 0.2) = 120",
    ]
    assert [one["type"] for one in answer["facts"] if one["role"] == "promoter"] == [
        "promoter.accepted"
    ]


async def test_the_facts_are_those_of_the_order_its_touches_its_shares_and_its_binding(
    client: AsyncClient,
) -> None:
    bound = {"memberId": "guest", "inviterId": "host"}
    plain = order_data("plain", "guest", 1_000)
    await send(
        client,
        event("referral.bound", "b", START, bound),
        event("order.paid", "p", START + DAY, plain),
        *fmcg_order(),
    )

    clicked = await explained(client, "o")
    invited = await explained(client, "plain")

    assert [(one["role"], one["type"]) for one in clicked["facts"]] == [
        ("share", "share.created"),
        ("touch", "share.clicked"),
        ("order", "order.paid"),
    ]
    assert [(one["role"], one["type"]) for one in invited["facts"]] == [
        ("binding", "referral.bound"),
        ("order", "order.paid"),
    ]


async def test_a_coupon_and_a_recognised_visitor_are_among_the_facts(client: AsyncClient) -> None:
    coupon = {"couponCode": "c", "ownerMemberId": "owner", "exclusive": True}
    seen = {"shareId": "s", "visitorId": "v"}
    paid = {**order_data("x", "buyer", 1_000), "couponCode": "c"}
    await send(
        client,
        *fmcg_order(),
        event("coupon.issued", "c", START, coupon),
        event("share.clicked", "v", START + DAY, seen),
        event("visitor.identified", "i", START + DAY, {"visitorId": "v", "memberId": "buyer"}),
        event("order.paid", "x", START + 3 * DAY, paid),
    )

    answer = await explained(client, "x")

    assert answer["attribution"]["basis"] == "coupon"
    assert {one["role"] for one in answer["facts"]} >= {"order", "coupon", "touch", "visitor"}


async def test_identifiers_are_told_as_tokens_only(client: AsyncClient) -> None:
    paid = {
        **order_data("o", "buyer", 1_000),
        "identifiers": [{"kind": "phone", "value": "13800001111"}],
    }
    await send(client, event("order.paid", "p", START, paid))

    answer = await client.get("/v1/orders/o/explain")

    assert "13800001111" not in answer.text
    assert "phone:" in answer.text


async def test_a_plan_that_was_activated_is_among_the_facts_without_its_document(
    client: AsyncClient,
) -> None:
    plan = {"version": "mine", "base": {"otherRate": "0.5"}}
    await client.put("/v1/plans/mine", json=plan)
    await client.post("/v1/plans/mine:activate", json={"from": "2025-12-01T00:00:00Z"})
    await send(client, *fmcg_order())

    answer = await explained(client, "o")

    put = [one for one in answer["facts"] if one["role"] == "plan"]
    assert [one["type"] for one in put] == ["plan.activated"]
    assert put[0]["data"].keys() == {"version", "from"}
    assert (answer["planVersion"], answer["totals"]["owedMinor"]) == ("mine", 5_000)


async def test_of_too_many_facts_the_most_telling_are_told_and_the_rest_counted(
    client: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(story, "FACTS_TOLD_MAX", 2)
    await send(client, *five_levels())

    answer = await explained(client, "order-1")

    assert [one["role"] for one in answer["facts"]] == ["touch", "order"]
    assert answer["factsOmitted"] == 5


async def test_the_words_are_in_the_language_that_was_asked_for(client: AsyncClient) -> None:
    await send(client, *fmcg_order())

    chinese = await explained(client, "o", "zh")
    header = {"Accept-Language": "en-GB,en;q=0.9"}
    english = (await client.get("/v1/orders/o/explain", headers=header)).json()

    assert chinese["entries"][0]["text"] == "2026-01-03 的付款带来 0.75 元"
    assert (english["lang"], english["entries"][0]["text"]) == (
        "en",
        "the payment on 2026-01-03 gave CNY 0.75",
    )


async def test_an_unknown_order_is_404(client: AsyncClient) -> None:
    answer = await client.get("/v1/orders/none/explain")

    assert (answer.status_code, answer.json()["code"]) == (404, "order_not_found")
