"""Which touches did an order have, and to whom do they give it?

Touches are the buyer's clicks in (paidAt - window, paidAt], also those made as a visitor or under
another account of the same person, and the share that the mall names for the order. Precedence:
exclusive coupon, click, binding, none.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from graph_service.attribution.models import ALL, NOTHING, Program, touch_weights
from graph_service.graph.session import Read, Row

Basis = Literal["coupon", "click", "binding", "none"]
MICROS_PER_DAY = 86_400_000_000
SECONDS_PER_DAY = 86_400


@dataclass(frozen=True)
class Touch:
    """One click (or the mall's word) that may have brought the order. clicked_at: us."""

    share_id: str
    clicked_at: int
    member_id: str | None
    weight: Fraction


@dataclass(frozen=True)
class Credit:
    """A member's part of an order, of all their touches together.

    excluded: why nothing is earned from it, else None.
    """

    member_id: str
    weight: Fraction
    amount_minor: int
    excluded: str | None


@dataclass(frozen=True)
class Order:
    """An order as attribution sees it; times in us, amounts in minor units. held: the buyer is."""

    order_id: str
    buyer_id: str
    person_id: str
    created_at: int
    paid_at: int
    amount_minor: int
    currency: str
    refunded_minor: int
    status: str
    channel: str | None
    shop_id: str | None
    share_id: str | None
    coupon_owner_id: str | None
    inviter_id: str | None
    held: bool

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

    touches: oldest first. credits: in the order of the members' earliest touches that weigh
    anything. decider: which credit takes what is left over when an amount is split; None where
    nobody is credited or the deciding touch's creator is not known. chain: of the last touch; None
    without touches. standings: of every member named. program: the rules of this order.
    """

    order: Order
    basis: Basis
    touches: tuple[Touch, ...]
    credits: tuple[Credit, ...]
    decider: int | None
    chain: Chain | None
    standings: Mapping[str, Standing]
    program: Program

    def split(self, amount_minor: int) -> list[int]:
        """An amount of this order by credit; what touches of unknown members weigh is left out."""
        return split_credit(amount_minor, [one.weight for one in self.credits], self.decider)

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


def split_credit(amount_minor: int, weights: Sequence[Fraction], decider: int | None) -> list[int]:
    """Split an amount: each part floored, what is left over goes to the deciding one.

    weights: add up to 1 less what nobody is credited with, and that part is floored likewise.
    decider: None leaves over with whom nobody is credited with.
    """
    if decider is not None and len(weights) == 1 and weights[0] == ALL:
        return [amount_minor]
    parts = [amount_minor * one.numerator // one.denominator for one in weights]
    if decider is not None:
        nobody = 1 - sum(weights, Fraction(0))
        kept = amount_minor * nobody.numerator // nobody.denominator
        parts[decider] += amount_minor - kept - sum(parts)
    return parts


async def read_journeys(
    read: Read, order_ids: Sequence[str], program: Program
) -> dict[str, Journey]:
    """The journeys of those of these orders that were paid, by id."""
    asked = sorted(set(order_ids))
    orders = {
        row["orderId"]: _order(row) for row in await read("attribution/read_orders", orderIds=asked)
    }
    clicks = await _read_clicked(read, orders, program)
    share_ids = {share_id for times in clicks.values() for _, share_id in times}
    chains = await _read_chains(read, share_ids)
    named = {step.member_id for chain in chains.values() for step in chain.shares}
    named |= {order.coupon_owner_id for order in orders.values()}
    named |= {order.inviter_id for order in orders.values()}
    standings = await _read_standings(read, {one for one in named if one is not None})
    creators = {share_id: chain.shares[0].member_id for share_id, chain in chains.items()}
    return {
        order_id: journey_of(
            order,
            times := clicks[order_id],
            rules=program.of(order.channel, order.shop_id),
            creators=creators,
            chain=chains.get(times[-1][1]) if times else None,
            standings=standings,
        )
        for order_id, order in orders.items()
    }


def journey_of(
    order: Order,
    clicks: Sequence[tuple[int, str]],
    *,
    rules: Program,
    creators: Mapping[str, str | None],
    chain: Chain | None,
    standings: Mapping[str, Standing],
) -> Journey:
    """The journey that follows from what is known of an order.

    clicks: the touches in the window of these rules as (us, share), oldest first. creators: of
    the shares touched. chain: of the last touch. standings: of all members named.
    """
    basis = _basis(order, clicks)
    touches = _touches(order, clicks, creators, rules)
    weights, decides = _weights(order, basis, touches)
    credited = list(weights)
    decider = None if decides is None else credited.index(decides)
    parts = split_credit(order.amount_minor, list(weights.values()), decider)
    return Journey(
        order=order,
        basis=basis,
        touches=touches,
        credits=tuple(
            Credit(one, weights[one], part, excluded(order, standings, one, rules))
            for one, part in zip(credited, parts, strict=True)
        ),
        decider=decider,
        chain=chain,
        standings=standings,
        program=rules,
    )


async def _read_clicked(
    read: Read, orders: Mapping[str, Order], program: Program
) -> dict[str, list[tuple[int, str]]]:
    """Per order its touches as (time, share), oldest first."""
    asked: list[Row] = []
    for order_id in sorted(orders):
        rules = program.of(orders[order_id].channel, orders[order_id].shop_id)
        asked.append({"orderId": order_id, "seconds": rules.window_days * SECONDS_PER_DAY})
    rows = await read("attribution/read_touches", rows=asked)
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


def _basis(order: Order, clicks: Sequence[tuple[int, str]]) -> Basis:
    """On what ground an order is credited."""
    if order.coupon_owner_id is not None:
        return "coupon"
    if clicks:
        return "click"
    return "none" if order.inviter_id is None else "binding"


def _touches(
    order: Order,
    clicks: Sequence[tuple[int, str]],
    creators: Mapping[str, str | None],
    rules: Program,
) -> tuple[Touch, ...]:
    """The touches with their weights; all weigh nothing where a coupon takes the order."""
    weights = touch_weights(rules, [at for at, _ in clicks], order.paid_at)
    if order.coupon_owner_id is not None:
        weights = [NOTHING] * len(clicks)
    return tuple(
        Touch(share_id, clicked_at, creators.get(share_id), weight)
        for (clicked_at, share_id), weight in zip(clicks, weights, strict=True)
    )


def _weights(
    order: Order, basis: Basis, touches: Sequence[Touch]
) -> tuple[dict[str, Fraction], str | None]:
    """What each member is credited with, and whose touch decides: the last that weighs anything."""
    if basis != "click":
        alone = order.coupon_owner_id if basis == "coupon" else order.inviter_id
        return ({} if alone is None else {alone: ALL}), alone
    weights: dict[str, Fraction] = {}
    weighing = [touch for touch in touches if touch.weight]
    for touch in weighing:
        if touch.member_id is not None:
            before = weights.get(touch.member_id)
            weights[touch.member_id] = touch.weight if before is None else before + touch.weight
    return weights, weighing[-1].member_id


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
        channel=row["channel"],
        shop_id=row["shopId"],
        share_id=row["shareId"],
        coupon_owner_id=row["couponOwnerId"],
        inviter_id=row["inviterId"],
        held=row["held"],
    )
