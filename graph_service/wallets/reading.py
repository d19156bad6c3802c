"""A member's balance in a currency, and those of the other accounts of the same person.

pending + released + held + reserved + paid is what all entries of the payee come to. What was paid
and taken back afterwards makes released negative, and is carried.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from graph_service.clock import to_micros
from graph_service.errors import MemberNotFound
from graph_service.graph.session import Read
from graph_service.months.counted import held_until, period_of_row
from graph_service.plans.timeline import Plans
from graph_service.wallets.keeping import day_of

# Accounts that are looked at as one person; more are no human's.
ACCOUNTS_MAX = 1_000


@dataclass(frozen=True)
class Account:
    """One account: its standing, and in the currency asked for what it earned and was paid.

    earned_minor: of entries, released by now. holds: in force. recent: payouts of the last time,
    in any currency, that did not come to nothing.
    """

    member_id: str
    status: str
    kyc: str
    tax_registered: bool
    risk_level: str
    pending_minor: int
    earned_minor: int
    reserved_minor: int
    paid_minor: int
    holds: Sequence[Mapping[str, Any]]
    recent: Sequence[Mapping[str, Any]]

    @property
    def free_minor(self) -> int:
        """Released, and neither paid nor on its way; below 0 it is owed and carried."""
        return self.earned_minor - self.reserved_minor - self.paid_minor


@dataclass(frozen=True)
class Holder:
    """A member and the other accounts of the same person. behind: facts not counted yet.

    has_more: the person has accounts beside these, of which nothing is known here.
    """

    account: Account
    others: Sequence[Account]
    person_id: str | None
    behind: int
    has_more: bool

    @property
    def accounts(self) -> Sequence[Account]:
        """All accounts, the one asked for first."""
        return [self.account, *self.others]

    @property
    def holds(self) -> list[Mapping[str, Any]]:
        """Holds in force on any account of the person."""
        return [{**hold, "memberId": one.member_id} for one in self.accounts for hold in one.holds]

    @property
    def owed_elsewhere_minor(self) -> int:
        """What other accounts of the person owe: a number from 0 on."""
        return sum(max(0, -one.free_minor) for one in self.others)

    def balance(self, accrued_pending: int = 0, accrued_released: int = 0) -> dict[str, int]:
        """What the balance says. accrued: by periods that are not closed, beside the entries."""
        free = self.account.free_minor + accrued_released
        held = max(free, 0) if self.holds else 0
        return {
            "pendingMinor": self.account.pending_minor + accrued_pending,
            "releasedMinor": free - held,
            "heldMinor": held,
            "reservedMinor": self.account.reserved_minor,
            "paidMinor": self.account.paid_minor,
            "negativeMinor": max(0, -free),
        }


@dataclass(frozen=True)
class Question:
    """Whose balance, in which currency, when. since: of payouts that are told one by one.

    without: a payout that is left out, as if it were not there.
    """

    member_id: str
    currency: str
    now: datetime
    since: datetime
    without: str = ""


async def read_holder(read: Read, asked: Question, plans: Plans) -> Holder:
    """One round trip, however many entries there are. Raises MemberNotFound."""
    micros = to_micros(asked.now)
    rows = await read(
        "wallets/read_person",
        memberId=asked.member_id,
        currency=asked.currency,
        now=asked.now,
        nowMicros=micros,
        day=day_of(micros),
        since=asked.since,
        without=asked.without,
    )
    if not rows:
        raise MemberNotFound(f"there is no member {asked.member_id}")
    accounts = list[Account]()
    for row in rows[:ACCOUNTS_MAX]:
        wallet = row["wallet"]
        if row["keepsWallets"] and day_of(micros) >= wallet["foldedDay"]:
            released = wallet["releasedMinor"] + wallet["dueMinor"]
            pending = wallet["openMinor"] + wallet["daysMinor"] - wallet["dueMinor"]
            pairs = zip(wallet["periods"], wallet["periodMinor"], strict=True)
            more = _of_periods(dict(pairs), asked, plans)
        else:
            # A ledger older than wallets, or a clock before what is kept moment by moment.
            released, pending, more = await sum_entries(read, row["memberId"], asked, plans)
        accounts.append(_account(row, pending + more[0], released + more[1]))
    first = rows[0]
    has_more = len(rows) > ACCOUNTS_MAX
    return Holder(accounts[0], accounts[1:], first["personId"], first["behind"], has_more)


def _account(row: Mapping[str, Any], pending: int, released: int) -> Account:
    standing = row["account"]
    return Account(
        member_id=row["memberId"],
        status=standing["status"],
        kyc=standing["kyc"],
        tax_registered=standing["taxRegistered"],
        risk_level=standing["riskLevel"],
        pending_minor=pending,
        earned_minor=released,
        reserved_minor=row["reservedMinor"],
        paid_minor=row["paidMinor"],
        holds=row["holds"],
        recent=row["recent"],
    )


def _of_periods(amounts: Mapping[str, int], asked: Question, plans: Plans) -> tuple[int, int]:
    """What closed periods earned: not released yet, and released."""
    pending = released = 0
    for period, amount_minor in amounts.items():
        row = {"period": period, "currency": asked.currency}
        if held_until(plans, period_of_row(row, plans)) <= to_micros(asked.now):
            released += amount_minor
        else:
            pending += amount_minor
    return pending, released


async def sum_entries(
    read: Read, member_id: str, asked: Question, plans: Plans
) -> tuple[int, int, tuple[int, int]]:
    """The same from every entry: released and pending of orders, pending and released of periods.

    As slow as there are entries; what is kept is compared with it.
    """
    of_orders = (
        await read(
            "wallets/sum_balance",
            memberId=member_id,
            currency=asked.currency,
            now=asked.now,
            rows=plans.holding_rows,
        )
    )[0]
    rows = await read("wallets/sum_periods", memberId=member_id, currency=asked.currency)
    amounts = {row["period"]: row["amountMinor"] for row in rows}
    more = _of_periods(amounts, asked, plans)
    return of_orders["releasedMinor"], of_orders["pendingMinor"], more
