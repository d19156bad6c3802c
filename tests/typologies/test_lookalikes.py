"""Are the look-alikes what their kind says, and is the mall around them like a mall?"""

from collections import Counter, defaultdict
from functools import cache

from graph_service.typologies.world import FraudWorld, fraud_world
from tests.typologies.reading import DAY_S, Seen, groups, read


@cache
def mall() -> FraudWorld:
    return fraud_world(4_000, 1)


@cache
def seen() -> Seen:
    return read(mall().events)


def test_households_are_few_at_one_address_who_buy_different_things() -> None:
    for found, group in groups("household"):
        assert 2 <= len(group.member_ids) <= 4
        assert len({frozenset(users) for users in found.users("address", group)}) <= 3


def test_a_dormitory_has_one_address_and_one_ip() -> None:
    for found, group in groups("dormitory"):
        half = len(group.member_ids) / 2
        assert max(len(users) for users in found.users("address", group)) > half
        assert max(len(users) for users in found.users("ip", group)) > half


def test_an_office_has_one_ip_and_no_more_in_common() -> None:
    for found, group in groups("office_nat"):
        assert max(len(users) for users in found.users("ip", group)) > len(group.member_ids) / 3
        assert max(len(users) for users in found.users("payment", group)) <= 5


def test_a_resold_device_is_seen_with_both() -> None:
    for found, group in groups("device_resale"):
        assert any(len(users) == 2 for users in found.users("device", group))


def test_a_known_promoter_brings_many_within_days_who_have_things_of_their_own() -> None:
    for found, group in groups("influencer_burst"):
        leader = Counter(found.inviter.get(one, "") for one in group.member_ids).most_common(1)
        times = sorted(found.joined[one] for one in group.member_ids)
        assert leader[0][0] in group.member_ids
        assert leader[0][1] >= 0.8 * len(times)
        assert times[-2] - times[len(times) // 10] < 8 * DAY_S
        assert max(len(users) for users in found.users("device", group)) <= 4


def test_in_a_flash_sale_many_buy_one_thing_at_one_price_within_an_hour() -> None:
    for found, group in groups("flash_sale"):
        orders = found.paid(group)
        times = [found.paid_at[one] for one in group.order_ids]
        assert max(times) - min(times) <= 3_600
        assert len({order["lines"][0]["productId"] for order in orders}) == 1
        assert len({order["amountMinor"] for order in orders}) == 1


def test_in_a_group_buy_neighbours_buy_the_same_on_one_day_in_several_weeks() -> None:
    for found, group in groups("group_buy"):
        days: defaultdict[int, set[str]] = defaultdict(set)
        for order in found.paid(group):
            day = int(found.paid_at[order["orderId"]] + 8 * 3_600) // DAY_S
            days[day].add(order["lines"][0]["productId"])
        assert len(days) >= 2
        assert all(len(goods) == 1 for goods in days.values())


def test_friends_send_gifts_to_the_other_s_address() -> None:
    for found, group in groups("gift_circle"):
        assert len(group.order_ids) >= 2 * len(group.member_ids)
        assert max(len(users) for users in found.users("address", group)) >= 2


def test_who_joins_again_has_the_number_of_an_account_that_rests_for_three_months() -> None:
    for found, group in groups("re_registration"):
        first, second = sorted(group.member_ids, key=found.joined.__getitem__)
        assert {first, second} in found.users("phone", group)
        assert found.joined[second] - max(found.done[first]) > 88 * DAY_S


def test_most_invite_nobody_and_some_hundreds() -> None:
    invitees = Counter(seen().inviter.values())
    fraudulent = {one for group in mall().frauds for one in group.member_ids}
    honest = [count for one, count in invitees.most_common(10) if one not in fraudulent]

    assert len(invitees) < len(seen().joined) / 2
    assert honest[0] >= 100


def test_a_small_part_of_the_orders_goes_back() -> None:
    planted = {one for group in mall().frauds for one in group.order_ids}
    honest = [one for one in seen().orders if one not in planted]
    back = [one for one in honest if seen().refunds.get(one)]

    assert 0.03 <= len(back) / len(honest) <= 0.05


def test_a_part_of_the_orders_names_its_share() -> None:
    named = [order for order in seen().orders.values() if "shareId" in order]

    assert 0.1 < len(named) / len(seen().orders) < 0.5


def test_few_buy_at_night() -> None:
    hours = Counter(int(at + 8 * 3_600) // 3_600 % 24 for at in seen().paid_at.values())

    assert sum(hours[hour] for hour in (2, 3, 4, 5)) < sum(hours[hour] for hour in (20, 21)) / 2


def test_a_member_has_some_ten_to_twenty_events() -> None:
    assert 10 <= len(mall().events) / mall().members <= 20


def test_some_honest_accounts_have_a_phone_or_a_card_in_common() -> None:
    fraudulent = {one for group in mall().frauds for one in group.member_ids}
    for strong in ("phone", "payment"):
        shared = [
            users
            for (kind, _), users in seen().things.items()
            if kind == strong and len(users) > 1 and not users & fraudulent
        ]
        assert len(shared) >= 10
