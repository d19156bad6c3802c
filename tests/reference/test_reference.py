"""The reference against examples that were worked out by hand."""

from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.reference.mall import ReferenceMall
from tests.reference.path import decimal_string
from tests.worlds import CHINA, NOW, START, Event, event, instant, order_data, spelled
from tests.worlds.named import FIVE_LEVELS_CLICKERS, five_levels, honest_tree
from tests.worlds.random_mall import arrivals, random_mall, weibo_like


def day(number: float) -> datetime:
    return START + timedelta(days=number)


class Teller:
    """Sends events under new ids to a mall of its own."""

    def __init__(self) -> None:
        self.mall = ReferenceMall(NOW)
        self.sent = 0

    def tell(self, kind: str, at: datetime, **data: Any) -> str:
        self.sent += 1
        return self.mall.store(event(kind, f"t{self.sent}", at, data))

    def bind(self, member_id: str, told: str) -> str:
        """Told as inviter, day, mode, day of the end; the last two may be missing."""
        inviter_id, at, mode, end = (*told.split(), None, None)[:4]
        data = {"memberId": member_id, "inviterId": inviter_id, "mode": mode}
        expires = None if end is None else spelled(day(float(end)))
        return self.tell("referral.bound", day(float(at or 0)), **data, expiresAt=expires)

    def share(self, share_id: str, member_id: str, at: datetime, **data: Any) -> str:
        return self.tell("share.created", at, shareId=share_id, memberId=member_id, **data)

    def reshare(self, *owners: str) -> None:
        for number, owner in enumerate(owners, 1):
            parent = f"s{number - 1}" if number > 1 else None
            self.share(f"s{number}", owner, day(number), parentShareId=parent)

    def click(self, at: datetime, *clicks: str) -> None:
        for share_id, who in (click.split() for click in clicks):
            kind = "visitorId" if who.startswith("v") else "memberId"
            self.tell("share.clicked", at, **{"shareId": share_id, kind: who})

    def pay(self, name: str, buyer: str, at: datetime, amount: int = 10_000, **data: Any) -> str:
        return self.tell("order.paid", at, **order_data(name, buyer, amount), **data)

    def refund(self, order: str, refund: str, amount: int) -> str:
        data = {"orderId": order, "refundId": refund, "amountMinor": amount}
        return self.tell("order.refunded", day(50), **data)


@pytest.fixture
def teller() -> Teller:
    return Teller()


def stored(events: list[Event]) -> ReferenceMall:
    mall = ReferenceMall(NOW)
    for sent in events:
        assert mall.store(sent) == "accepted"
    return mall


def members_of(items: list[dict[str, Any]]) -> list[str | None]:
    return [item["memberId"] for item in items]


def test_repeat_is_a_duplicate_however_spelled_and_a_rejected_key_stays_free() -> None:
    mall = ReferenceMall(NOW)
    loop = event("referral.bound", "e", day(1), {"memberId": "a", "inviterId": "a"})
    sound = event("referral.bound", "e", day(1), {"memberId": "a", "inviterId": "b"})
    again = sound | {"time": "2026-01-01T16:00:00Z", "data": {**sound["data"], "mode": None}}

    answers = [mall.store(sent) for sent in (loop, sound, again, loop)]

    assert answers[:3] == ["rejected:referral_cycle", "accepted", "duplicate"]
    assert answers[3] == "rejected:event_conflict"


def test_same_order_share_or_refund_under_another_key(teller: Teller) -> None:
    orders = [teller.pay("o", "b", day(number)) for number in (1, 1, 2)]
    shares = [teller.share("s", name, day(1)) for name in ("a", "a", "b")]
    refunds = [teller.refund(name, "r", 1) for name in ("o", "o", "p")]

    assert orders == shares == refunds == ["accepted", "duplicate", "rejected:event_conflict"]


