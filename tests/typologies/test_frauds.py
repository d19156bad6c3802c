"""Do the planted frauds do what their kind says, without camouflage and with it?"""

from collections import Counter, defaultdict
from datetime import datetime
from itertools import combinations, pairwise
from typing import Any

import pytest

from graph_service.typologies.world import Group
from graph_service.worlds.diary import CHINA
from tests.typologies.reading import DAY_S, Seen, groups

STEP_MINOR = 5_000_000
WINDOW_S = 30 * DAY_S


def test_self_referrals_close_through_one_person_or_go_round_thrice_with_like_amounts() -> None:
    for seen, group in groups("self_referral_cycle"):
        strong = [*seen.users("payment", group), *seen.users("phone", group)]
        through_one = any(len(users) > 1 for users in strong)
        members = set(group.member_ids)
        inside = [one for one in group.member_ids if seen.inviter.get(one) in members]
        rounds = Counter(order["memberId"] for order in seen.paid(group))
        amounts = [order["amountMinor"] for order in seen.paid(group)]

        assert len(inside) == len(members) - 1
        assert through_one or (
            min(rounds[one] for one in members) >= 3 and max(amounts) <= 1.02 * min(amounts)
        )


def test_buyers_of_a_fake_order_ring_buy_most_of_a_few_goods_within_days() -> None:
    for seen, group in groups("fake_order_ring"):
        orders = seen.paid(group)
        times = [seen.paid_at[order["orderId"]] for order in orders]
        goods = {order["lines"][0]["productId"] for order in orders}
        pairs = {(order["memberId"], order["lines"][0]["productId"]) for order in orders}

        assert {order["shopId"] for order in orders} <= set(group.shop_ids)
        assert len(group.shop_ids) <= 4
        assert max(times) - min(times) <= 8 * DAY_S
        assert len(pairs) > 0.3 * len(group.member_ids) * len(goods)


def test_circular_orders_lead_from_owner_to_owner_and_back_with_like_amounts() -> None:
    for seen, group in groups("circular_orders"):
        orders = seen.paid(group)
        sells_to = {order["memberId"]: seen.owner[order["shopId"]] for order in orders}
        first = who = orders[0]["memberId"]
        steps = 0
        while steps < len(group.member_ids):
            who, steps = sells_to[who], steps + 1

        assert who == first
        assert set(sells_to) == set(group.member_ids)
        amounts = [order["amountMinor"] for order in orders]
        assert max(amounts) <= 1.02 * min(amounts)


def test_invitees_of_a_farm_join_within_days_with_few_devices() -> None:
    for seen, group in groups("account_farm"):
        leader = min(group.member_ids, key=seen.joined.__getitem__)
        others = [one for one in group.member_ids if one != leader]
        times = sorted(seen.joined[one] for one in others)
        devices = [users for users in seen.users("device", group) if users - {leader}]

        assert all(seen.inviter[one] in group.member_ids for one in others)
        assert times[-1] - times[0] <= 8 * DAY_S
        assert max(len(users) for users in devices) >= 3
        assert all(len(seen.done[one]) < 40 for one in others)


def test_a_click_flood_has_a_burst_on_shares_of_the_group() -> None:
    for seen, group in groups("click_flood"):
        members = set(group.member_ids)
        times = [at for at, share, _ in seen.clicks if seen.sharer[share] in members]

        fastest = min(later - sooner for sooner, later in zip(times, times[20:], strict=False))

        assert fastest < 300


@pytest.mark.parametrize("camouflage", [0.0, 0.5])
def test_washing_brings_a_month_just_above_a_step_of_the_ladder(camouflage: float) -> None:
    for seen, group in groups("threshold_wash", camouflage):
        sales = promoted_sales(seen, group)
        nearest = min(one % STEP_MINOR for one in sales if one >= STEP_MINOR)

        assert nearest <= 0.12 * STEP_MINOR


