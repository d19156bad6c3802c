"""Which touches did an order have, and to whom do they give it?

Touches are the buyer's clicks in (paidAt - window, paidAt], also those made as a visitor or under
another account of the same person, and the share that the mall names for the order. Precedence:
exclusive coupon, click, binding, none.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from graph_service.graph.session import Read, Row
from graph_service.money import split_floor

Basis = Literal["coupon", "click", "binding", "none"]
MICROS_PER_DAY = 86_400_000_000
SECONDS_PER_DAY = 86_400


@dataclass(frozen=True)
class Program:
    """The rules that attribution follows; they come from the plan."""

    model: str = "last_touch"
    window_days: int = 30
    self_purchase: bool = False


@dataclass(frozen=True)
class Touch:
    """One click (or the mall's word) that may have brought the order. clicked_at: us."""

    share_id: str
    clicked_at: int
    member_id: str | None
    weight: Fraction


@dataclass(frozen=True)
class Credit:
    """A member's part of an order. excluded: why nothing is earned from it, else None."""

    member_id: str
    weight: Fraction
    amount_minor: int
    excluded: str | None


@dataclass(frozen=True)
class Order:
    """An order as attribution sees it; times in us, amounts in minor units."""

    order_id: str
    buyer_id: str
    person_id: str
    created_at: int
    paid_at: int
    amount_minor: int
    currency: str
    refunded_minor: int
    status: str
    share_id: str | None
    coupon_owner_id: str | None
    inviter_id: str | None

    @property
    def net_minor(self) -> int:
        """What is left of the amount after refunds; nothing of a cancelled order."""
        return 0 if self.status == "cancelled" else self.amount_minor - self.refunded_minor


@dataclass(frozen=True)
class Standing:
    """Which person a member is, and whether the member may earn."""

    person_id: str
    frozen: bool


@dataclass(frozen=True)
class Step:
    """A share on the way to the order. created_at: us; member_id None: never told."""

    share_id: str
    created_at: int | None
    member_id: str | None


@dataclass(frozen=True)
class Chain:
    """The shares from a touch's own back to the origin; more: it goes on beyond the limit."""

    shares: tuple[Step, ...]
    more: bool


@dataclass(frozen=True)
class Journey:
    """An order, what touched it and who is credited.

    chain: of the last touch; None without touches. standings: of every member named.
    """

    order: Order
    basis: Basis
    touches: tuple[Touch, ...]
    credits: tuple[Credit, ...]
    chain: Chain | None
    standings: Mapping[str, Standing]
    program: Program

    def excluded(self, member_id: str) -> Literal["buyer", "frozen"] | None:
        """Why this member earns nothing from the order, if so."""
        return excluded(self.order, self.standings, member_id, self.program)


def excluded(
    order: Order, standings: Mapping[str, Standing], member_id: str, program: Program
) -> Literal["buyer", "frozen"] | None:
    """Why a member earns nothing from an order: it is their own, or they are frozen."""
    standing = standings.get(member_id)
    person_id = member_id if standing is None else standing.person_id
    if person_id == order.person_id and not program.self_purchase:
        return "buyer"
    return "frozen" if standing is not None and standing.frozen else None


async def read_journeys(
    read: Read, order_ids: Sequence[str], program: Program
) -> dict[str, Journey]:
    """The journeys of those of these orders that were paid, by id."""
    asked = sorted(set(order_ids))
    orders = {
        row["orderId"]: _order(row) for row in await read("attribution/read_orders", orderIds=asked)
    }
    clicks = await _read_clicked(read, orders, program)
    closers = {order_id: max(times)[1] for order_id, times in clicks.items() if times}
    share_ids = {share_id for times in clicks.values() for _, share_id in times}
    chains = await _read_chains(read, share_ids)
    named = {step.member_id for chain in chains.values() for step in chain.shares}
    named |= {order.coupon_owner_id for order in orders.values()}
    named |= {order.inviter_id for order in orders.values()}
    standings = await _read_standings(read, {one for one in named if one is not None})
    journeys: dict[str, Journey] = {}
    for order_id, order in orders.items():
        basis, winner_id = _winner(order, clicks[order_id], chains)
        touches = _touches(clicks[order_id], chains, basis)
        why = None if winner_id is None else excluded(order, standings, winner_id, program)
        journeys[order_id] = Journey(
            order=order,
            basis=basis,
            touches=touches,
            credits=_credits(order, winner_id, why),
            chain=chains.get(closers.get(order_id, "")),
            standings=standings,
            program=program,
        )
    return journeys


async def _read_clicked(
    read: Read, orders: Mapping[str, Order], program: Program
) -> dict[str, list[tuple[int, str]]]:
    """Per order its touches as (time, share), oldest first."""
    rows = await read(
        "attribution/read_touches",
        orderIds=sorted(orders),
        windowSeconds=program.window_days * SECONDS_PER_DAY,
    )
    clicks = {
        row["orderId"]: sorted(zip(row["times"], row["shareIds"], strict=True)) for row in rows
    }
    for order_id, order in orders.items():
        times = clicks.setdefault(order_id, [])
        if order.share_id is not None:
            times.append((order.paid_at, order.share_id))
            times.sort()
    return clicks


async def _read_chains(read: Read, share_ids: Iterable[str]) -> dict[str, Chain]:
    rows = await read("attribution/read_paths", shareIds=sorted(share_ids))
    return {
        row["shareId"]: Chain(
            tuple(
                Step(share["shareId"], share["createdAt"], share["memberId"])
                for share in row["shares"]
            ),
            row["more"],
        )
        for row in rows
    }


async def _read_standings(read: Read, member_ids: Iterable[str]) -> dict[str, Standing]:
    rows = await read("attribution/read_standings", memberIds=sorted(member_ids))
    return {row["memberId"]: Standing(row["personId"], row["status"] == "frozen") for row in rows}


def _winner(
    order: Order, clicks: Sequence[tuple[int, str]], chains: Mapping[str, Chain]
) -> tuple[Basis, str | None]:
    """On what ground, and to whom, the order goes under the last-touch rule."""
    if order.coupon_owner_id is not None:
        return "coupon", order.coupon_owner_id
    if clicks:
        return "click", _creator(chains, max(clicks)[1])
    if order.inviter_id is not None:
        return "binding", order.inviter_id
    return "none", None


def _creator(chains: Mapping[str, Chain], share_id: str) -> str | None:
    chain = chains.get(share_id)
    return None if chain is None else chain.shares[0].member_id


def _touches(
    clicks: Sequence[tuple[int, str]], chains: Mapping[str, Chain], basis: Basis
) -> tuple[Touch, ...]:
    last = len(clicks) - 1
    return tuple(
        Touch(
            share_id,
            clicked_at,
            _creator(chains, share_id),
            Fraction(int(i == last and basis == "click")),
        )
        for i, (clicked_at, share_id) in enumerate(clicks)
    )


def _credits(order: Order, winner_id: str | None, why: str | None) -> tuple[Credit, ...]:
    if winner_id is None:
        return ()
    weights = [Fraction(1)]
    amounts = split_floor(order.amount_minor, weights, rest_to=0)
    return (Credit(winner_id, weights[0], amounts[0], why),)


def _order(row: Row) -> Order:
    return Order(
        order_id=row["orderId"],
        buyer_id=row["buyerId"],
        person_id=row["personId"],
        created_at=row["createdAt"],
        paid_at=row["paidAt"],
        amount_minor=row["amountMinor"],
        currency=row["currency"],
        refunded_minor=row["refundedMinor"],
        status=row["status"],
        share_id=row["shareId"],
        coupon_owner_id=row["couponOwnerId"],
        inviter_id=row["inviterId"],
    )