def test_refunds_never_exceed_the_order_in_either_arrival_order(teller: Teller) -> None:
    early = [teller.refund("o", "r1", 60), teller.refund("o", "r2", 40)]
    orders = [teller.pay("o", "b", day(1), amount) for amount in (99, 100)]
    late = teller.refund("o", "r3", 1)

    exceeds = "rejected:refund_exceeds_order"
    assert (early, orders, late) == (["accepted"] * 2, [exceeds, "accepted"], exceeds)


def test_share_cycles_are_refused_also_through_a_share_not_known_yet(teller: Teller) -> None:
    told = [("s1", "s1"), ("s2", "s3"), ("s4", "s2"), ("s3", "s4"), ("s3", None)]

    answers = [teller.share(name, "a", day(1), parentShareId=parent) for name, parent in told]

    assert [answer == "rejected:share_cycle" for answer in answers] == [1, 0, 0, 1, 0]


@pytest.mark.parametrize(
    ("told", "inviters"),
    [
        pytest.param(["a 9", "b 1"], {5: None, 9: "a"}, id="arrival settles"),
        pytest.param(["a 2", "b 5 override"], {1: None, 2: "a", 4.9: "a", 5: "b"}, id="override"),
        pytest.param(["a 8", "b 5 override"], {4: None, 5: "b", 9: "b"}, id="late override"),
        pytest.param(["a 1 expiring 11", "b 3"], {1: "a", 10.9: "a", 11: "b"}, id="expired"),
        pytest.param(["a 1 expiring 90", "b 2"], {2: "a", 89: "a", 90: None}, id="open expiring"),
        pytest.param(["a 1 expiring 20", "b 2 expiring 20"], {19: "a", 21: None}, id="no room"),
        pytest.param(["a 1 expiring 20", "b 9 override"], {8: "a", 9: "b", 21: "b"}, id="cut"),
    ],
)
def test_inviter_at_a_time_follows_the_intervals(
    teller: Teller, told: list[str], inviters: dict[float, str | None]
) -> None:
    answers = [teller.bind("m", line) for line in told]

    assert answers == ["accepted"] * len(told)
    for number, name in inviters.items():
        assert teller.mall.uplines("m", day(number)) == ([name] if name else [])


def test_binding_whose_mode_and_end_do_not_fit_is_invalid(teller: Teller) -> None:
    told = ["u 1 expiring", "u 1 first 9", "u 1 override 9", "u 1 expiring 1", "u 1 second"]

    answers = [teller.bind("m", line) for line in told]

    assert answers == ["rejected:invalid_event"] * 5


def test_loops_are_refused_and_a_join_through_one_is_refused_whole(teller: Teller) -> None:
    teller.bind("b", "a 1")
    teller.bind("c", "b 1")

    bound = teller.bind("a", "c 2 override")
    joined = teller.tell("member.joined", day(2), memberId="a", inviterId="c", role="partner")

    assert (bound, joined) == ("rejected:referral_cycle", "rejected:referral_cycle")
    assert teller.mall.member("a")["role"] is None


def test_expired_binding_closes_no_loop_and_old_loops_are_walked_once(teller: Teller) -> None:
    teller.bind("a", "b 1 expiring 9")

    answer = teller.bind("b", "a 2")

    assert (answer, teller.mall.uplines("b")) == ("accepted", ["a"])
    assert teller.mall.uplines("a", day(3)) == ["b"]
    assert teller.mall.downline("a", at=day(3)) == ["b"]


def test_line_of_512_uplines_is_the_deepest(teller: Teller) -> None:
    for number in range(1, 513):
        assert teller.bind(f"m{number}", f"m{number - 1} 1") == "accepted"

    below = teller.bind("m513", "m512 1")
    above = teller.bind("m0", "top 1")

    assert (below, above) == ("rejected:referral_too_deep", "rejected:referral_too_deep")


