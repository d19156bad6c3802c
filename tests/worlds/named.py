"""Small worlds that are known by name, each worked out by hand."""

from datetime import datetime, timedelta

from tests.worlds import START, Event, event, instant, order_data

FIVE_LEVELS_CLICKERS = (10, 8, 47, 3, 1)


def five_levels() -> list[Event]:
    """Five members reshare in a row, the fifth brings buyer's order-1 of 500 yuan.

    step-1 .. step-5 own share-1 .. share-5; each share has as many visitors as
    FIVE_LEVELS_CLICKERS says and one click of the next member (of the buyer at the end).
    """
    names = [*(f"step-{number}" for number in range(1, 6)), "buyer"]
    events = [
        event("member.joined", f"join-{name}", START + timedelta(minutes=place), {"memberId": name})
        for place, name in enumerate(names)
    ]
    for number, clickers in enumerate(FIVE_LEVELS_CLICKERS, 1):
        at = START + timedelta(days=number)
        share = {"shareId": f"share-{number}", "memberId": f"step-{number}"}
        if number > 1:
            bound = {"memberId": f"step-{number}", "inviterId": f"step-{number - 1}"}
            events.append(event("referral.bound", f"bind-{number}", at, bound))
            share["parentShareId"] = f"share-{number - 1}"
        events.append(event("share.created", f"share-{number}", at, share))
        events += [
            event(
                "share.clicked",
                f"click-{number}-{fan}",
                at + timedelta(minutes=fan),
                {"shareId": f"share-{number}", "visitorId": f"visitor-{number}-{fan}"},
            )
            for fan in range(1, clickers + 1)
        ]
        following = {"shareId": f"share-{number}", "memberId": names[number]}
        events.append(
            event("share.clicked", f"click-{number}-next", at + timedelta(hours=12), following)
        )
    paid = order_data("order-1", "buyer", 50_000)
    events.append(event("order.paid", "pay-1", START + timedelta(days=6), paid))
    return events


def honest_tree(depth: int, width: int) -> list[Event]:
    """A member "m" and below everyone width children, depth levels deep: "m-1", "m-1-2" ...

    Everyone reshares what the inviter shared, has two visitors, and everyone but "m" bought for
    10,000 minor units after a click on the inviter's share. Size: the number of members times 6.
    """
    events: list[Event] = []
    level = ["m"]
    for number in range(depth + 1):
        at = START + timedelta(days=1 + number * 2)
        for place, name in enumerate(level):
            inviter = name.rpartition("-")[0] if number else None
            events += _honest_member(name, inviter, at + timedelta(seconds=place * 60))
        level = [f"{name}-{child}" for name in level for child in range(1, width + 1)]
    return sorted(events, key=instant)


def _honest_member(name: str, inviter: str | None, at: datetime) -> list[Event]:
    share = {"shareId": f"share-{name}", "memberId": name}
    joined = {"memberId": name}
    events: list[Event] = []
    if inviter is not None:
        joined["inviterId"] = inviter
        share["parentShareId"] = f"share-{inviter}"
        seen = {"shareId": f"share-{inviter}", "memberId": name}
        events += [
            event("share.clicked", f"see-{name}", at + timedelta(seconds=10), seen),
            event(
                "order.paid",
                f"pay-{name}",
                at + timedelta(seconds=20),
                order_data(f"order-{name}", name, 10_000),
            ),
        ]
    events += [
        event("member.joined", f"join-{name}", at, joined),
        event("share.created", f"share-{name}", at + timedelta(seconds=30), share),
    ]
    events += [
        event(
            "share.clicked",
            f"visit-{name}-{fan}",
            at + timedelta(hours=fan),
            {"shareId": f"share-{name}", "visitorId": f"visitor-{name}-{fan}"},
        )
        for fan in (1, 2)
    ]
    return events
