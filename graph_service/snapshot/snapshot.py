"""A mall at one moment, as columns that hang together."""

import numpy as np

from graph_service.attribution.touches import MICROS_PER_DAY
from graph_service.snapshot.crediting import credit_orders
from graph_service.snapshot.log import NONE, Ints, Log, Numbers
from graph_service.snapshot.persons import persons_of
from graph_service.snapshot.resolving import (
    Flags,
    Kinds,
    Lines,
    Members,
    Orders,
    Snapshot,
    greatest,
    kinds_of_tokens,
    last_activity,
    latest,
    least,
    resolve_bindings,
    resolve_clicks,
    resolve_shares,
    resolve_uses,
    taken,
)

CONFIRMED, CLEARED = 0, 1
# How long before an order a click may have brought it, as in the seed plan (days).
WINDOW_DAYS = 30


def snapshot_of(log: Log, *, at: int | None = None, window_days: int = WINDOW_DAYS) -> Snapshot:
    """The mall as it was known at this time (us), else now. window_days: of attribution."""
    if at is not None:
        log = log.until(at)
    size = {kind: len(names) for kind, names in log.names.items()}
    people = size["member"]
    identified = log.tables["identified"]
    visitors = taken(
        identified["member"], latest(identified["visitor"], identified["at"], size["visitor"])
    )
    told = log.tables["orders"]
    order_row = latest(told["order"], told["at"], size["order"])
    buyer = taken(told["member"], order_row)
    uses, order_tokens = resolve_uses(log, visitors, buyer)
    kinds = kinds_of_tokens(log)
    clicks, shares = resolve_clicks(log, visitors, people), resolve_shares(log)
    bindings = resolve_bindings(log)
    person, held = persons_of(log, uses, kinds)
    members = Members(
        joined=least(log.tables["joins"]["member"], log.tables["joins"]["at"], people),
        last_active=last_activity(log, clicks, people),
        status=_statuses(log, people),
        inviter=_inviters(bindings.invitee, bindings.inviter, bindings.until, log.now, people),
        person=person,
        held=held,
    )
    orders = _orders(log, order_row, buyer, size["order"])
    orders = credit_orders(
        orders,
        shares=shares,
        clicks=clicks,
        bindings=bindings,
        person=person,
        coupon=_coupon_owners(log, order_row, size["coupon"]),
        window=window_days * MICROS_PER_DAY,
    )
    lines, shops, goods = (log.tables[name] for name in ("lines", "shops", "categories"))
    verdicts = log.tables["verdicts"]
    said = {
        place: least(
            verdicts["member"][verdicts["conclusion"] == place],
            verdicts["at"][verdicts["conclusion"] == place],
            people,
        )
        for place in (CONFIRMED, CLEARED)
    }
    core = {
        place: np.bincount(
            verdicts["member"],
            verdicts["core"] * (verdicts["conclusion"] == place),
            minlength=people,
        )
        > 0
        for place in (CONFIRMED, CLEARED)
    }
    return Snapshot(
        seq=log.seq,
        now=log.now,
        names=log.names,
        members=members,
        bindings=bindings,
        uses=uses,
        shares=shares,
        clicks=clicks,
        orders=orders,
        lines=Lines(*(lines[name] for name in ("order", "product", "quantity", "amount"))),
        order_tokens=order_tokens,
        token_kind=kinds,
        owner=taken(shops["owner"], latest(shops["shop"], shops["at"], size["shop"])),
        category=taken(goods["category"], latest(goods["product"], goods["at"], size["product"])),
        confirmed_at=said[CONFIRMED],
        cleared_at=said[CLEARED],
        confirmed_core=core[CONFIRMED],
        cleared_core=core[CLEARED],
    )


def _statuses(log: Log, people: int) -> Kinds:
    told = log.tables["statuses"]
    said = taken(told["status"], latest(told["member"], told["at"], people))
    return np.maximum(said, 0).astype(np.int8)


def _inviters(invitee: Numbers, inviter: Numbers, until: Ints, now: int, people: int) -> Numbers:
    found = np.full(people, NONE, np.int32)
    in_force: Flags = until > now
    found[invitee[in_force]] = inviter[in_force]
    return found


def _coupon_owners(log: Log, order_row: Numbers, coupons: int) -> Numbers:
    """By order, the owner of its exclusive coupon, NONE without."""
    issued = log.tables["coupons"]
    row = latest(issued["coupon"], issued["at"], coupons)
    exclusive = taken(issued["exclusive"], row) == 1
    owner = np.where(exclusive, taken(issued["owner"], row), NONE).astype(np.int32)
    return taken(owner, taken(log.tables["orders"]["coupon"], order_row))


def _orders(log: Log, row: Numbers, buyer: Numbers, size: int) -> Orders:
    told, ends, refunds = (log.tables[name] for name in ("orders", "ends", "refunds"))

    def wide(column: str, absent: int) -> Ints:
        found = np.full(size, absent, np.int64)
        known = row != NONE
        found[known] = told[column][row[known]]
        return found

    refunded = np.zeros(size, np.int64)
    np.add.at(refunded, refunds["order"], refunds["amount"])
    ended = {
        place: greatest(ends["order"][ends["end"] == place], ends["at"][ends["end"] == place], size)
        for place in (0, 1)
    }
    nobody = np.full(size, NONE, np.int32)
    return Orders(
        buyer=buyer,
        shop=taken(told["shop"], row),
        share=taken(told["share"], row),
        currency=taken(told["currency"], row),
        amount=wide("amount", 0),
        created=wide("created", NONE),
        paid=wide("at", NONE),
        refunded=refunded,
        refunded_at=greatest(refunds["order"], refunds["at"], size),
        completed=ended[0],
        cancelled=ended[1],
        promoter=nobody,
        basis=np.full(size, NONE, np.int8),
        touched=np.full(size, NONE, np.int64),
    )
