"""By which numbers do reports belong to one sale, and what makes a sale an order?"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from graph_service.graph.session import Row


@dataclass(frozen=True)
class Reason:
    """Why something was decided so, or could not be. code: stable."""

    code: str
    why: str


@dataclass(frozen=True)
class Seen:
    """What is known of a channel's order. Times in us since 1970; order_id: None unless placed."""

    channel_order_id: str
    channel: str
    platform_order_no: str
    merchant_order_no: str | None
    amount_minor: int | None
    currency: str | None
    paid_at: int | None
    member_id: str | None
    details: str | None
    ended_as: str | None
    ended_at: int | None
    order_id: str | None
    numbers: frozenset[str]
    buyer_tokens: tuple[str, ...]

    @classmethod
    def of(cls, row: Row) -> "Seen":
        """From a row of channels/read_component."""
        return cls(
            channel_order_id=row["channelOrderId"],
            channel=row["channel"],
            platform_order_no=row["platformOrderNo"],
            merchant_order_no=row["merchantOrderNo"],
            amount_minor=row["amountMinor"],
            currency=row["currency"],
            paid_at=row["paidAt"],
            member_id=row["memberId"],
            details=row["details"],
            ended_as=row["endedAs"],
            ended_at=row["endedAt"],
            order_id=row["orderId"],
            numbers=frozenset(row["saleNumbers"]),
            buyer_tokens=tuple(row["buyerTokens"]),
        )

    def contradicts(self, amount_minor: int | None, currency: str | None) -> bool:
        """Both amounts are known, and they differ."""
        if self.amount_minor is None or amount_minor is None:
            return False
        return (self.amount_minor, self.currency) != (amount_minor, currency)


@dataclass
class Place:
    """Where a report belongs. siblings: reports without an order yet that do too, and why."""

    order_id: str | None = None
    reason: Reason = field(default=Reason("", ""))
    siblings: dict[str, Reason] = field(default_factory=dict[str, Reason])
    question: Reason | None = None
    candidates: list[str] = field(default_factory=list[str])


FIRST_REPORT = Reason("first_report", "the first report of this sale")
ORDER_NUMBER = Reason("order_number", "the number of the order is the same")
PAYMENT_NUMBER = Reason("payment_number", "the number of the payment is the same")
THROUGH_OTHERS = Reason("through_others", "a third report has a number of each of them")
MALL = Reason("told_by_mall", "the mall told of the order under this number")
# The surest first.
RANKS = (MALL, ORDER_NUMBER, PAYMENT_NUMBER, THROUGH_OTHERS)
AMOUNT_DIFFERS = Reason(
    "amount_differs", "the number of the order is the same, but the amount is another"
)
AMBIGUOUS = Reason("ambiguous", "its numbers lead to more than one order; none is taken for it")
FOUND_LATE = Reason(
    "found_late", "its numbers lead to another order too, and both are counted already"
)


def _link(mine: Seen, other: Seen) -> Reason:
    shared = mine.numbers & other.numbers
    if any(number.startswith("order ") for number in shared):
        return ORDER_NUMBER
    return PAYMENT_NUMBER if shared else THROUGH_OTHERS


def best_place(mine: Seen, others: Sequence[Seen], known: Sequence[Row]) -> Place:
    """Where the numbers of a report lead. known: orders that the mall told of under them."""
    place = Place()
    leads: dict[str, Reason] = {}
    differing: set[str] = set()

    def lead(order_id: str, reason: Reason) -> None:
        before = leads.get(order_id)
        if before is None or RANKS.index(reason) < RANKS.index(before):
            leads[order_id] = reason

    for other in others:
        link = _link(mine, other)
        differs = link is ORDER_NUMBER and mine.contradicts(other.amount_minor, other.currency)
        if other.order_id is not None and not differs:
            lead(other.order_id, link)
        elif other.order_id is None and not differs:
            place.siblings[other.channel_order_id] = link
        else:
            differing.add(other.order_id or other.channel_order_id)
    told = {one.order_id for one in others if one.order_id is not None}
    for row in known:
        order_id = str(row["orderId"])
        if order_id in told or order_id == mine.order_id:
            continue
        if mine.contradicts(row["amountMinor"], row["currency"]):
            differing.add(order_id)
        else:
            lead(order_id, MALL)
    return _chosen(mine, place, leads, differing - leads.keys())


def _chosen(mine: Seen, place: Place, leads: dict[str, Reason], differing: set[str]) -> Place:
    if mine.order_id is not None:
        leads.pop(mine.order_id, None)
        differing.discard(mine.order_id)
        place.candidates = sorted(leads)
        place.question = FOUND_LATE if leads else None
    elif leads:
        best = min(leads.values(), key=RANKS.index)
        surest = sorted(one for one, reason in leads.items() if reason is best)
        if len(surest) == 1:
            place.order_id, place.reason = surest[0], best
            place.candidates = sorted(leads.keys() - {surest[0]})
            place.question = FOUND_LATE if place.candidates else None
        else:
            place.candidates, place.question = surest, AMBIGUOUS
    if place.question is None and differing:
        place.candidates, place.question = sorted(differing), AMOUNT_DIFFERS
    return place


def order_id_of(reports: Sequence[Seen], taken: Sequence[str]) -> str | None:
    """The id of the order that these reports make; None while they lack amount, time or buyer.

    The mall's own number where a report has one and no order has it, else channel and number.
    """
    amounts = [one for one in reports if one.amount_minor is not None and one.paid_at is not None]
    if not amounts or all(one.member_id is None for one in reports):
        return None
    own = sorted({one.merchant_order_no for one in reports if one.merchant_order_no} - set(taken))
    return own[0] if own else f"{amounts[0].channel}:{amounts[0].platform_order_no}"


def waits_for(mine: Seen) -> Reason | None:
    """What a report that is no order yet still lacks."""
    if mine.paid_at is None:
        if mine.ended_as is not None:
            return None
        return Reason("payment_unknown", "a refund was told of, but no payment")
    if mine.amount_minor is None:
        return Reason("amount_unknown", "a payment was told of, but no amount")
    return Reason("buyer_unknown", "a payment was told of, but no buyer")
