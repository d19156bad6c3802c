"""Sums at the payee, kept by the transaction that appends entries, so that nobody adds them up.

What an order earned is released at a moment that follows from its end and the plan it was paid
under. Of each wallet it is kept what has no such moment yet, what is released at which moment of
which day, and as one sum what was released long ago. What a period earned is kept by period: when
it is released follows from the plans, as for a statement. So the clock decides at each reading.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from graph_service.attribution.touches import MICROS_PER_DAY
from graph_service.graph.session import Row, Transaction
from graph_service.plans.timeline import Plans
from graph_service.referrals.sales import PLATFORM

# Days that are kept moment by moment after they are over, for clocks that differ a little.
KEPT_DAYS = 2
# What stands for no time among times (us).
NO_TIME = -1


class Posting(NamedTuple):
    """What an entry adds to a wallet: of an order or of a period, the other one is empty."""

    payee_id: str
    currency: str
    order_id: str
    period: str
    amount_minor: int


@dataclass
class Change:
    """What is added to a wallet: as open, by moment of release (us), by period."""

    open: int = 0
    moments: defaultdict[int, int] = field(default_factory=lambda: defaultdict(int))
    periods: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))

    def add(self, moment: int | None, amount_minor: int) -> None:
        """Count an amount as released at this moment, or as open."""
        if moment is None:
            self.open += amount_minor
        else:
            self.moments[moment] += amount_minor


Owner = tuple[str, str]
Changes = defaultdict[Owner, Change]


def wallet_id(member_id: str, currency: str) -> str:
    """The key of a member's wallet."""
    return f"{currency} {member_id}"


def day_of(moment: int) -> int:
    """The day of UTC, counted from 1970, in which a moment (us) lies."""
    return moment // MICROS_PER_DAY


async def keep_wallets(
    transaction: Transaction,
    postings: Sequence[Posting],
    order_ids: Iterable[str],
    plans: Plans,
    now: int,
) -> None:
    """Bring wallets up to date after these entries were appended.

    order_ids: orders that may be released at another moment than before. now: us.
    """
    postings = [one for one in postings if one.payee_id != PLATFORM]
    asked = {one.order_id for one in postings if one.order_id} | set(order_ids)
    changes: Changes = defaultdict(Change)
    if asked:
        await _of_orders(transaction, changes, postings, sorted(asked), plans)
    for one in postings:
        if one.period:
            changes[one.currency, one.payee_id].periods[one.period] += one.amount_minor
    if changes:
        await _store(transaction, changes, day_of(now) - KEPT_DAYS)


async def _of_orders(
    transaction: Transaction,
    changes: Changes,
    postings: Sequence[Posting],
    order_ids: Sequence[str],
    plans: Plans,
) -> None:
    row = (await transaction.run("wallets/read_orders", orderIds=order_ids))[0]
    counted, moved = dict[str, int | None](), dict[str, int | None]()
    names = ("orderIds", "paidTimes", "endTimes", "countedTimes")
    for order_id, paid_at, ended_at, from_now in zip(*(row[one] for one in names), strict=True):
        counted[order_id] = before = None if from_now == NO_TIME else from_now
        # An order is held as the plan says that was in force when it was paid.
        held = plans.at(paid_at).holding_days * MICROS_PER_DAY
        moment = None if ended_at == NO_TIME else ended_at + held
        if moment != before:
            moved[order_id] = moment
    added: defaultdict[tuple[str, Owner], int] = defaultdict(int)
    for one in postings:
        if one.order_id:
            added[one.order_id, (one.currency, one.payee_id)] += one.amount_minor
    for (order_id, owner), amount_minor in added.items():
        if order_id not in moved:
            changes[owner].add(counted[order_id], amount_minor)
    if not moved:
        return
    booked = (
        await transaction.run("wallets/sum_orders", orderIds=sorted(moved), platform=PLATFORM)
    )[0]
    names = ("orderIds", "payeeIds", "currencies", "amounts")
    for order_id, payee_id, currency, amount in zip(*(booked[one] for one in names), strict=True):
        owner = (currency, payee_id)
        before = amount - added[order_id, owner]
        if before:
            changes[owner].add(counted[order_id], -before)
        if amount:
            changes[owner].add(moved[order_id], amount)
    kept = [{"orderId": one, "releasedFrom": moved[one]} for one in sorted(moved)]
    await transaction.run("wallets/count_orders", rows=kept)


async def _store(transaction: Transaction, changes: Changes, day: int) -> None:
    owners = {wallet_id(payee_id, currency): (currency, payee_id) for currency, payee_id in changes}
    wanted = [
        {"walletId": one, "currency": owners[one][0], "payeeId": owners[one][1]}
        for one in sorted(owners)
    ]
    locked = await transaction.run("wallets/lock_wallets", rows=wanted, day=day)
    wallets = list[Row]()
    days: defaultdict[tuple[str, int], dict[int, int]] = defaultdict(dict)
    for row in locked:
        change = changes[owners[row["walletId"]]]
        released = 0
        for moment, amount_minor in change.moments.items():
            if day_of(moment) < row["foldedDay"]:
                released += amount_minor
            else:
                days[row["walletId"], day_of(moment)][moment] = amount_minor
        wallets.append(
            {
                "walletId": row["walletId"],
                "openMinor": change.open,
                "releasedMinor": released,
                **_periods(row, change.periods),
            }
        )
    await transaction.run("wallets/update_wallets", rows=wallets)
    if days:
        await _store_days(transaction, days)


def _periods(row: Row, added: Mapping[str, int]) -> dict[str, Any]:
    known = dict(zip(row["periods"], row["periodMinor"], strict=True))
    for period, amount_minor in added.items():
        known[period] = known.get(period, 0) + amount_minor
    return {"periods": sorted(known), "periodMinor": [known[one] for one in sorted(known)]}


async def _store_days(
    transaction: Transaction, days: Mapping[tuple[str, int], Mapping[int, int]]
) -> None:
    keys = {f"{day} {wallet}": (wallet, day) for wallet, day in days}
    known = {
        row["dayId"]: dict(zip(row["moments"], row["amounts"], strict=True))
        for row in await transaction.run("wallets/read_days", dayIds=sorted(keys))
    }
    rows = list[Row]()
    for day_id in sorted(keys):
        moments: dict[int, int] = known.get(day_id, {})
        for moment, amount_minor in days[keys[day_id]].items():
            moments[moment] = moments.get(moment, 0) + amount_minor
        left = sorted(moment for moment, amount in moments.items() if amount)
        wallet, day = keys[day_id]
        rows.append(
            {
                "dayId": day_id,
                "walletId": wallet,
                "day": day,
                "totalMinor": sum(moments.values()),
                "moments": left,
                "amounts": [moments[one] for one in left],
            }
        )
    await transaction.run("wallets/store_days", rows=rows)