def test_latest_property_wins_and_a_tie_goes_to_the_later_arrival(teller: Teller) -> None:
    teller.tell("member.updated", day(5), memberId="m", role="partner")
    teller.tell("member.joined", day(1), memberId="m", role="promoter")
    for status in ("frozen", "active"):
        teller.tell("member.updated", day(3), memberId="m", status=status)

    known = teller.mall.member("m")

    assert (known["role"], known["status"]) == ("partner", "active")
    assert known["joinedAt"] == "2026-01-01T16:00:00Z"


def test_five_levels_share_the_pool_and_count_as_the_design_says() -> None:
    mall = stored(five_levels())

    answer = mall.attribution("order-1")
    allowance = answer["allowance"]
    teams = [mall.team(f"step-{number}", "2026-01") for number in (5, 4, 1)]

    assert members_of(answer["path"]) == [f"step-{number}" for number in range(1, 6)]
    assert [step["clicks"] for step in answer["path"]] == [11, 9, 48, 4, 2]
    assert [step["clearedClickers"] for step in answer["path"]] == list(FIVE_LEVELS_CLICKERS)
    assert [line["amountMinor"] for line in allowance["lines"]] == [118, 83, 288, 6, 1]
    assert (allowance["poolMinor"], allowance["keptMinor"]) == (500, 4)
    # pi(1) - pi(59/69) = 4530 / 19044
    assert allowance["lines"][0]["share"] == "0.2378701953"
    assert answer["credits"] == [{"memberId": "step-5", "weight": "1", "amountMinor": 50_000}]
    names = ("ownSalesMinor", "directSalesMinor", "teamSalesMinor", "directCount", "teamSize")
    assert [teams[0][name] for name in names] == [50_000, 0, 0, 0, 0]
    assert [teams[1][name] for name in names] == [0, 50_000, 50_000, 1, 1]
    assert [teams[2][name] for name in names] == [0, 0, 50_000, 1, 4]


def test_honest_tree_counts_members_and_sales_by_level() -> None:
    team = stored(honest_tree(3, 2)).team("m", "2026-01", levels=10)

    # Children's orders credit "m" itself; 12 grandchildren's and below credit the team.
    assert (team["directCount"], team["teamSize"]) == (2, 14)
    names = ("ownSalesMinor", "directSalesMinor", "teamSalesMinor")
    assert [team[name] for name in names] == [20_000, 40_000, 120_000]
    assert [level["members"] for level in team["levels"]] == [2, 4, 8]
    assert [level["salesMinor"] for level in team["levels"]] == [40_000, 80_000, 0]


def test_window_is_open_at_its_start_and_closed_at_the_payment(teller: Teller) -> None:
    teller.reshare("a")
    for seconds in (0, 1, 30 * 86_400, 30 * 86_400 + 1):
        teller.click(day(20) + timedelta(seconds=seconds), "s1 b")
    teller.pay("o", "b", day(50))

    touches = teller.mall.attribution("o")["touches"]

    clicked = [(touch["clickedAt"], touch["weight"]) for touch in touches]
    assert clicked == [("2026-01-20T16:00:01Z", "0"), ("2026-02-19T16:00:00Z", "1")]


def test_last_touch_is_the_greatest_share_among_equal_times(teller: Teller) -> None:
    teller.reshare("a", "c")
    teller.click(day(4), "s2 b")
    teller.pay("o", "b", day(4), shareId="s1")

    answer = teller.mall.attribution("o")

    assert [touch["shareId"] for touch in answer["touches"]] == ["s1", "s2"]
    assert members_of(answer["credits"]) == ["c"]


def test_visitor_is_the_member_that_it_was_last_identified_as(teller: Teller) -> None:
    teller.reshare("a")
    teller.click(day(2), "s1 v")
    teller.pay("o", "b", day(2))
    for number, member_id in ((9, "b"), (8, "x")):
        teller.tell("visitor.identified", day(number), visitorId="v", memberId=member_id)
    before = teller.mall.attribution("o")["basis"]
    teller.tell("visitor.identified", day(9), visitorId="v", memberId="x")

    assert (before, teller.mall.attribution("o")["basis"]) == ("click", "none")


