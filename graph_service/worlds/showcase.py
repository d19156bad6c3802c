"""One order that shows what the service can tell: a path of five reshares, one of them silent."""

from datetime import datetime, timedelta
from random import Random

from graph_service.worlds.diary import CHINA, CLOSES, HOUR_S, OPENS, Diary, seconds_of
from graph_service.worlds.goods import COUPON, SHOWCASE_PRODUCT, Goods, product_id

# Who is told to come first: four without an inviter, then the promoters of the showcase.
ROOTS = ("he-rui", "gao-lan", "song-yi", "luo-qing")
PROMOTERS = ("lin-yue", "chen-hao", "wang-fang", "zhao-lei", "sun-mei")
BUYER = "zhou-min"
# People whom each step of the showcase brings, and the step that sells nothing itself.
CLICKERS = (10, 8, 47, 3, 1)
SILENT = "wang-fang"
SHOWCASE_ORDER = "o-showcase"
SHOWCASE_STARTS = datetime(2026, 4, 10, 20, 15, tzinfo=CHINA)
COUPON_OWNER = "gao-lan"
# Clickers of the silent promoter who are members invited by them, and visitors who become such.
FANS = 12
LATE_FANS = 4
CAST = len(ROOTS) + len(PROMOTERS) + 1 + FANS + LATE_FANS
# Who of the cast invites others: all who stand at the top, and the promoters but the silent one.
HOSTS = (*ROOTS, *(name for name in PROMOTERS if name != SILENT))

assert OPENS < SHOWCASE_STARTS < CLOSES, "the showcase happens while the mall is open"


def write_cast(diary: Diary) -> None:
    """The people at the top join, and one of them owns the exclusive coupon."""
    for number, name in enumerate(ROOTS):
        diary.write(
            9 * HOUR_S + 300 * number,
            "member.joined",
            f"e-join-{name}",
            memberId=name,
            role="partner",
            channel="wechat",
        )
    for number, name in enumerate(PROMOTERS):
        diary.write(
            11 * HOUR_S + 900 * number,
            "member.joined",
            f"e-join-{name}",
            memberId=name,
            role="promoter",
            inviterId=PROMOTERS[number - 1] if number else ROOTS[0],
            channel="wechat",
        )
    diary.write(
        20 * 24 * HOUR_S,
        "coupon.issued",
        "e-coupon-1",
        couponCode=COUPON,
        ownerMemberId=COUPON_OWNER,
        exclusive=True,
        valueMinor=2_000,
    )


def write_showcase(diary: Diary, goods: Goods, dice: Random) -> None:
    """A share of the first promoter is passed on to the last, and the buyer pays."""
    at = SHOWCASE_STARTS
    parent = ""
    for number, (name, brought) in enumerate(zip(PROMOTERS, CLICKERS, strict=True), 1):
        share_id = f"s-showcase-{number}"
        if parent:
            _click(diary, f"{share_id}-own", parent, at - timedelta(minutes=4), member=name)
        diary.write(
            seconds_of(at),
            "share.created",
            f"e-{share_id}",
            shareId=share_id,
            memberId=name,
            parentShareId=parent or None,
            productId=product_id(SHOWCASE_PRODUCT),
            channel="wechat",
        )
        for fan in range(1, brought + 1):
            _bring(diary, number, fan, at, dice)
        parent = share_id
        at += timedelta(hours=dice.randrange(20, 28), minutes=dice.randrange(60))
    _join(diary, BUYER, at - timedelta(days=30), PROMOTERS[-1])
    _click(diary, "showcase-buyer", parent, at, member=BUYER)
    _pay(diary, goods, at + timedelta(minutes=12))


def _pay(diary: Diary, goods: Goods, paid_at: datetime) -> None:
    line = goods.line(SHOWCASE_PRODUCT, 1)
    diary.write(
        seconds_of(paid_at),
        "order.paid",
        f"e-{SHOWCASE_ORDER}",
        orderId=SHOWCASE_ORDER,
        memberId=BUYER,
        amountMinor=line["amountMinor"],
        currency="CNY",
        lines=[line],
        shopId=goods.shop(SHOWCASE_PRODUCT),
        channel="wechat",
    )
    completed_at = seconds_of(paid_at + timedelta(days=8))
    diary.write(
        completed_at, "order.completed", f"e-{SHOWCASE_ORDER}-completed", orderId=SHOWCASE_ORDER
    )


def _bring(diary: Diary, number: int, fan: int, shared_at: datetime, dice: Random) -> None:
    """One person clicks a step's share within a day; a few of the silent one's are members."""
    at = shared_at + timedelta(seconds=dice.randrange(60, 60_000))
    share_id = f"s-showcase-{number}"
    silent = PROMOTERS[number - 1] == SILENT
    name = f"fan-{fan:02d}"
    if silent and fan <= FANS:
        _join(diary, name, shared_at - timedelta(days=40 - fan), SILENT)
        _click(diary, f"{share_id}-{fan}", share_id, at, member=name)
        return
    visitor = f"visitor-showcase-{number}-{fan:02d}"
    _click(diary, f"{share_id}-{fan}", share_id, at, visitor=visitor)
    if silent and fan <= FANS + LATE_FANS:
        _join(diary, name, at + timedelta(days=2), SILENT)
        known_at = seconds_of(at + timedelta(days=2, minutes=1))
        identified = {"visitorId": visitor, "memberId": name}
        diary.write(known_at, "visitor.identified", f"e-known-{visitor}", **identified)


def _join(diary: Diary, name: str, at: datetime, inviter: str) -> None:
    joined = {"memberId": name, "inviterId": inviter, "channel": "wechat"}
    diary.write(seconds_of(at), "member.joined", f"e-join-{name}", **joined)


def _click(
    diary: Diary,
    event_id: str,
    share_id: str,
    at: datetime,
    *,
    member: str | None = None,
    visitor: str | None = None,
) -> None:
    clicked = {"shareId": share_id, "memberId": member, "visitorId": visitor}
    diary.write(seconds_of(at), "share.clicked", f"e-click-{event_id}", **clicked)
