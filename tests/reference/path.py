"""Which path brought an order, and what its allowance is: the rules in plain Python."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

BETA = Fraction(1, 4)
POOL_RATE = Fraction(1, 100)


@dataclass(frozen=True)
class Share:
    """A share whose creator is known."""

    share_id: str
    member_id: str
    at: datetime
    parent_id: str | None


@dataclass(frozen=True)
class Click:
    """A click event; exactly one of member and visitor is given."""

    share_id: str
    at: datetime
    member_id: str | None
    visitor_id: str | None

    def person(self, members: dict[str, str]) -> tuple[str, str]:
        """Who clicked: an identified visitor is its member (members: visitor id to member id)."""
        if self.member_id is not None:
            return ("member", self.member_id)
        visitor_id = self.visitor_id or ""
        if visitor_id in members:
            return ("member", members[visitor_id])
        return ("visitor", visitor_id)


@dataclass(frozen=True)
class Order:
    """A paid order."""

    order_id: str
    buyer_id: str
    amount_minor: int
    currency: str
    created_at: datetime
    paid_at: datetime
    share_id: str | None
    coupon_code: str | None


@dataclass(frozen=True)
class Touch:
    """A share that touched the buyer."""

    at: datetime
    share_id: str


@dataclass(frozen=True)
class Step:
    """One person's turn on the path: shares from the origin's side to the closer's side."""

    member_id: str
    shares: tuple[Share, ...]

    @property
    def share_ids(self) -> set[str]:
        """The shares that the step owns."""
        return {share.share_id for share in self.shares}


def rfc3339(at: datetime) -> str:
    """An instant the way answers spell it."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def in_window(clicks: Iterable[Click], end: datetime, window_days: int) -> list[Click]:
    """The clicks in (end - window, end]."""
    start = end - timedelta(days=window_days)
    return [click for click in clicks if start < click.at <= end]


def chain(shares: dict[str, Share], share_id: str) -> list[Share]:
    """The known shares from the given one up through its parents."""
    found: list[Share] = []
    share = shares.get(share_id)
    while share is not None:
        found.append(share)
        share = None if share.parent_id is None else shares.get(share.parent_id)
    return found


def reshare_path(shares: dict[str, Share], share_id: str) -> tuple[list[Step], bool]:
    """Steps from the origin to the closer, and whether an unknown share was left out at the top."""
    known = chain(shares, share_id)
    truncated = not known or known[-1].parent_id is not None
    steps: list[Step] = []
    for share in reversed(known):
        if steps and steps[-1].member_id == share.member_id:
            steps[-1] = Step(share.member_id, (*steps[-1].shares, share))
        else:
            steps.append(Step(share.member_id, (share,)))
    return steps, truncated


def cleared_clickers(
    steps: list[Step], clicks: list[Click], buyer_id: str, members: dict[str, str]
) -> list[int]:
    """Per step the people whose first click on any share of the path was on the step's shares."""
    on_path = {share_id for step in steps for share_id in step.share_ids}
    never = {("member", buyer_id)} | {("member", step.member_id) for step in steps}
    first: dict[tuple[str, str], tuple[datetime, str]] = {}
    for click in clicks:
        person = click.person(members)
        if click.share_id in on_path and person not in never:
            mark = (click.at, click.share_id)
            first[person] = min(first.get(person, mark), mark)
    return [
        sum(1 for _, share_id in first.values() if share_id in step.share_ids) for step in steps
    ]


def shares_of_pool(cleared: list[int]) -> list[Fraction]:
    """share_i = pi(S_i / S_1) - pi(S_(i+1) / S_1), pi(x) = beta x + (1 - beta) x^2."""
    if sum(cleared) == 0:
        return [Fraction(0) for _ in cleared]
    below = [Fraction(sum(cleared[i:]), sum(cleared)) for i in range(len(cleared) + 1)]
    weights = [BETA * x + (1 - BETA) * x * x for x in below]
    return [weights[i] - weights[i + 1] for i in range(len(cleared))]


def decimal_string(value: Fraction) -> str:
    """Rounded half to even to 10 places, without trailing zeros."""
    whole, rest = divmod(round(value * 10**10), 10**10)
    return f"{whole}.{rest:010d}".rstrip("0").rstrip(".")


def allowance(
    net_minor: int, currency: str, steps: list[Step], cleared: list[int], earns: list[bool]
) -> dict[str, Any]:
    """The pool of an order cut by step, floored; the rest and what no step may earn is kept."""
    pool = int(net_minor * POOL_RATE)
    shares = shares_of_pool(cleared)
    amounts = [int(pool * s) if earn else 0 for s, earn in zip(shares, earns, strict=True)]
    lines = [
        {
            "memberId": step.member_id,
            "clicks": count,
            "share": decimal_string(share),
            "amountMinor": amount,
        }
        for step, count, share, amount in zip(steps, cleared, shares, amounts, strict=True)
    ]
    return {
        "poolMinor": pool,
        "keptMinor": pool - sum(amounts),
        "currency": currency,
        "lines": lines,
    }