def test_neighbouring_shares_of_one_member_are_one_step(teller: Teller) -> None:
    teller.reshare("a", "a", "c", "a")
    teller.click(day(4), "s1 v1", "s2 v2")
    teller.pay("o", "b", day(5), shareId="s4")

    path = teller.mall.attribution("o")["path"]

    assert members_of(path) == ["a", "c", "a"]
    assert [step["shareId"] for step in path] == ["s2", "s3", "s4"]
    assert [step["clearedClickers"] for step in path] == [2, 0, 0]
    assert path[0]["sharedAt"] == "2026-01-02T16:00:00Z"


def test_fan_counts_once_where_it_clicked_first_and_steps_and_buyer_never(teller: Teller) -> None:
    teller.reshare("a", "c")
    teller.click(day(3), "s2 v-fan")
    teller.click(day(4), "s1 v-fan", "s1 v-both", "s2 v-both", "s1 c", "s2 v-is-a", "s2 b")
    teller.tell("visitor.identified", day(9), visitorId="v-is-a", memberId="a")
    teller.pay("o", "b", day(5))

    path = teller.mall.attribution("o")["path"]

    assert [(step["clicks"], step["clearedClickers"]) for step in path] == [(3, 1), (4, 1)]


def test_unknown_origin_is_dropped_and_an_unknown_closer_leaves_no_path(teller: Teller) -> None:
    teller.share("s2", "c", day(1), parentShareId="gone")
    teller.pay("top", "b", day(2), shareId="s2")
    teller.pay("all", "b", day(2), shareId="gone")

    top, nothing = (teller.mall.attribution(name) for name in ("top", "all"))

    assert (members_of(top["path"]), top["truncated"]) == (["c"], True)
    assert (nothing["path"], nothing["truncated"], nothing["credits"]) == ([], True, [])
    assert (members_of(nothing["touches"]), nothing["allowance"]["keptMinor"]) == ([None], 100)


def test_excluded_steps_keep_place_and_clicks_but_earn_nothing(teller: Teller) -> None:
    teller.reshare("ice", "b")
    teller.click(day(3), "s1 v1", "s2 v2")
    teller.tell("member.updated", day(3), memberId="ice", status="frozen")
    teller.pay("o", "b", day(5), shareId="s2")

    answer = teller.mall.attribution("o")

    # S = 2, 1: pi(1) - pi(1/2) = 1 - 5/16.
    assert [step["excluded"] for step in answer["path"]] == ["frozen", "buyer"]
    assert [line["share"] for line in answer["allowance"]["lines"]] == ["0.6875", "0.3125"]
    assert (answer["allowance"]["keptMinor"], answer["credits"]) == (100, [])


def test_exclusive_coupon_pays_its_owner_and_the_path_stays_the_clicks(teller: Teller) -> None:
    teller.share("s", "a", day(1))
    for name, share_id in (("touched", "s"), ("bare", None)):
        teller.pay(name, "b", day(2), shareId=share_id, couponCode="c")
    for number, exclusive in ((9, True), (8, False)):
        issued = {"couponCode": "c", "ownerMemberId": "owner", "exclusive": exclusive}
        teller.tell("coupon.issued", day(number), **issued)

    touched, bare = (teller.mall.attribution(name) for name in ("touched", "bare"))

    assert (touched["basis"], bare["basis"]) == ("coupon", "coupon")
    assert (members_of(touched["path"]), members_of(touched["credits"])) == (["a"], ["owner"])
    assert touched["touches"][0]["weight"] == "0"
    assert (members_of(bare["path"]), bare["path"][0]["shareId"]) == (["owner"], None)