def promoted_sales(seen: Seen, group: Group) -> list[int]:
    """Of each member and each month of the group's orders, net of refunds before its end."""
    sales: defaultdict[tuple[str, str], int] = defaultdict(int)
    clicks: defaultdict[str, list[tuple[float, str]]] = defaultdict(list)
    for at, share, who in seen.clicks:
        clicks[seen.member_of.get(who, who)].append((at, share))
    for order_id, order in seen.orders.items():
        at = seen.paid_at[order_id]
        month = datetime.fromtimestamp(at, CHINA).strftime("%Y-%m")
        sales[earner(seen, order, clicks[order["memberId"]]), month] += order["amountMinor"]
        for back_at, amount in seen.refunds[order_id]:
            if datetime.fromtimestamp(back_at, CHINA).strftime("%Y-%m") == month:
                sales[earner(seen, order, clicks[order["memberId"]]), month] -= amount
    return [amount for (who, _), amount in sales.items() if who in group.member_ids]


def earner(seen: Seen, order: dict[str, Any], clicks: list[tuple[float, str]]) -> str:
    at = seen.paid_at[order["orderId"]]
    touches = [(when, share) for when, share in clicks if at - WINDOW_S < when <= at]
    touches += [(at, order["shareId"])] if "shareId" in order else []
    found = seen.sharer[max(touches)[1]] if touches else seen.inviter.get(order["memberId"], "")
    return "" if found == order["memberId"] else found


def test_refund_arbitrage_gives_everything_back_after_completion_in_several_rounds() -> None:
    for seen, group in groups("refund_arbitrage"):
        for order in seen.paid(group):
            (back_at, amount), *more = seen.refunds[order["orderId"]]
            assert more == []
            assert amount == order["amountMinor"]
            assert back_at > seen.done_at[order["orderId"]]
        buyers = Counter(order["memberId"] for order in seen.paid(group))
        assert max(buyers.values()) >= 2


def test_a_round_trip_ends_at_the_owner_with_equal_amounts() -> None:
    for seen, group in groups("round_trip"):
        orders = seen.paid(group)
        amounts = [order["amountMinor"] for order in orders]
        owner = seen.owner[group.shop_ids[0]]
        linked = [
            users
            for kind in ("payment", "phone", "device")
            for users in seen.users(kind, group)
            if owner in users and len(users) > 1
        ]

        assert owner in group.member_ids
        assert {order["shopId"] for order in orders} == set(group.shop_ids)
        assert max(amounts) <= 1.02 * min(amounts)
        assert linked or any(seen.inviter.get(one) == owner for one in group.member_ids)


def test_sleepers_do_nothing_for_months_and_then_buy_the_same_within_days() -> None:
    for seen, group in groups("sleeper"):
        orders = seen.paid(group)
        first = min(seen.paid_at[order["orderId"]] for order in orders)
        for one in group.member_ids:
            times = sorted(seen.done[one])
            assert max(later - sooner for sooner, later in pairwise(times)) >= 70 * DAY_S
        wide = [order for order in orders if seen.paid_at[order["orderId"]] > first + 8 * DAY_S]
        assert len(wide) <= len(orders) // 10
        assert len({order["lines"][0]["productId"] for order in orders}) <= 4


def test_a_hijacker_gets_the_last_click_seconds_before_the_order() -> None:
    for seen, group in groups("share_hijack"):
        members = set(group.member_ids)
        clicks = {(at, who) for at, share, who in seen.clicks if seen.sharer[share] in members}

        assert len(group.order_ids) >= 15
        for order in seen.paid(group):
            at = seen.paid_at[order["orderId"]]
            assert any((at - before, order["memberId"]) in clicks for before in range(1, 13))


def test_the_more_camouflage_the_fewer_things_the_accounts_of_a_farm_have_in_common() -> None:
    common: list[float] = []
    for camouflage in (0.0, 0.5, 1.0):
        parts: list[float] = []
        for seen, group in groups("account_farm", camouflage):
            pairs = {
                pair
                for users in seen.users("device", group)
                for pair in combinations(sorted(users), 2)
            }
            parts.append(len(pairs) / len(group.member_ids))
        common.append(sum(parts) / len(parts))

    assert common[0] > common[1] > common[2]


def test_the_more_camouflage_the_longer_a_ring_takes() -> None:
    days = [
        sum(
            max(seen.paid_at[one] for one in group.order_ids)
            - min(seen.paid_at[one] for one in group.order_ids)
            for seen, group in groups("fake_order_ring", camouflage)
        )
        / len(groups("fake_order_ring", camouflage))
        / DAY_S
        for camouflage in (0.0, 0.5, 1.0)
    ]

    assert days[0] < days[1] < days[2]
    assert days[2] > 60
