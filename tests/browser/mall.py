"""The small mall that is asked in tests and in docs/browser.md.

The showcase of the demo's mall in small (its ids, so that most examples hold there too), a ring, a
self-referral, two shops that buy of each other, promoters who click each other, and a person with
two accounts.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from graph_service.graph.session import Graph
from graph_service.ingest.tokens import Tokeniser
from graph_service.pipeline import Pipeline
from graph_service.plans.document import seed_plan
from tests.scans.kept import alert, scanned
from tests.worlds import Event, event

LATER = datetime(2026, 5, 1, tzinfo=UTC)
# Who joined on which day of 2026 as what, invited by whom.
PEOPLE = (
    ("lin-yue", "02-01", "partner", None),
    ("chen-hao", "02-02", "promoter", "lin-yue"),
    ("wang-fang", "02-20", "promoter", "chen-hao"),
    ("zhao-lei", "03-05", "promoter", "wang-fang"),
    ("sun-mei", "03-06", "promoter", "zhao-lei"),
    ("zhou-min", "04-01", "member", "sun-mei"),
    ("gao-lan", "04-01", "member", "lin-yue"),
    ("ring-1", "03-10", "promoter", None),
    ("ring-2", "03-10", "member", "ring-1"),
    ("ring-3", "03-11", "member", "ring-1"),
)
# Who shared what through which channel, passing on what, and how many visitors clicked.
SHARES = (
    ("s-showcase-1", "lin-yue", None, "wechat", 2),
    ("s-showcase-2", "chen-hao", "s-showcase-1", "wechat", 1),
    ("s-showcase-3", "wang-fang", "s-showcase-2", "wechat", 4),
    ("s-showcase-4", "zhao-lei", "s-showcase-3", "wechat", 1),
    ("s-showcase-5", "sun-mei", "s-showcase-4", "wechat", 0),
    ("s-cup", "ring-1", None, "douyin", 1),
)
# Which member clicked which share.
CLICKS = (
    ("chen-hao", "s-showcase-1"),
    ("wang-fang", "s-showcase-2"),
    ("zhao-lei", "s-showcase-3"),
    ("sun-mei", "s-showcase-4"),
    ("zhou-min", "s-showcase-5"),
    ("lin-yue", "s-cup"),
    ("ring-1", "s-showcase-1"),
)
# Order, buyer, day, amount, product, category, shop, share.
ORDERS = (
    ("o-1", "chen-hao", "02-03", 20_000, "p-tea", "fmcg", "shop-1", None),
    ("o-2", "chen-hao", "03-15", 10_000, "p-tea", "fmcg", "shop-1", None),
    ("o-3", "wang-fang", "03-16", 30_000, "p-cup", "home", "shop-2", None),
    ("o-showcase", "zhou-min", "04-15", 50_000, "p-tea", "fmcg", "shop-1", "s-showcase-5"),
    ("o-ring-1", "ring-1", "04-16", 10_000, "p-tea", "fmcg", "shop-1", None),
    ("o-ring-2", "ring-2", "04-16", 9_900, "p-cup", "home", "shop-2", None),
    ("o-ring-3", "ring-3", "04-16", 9_900, "p-cup", "home", "shop-2", None),
    ("o-ring-4", "ring-1", "04-17", 9_900, "p-cup", "home", "shop-2", None),
    ("o-lin", "lin-yue", "04-17", 8_000, "p-cup", "home", "shop-2", None),
)
DEVICES = (
    ("ring-1", "device", "phone-9"),
    ("ring-2", "device", "phone-9"),
    ("ring-3", "device", "phone-9"),
    ("ring-2", "payment", "card-1"),
)


def at(day: str, hour: float = 10) -> datetime:
    """A moment of a day of 2026, in China."""
    return datetime.fromisoformat(f"2026-{day}T00:00:00+08:00") + timedelta(hours=hour)


def mall() -> list[Event]:
    """Everything that was told, in order of time where that matters."""
    told: list[Event] = []

    def tell(told_of: str, moment: datetime, **data: Any) -> None:
        given = {name: value for name, value in data.items() if value is not None}
        told.append(event(told_of, f"e-{len(told)}", moment, given))

    for number, (name, day, role, inviter) in enumerate(PEOPLE):
        moment = at(day, 10 + number / 60)
        tell("member.joined", moment, memberId=name, role=role, inviterId=inviter)
    tell("shop.registered", at("02-01"), shopId="shop-1", ownerMemberId="lin-yue")
    tell("shop.registered", at("03-12"), shopId="shop-2", ownerMemberId="ring-1")
    for number, (share, name, parent, channel, visitors) in enumerate(SHARES):
        shared = at("04-10", 10 + 24 * number if number < 5 else 11)
        tell(
            "share.created",
            shared,
            shareId=share,
            memberId=name,
            parentShareId=parent,
            productId="p-cup" if share == "s-cup" else "p-tea",
            channel=channel,
        )
        for fan in range(1, visitors + 1):
            moment = shared + timedelta(minutes=fan)
            tell("share.clicked", moment, shareId=share, visitorId=f"v-{number + 1}-{fan}")
    for number, (name, share) in enumerate(CLICKS):
        tell("share.clicked", at("04-14", 12 + number), shareId=share, memberId=name)
    tell("visitor.identified", at("04-14", 20), visitorId="v-3-1", memberId="gao-lan")
    tell("visitor.identified", at("04-14", 21), visitorId="v-3-2", memberId="zhou-min")
    for name, kind, value in DEVICES:
        tell("identity.observed", at("04-12"), memberId=name, kind=kind, value=value)
    for order, name, day, amount, product, category, shop, share in ORDERS:
        line = {"productId": product, "categoryId": category, "quantity": 1, "amountMinor": amount}
        tell(
            "order.paid",
            at(day, 20),
            orderId=order,
            memberId=name,
            amountMinor=amount,
            currency="CNY",
            lines=[line],
            shopId=shop,
            shareId=share,
        )
    back = at("03-20")
    tell("order.refunded", back, orderId="o-2", refundId="r-1", amountMinor=10_000)
    tell("member.merged", at("04-18"), fromId="ring-3", intoId="ring-1", reason="one person")
    return told


async def fill(graph: Graph) -> None:
    """Store and book the mall, and show one alert on the ring, which opens a case and a hold."""
    pipeline = Pipeline(
        graph, Tokeniser(b"pepper-of-the-tests"), seed_plan(), clock=lambda: LATER, quiet_s=0
    )
    receipt = await pipeline.store(mall())
    assert receipt.count("accepted") == len(mall()), receipt.outcomes
    assert await pipeline.settle(timeout_s=60)
    assert await pipeline.settle_ledger(timeout_s=60)
    ring = ["ring-1", "ring-2", "ring-3"]
    about: dict[str, Any] = {"orderIds": ["o-ring-2", "o-ring-3"], "shopIds": ["shop-2"]}
    await scanned(pipeline, [alert(ring, score=0.95, amountAtRiskMinor=19_800, **about)])
    assert await pipeline.settle(timeout_s=60)