def test_without_touches_the_inviter_at_the_creation_is_paid(teller: Teller) -> None:
    teller.bind("b", "old 1")
    teller.bind("b", "new 5 override")
    for name, buyer, created in (("o1", "b", 4), ("o2", "b", 6), ("o3", "nobody", 6)):
        teller.pay(name, buyer, day(6), createdAt=spelled(day(created)))

    answers = [teller.mall.attribution(name) for name in ("o1", "o2", "o3")]

    assert [answer["basis"] for answer in answers] == ["binding", "binding", "none"]
    for part in ("credits", "path"):
        assert [members_of(answer[part]) for answer in answers] == [["old"], ["new"], []]
    assert answers[0]["allowance"]["lines"][0]["share"] == "0"


def test_sales_are_net_by_month_of_payment_in_china_without_cancelled(teller: Teller) -> None:
    border = datetime(2026, 2, 1, tzinfo=CHINA)
    teller.share("s", "a", day(1))
    for name, early, amount in (("o1", 1, 1_000), ("o2", 0, 2_000), ("o3", 0, 4_000)):
        teller.pay(name, "b", border - timedelta(seconds=early), amount, shareId="s")
    teller.refund("o2", "r", 500)
    teller.tell("order.cancelled", day(50), orderId="o3")

    months = [teller.mall.team("a", f"2026-0{n}")["ownSalesMinor"] for n in (1, 2)]

    assert months == [1_000, 1_500]
    assert teller.mall.attribution("o3")["allowance"]["poolMinor"] == 0


def test_team_sales_stay_with_the_uplines_of_the_creation(teller: Teller) -> None:
    teller.bind("m", "old 1")
    teller.reshare("m")
    teller.pay("o", "b", day(9), shareId="s1", createdAt=spelled(day(2)))
    teller.bind("m", "new 3 override")

    old, new = (teller.mall.team(name, "2026-01", levels=1) for name in ("old", "new"))

    assert (old["teamSalesMinor"], old["teamSize"], old["levels"]) == (10_000, 0, [])
    assert (new["teamSalesMinor"], new["levels"][0]["salesMinor"]) == (0, 10_000)


def test_active_is_an_own_event_less_than_30_days_ago(teller: Teller) -> None:
    for name, at in (("no", NOW - timedelta(days=30)), ("yes", NOW - timedelta(days=29))):
        teller.bind(name, "top 1")
        teller.tell("member.active", at, memberId=name)

    level = teller.mall.team("top", "2026-01", levels=1)["levels"][0]

    assert (level["members"], level["activeMembers"]) == (2, 1)


def test_share_is_rounded_half_to_even_without_trailing_zeros() -> None:
    values = [Fraction(n, 2 * 10**10) for n in (0, 1, 3, 2 * 10**10, 6_250_000_000)]

    assert [decimal_string(value) for value in values] == ["0", "0", "0.0000000002", "1", "0.3125"]


@settings(deadline=None, max_examples=60)
@given(random_mall().flatmap(lambda events: st.tuples(st.just(events), arrivals(events))))
def test_random_malls_keep_the_promises(world: tuple[list[Event], list[list[Event]]]) -> None:
    events, batches = world
    mall = ReferenceMall(NOW)

    answers = [mall.store(sent) for batch in batches for sent in batch]

    assert len(answers) == len(events)
    assert all(instant(sent) < NOW for sent in events)
    for order_id in mall.orders():
        allowance = mall.attribution(order_id)["allowance"]
        paid = sum(line["amountMinor"] for line in allowance["lines"])
        assert 0 <= paid == allowance["poolMinor"] - allowance["keptMinor"]
    for member_id in mall.members():
        uplines = mall.uplines(member_id)
        assert all(member_id in mall.downline(above) for above in uplines)


def test_large_world_is_accepted_whole_and_the_same_again() -> None:
    mall = stored(weibo_like(1, 200))

    assert weibo_like(1, 50) == weibo_like(1, 50)
    assert max(len(mall.attribution(name)["path"]) for name in mall.orders()) >= 3
