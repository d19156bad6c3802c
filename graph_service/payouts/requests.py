"""Asking for a payout, approving and cancelling it: decided where it is written, never twice."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal, get_args

from graph_service.access.idempotency import Claim, KeyReused
from graph_service.clock import Clock, time_string, to_micros
from graph_service.errors import Conflict, GraphError, Invalid, MemberNotFound, NotFound
from graph_service.graph.session import Graph, Row, Transaction
from graph_service.ids import new_id
from graph_service.ingest.facts import own_fact
from graph_service.ingest.store import record_own_facts
from graph_service.pages import MILLIS_MAX, decode_cursor, encode_cursor
from graph_service.payouts.deciding import Verdict, Wanted, decide
from graph_service.payouts.rules import Rules
from graph_service.plans.member import Lang
from graph_service.plans.timeline import Plans

State = Literal[
    "requested", "approved", "sending", "sent", "settled", "failed", "returned", "cancelled"
]
STATES: tuple[State, ...] = get_args(State)
TIMEOUT_S = 30.0
# How often a person is locked again where accounts joined it meanwhile.
LOCKED_AGAIN_MAX = 5
MEDIA = "application/json"
# What the history says of a payout that comes back from being sent.
DOUBTFUL = "the rules want it looked at before it is sent"
# So many digits in a row, blanks and hyphens aside, are an account's or a card's number.
NUMBER = re.compile(r"\d{12}")


class PayoutNotFound(NotFound):
    """No payout has this id."""

    code = "payout_not_found"


class PayoutRefused(Conflict):
    """The rules deny the payout; `verdict` says which."""

    code = "payout_refused"


class PayoutMoved(Conflict):
    """The payout is in a state in which this cannot be done."""

    code = "payout_state"


class AccountNumber(Invalid):
    """`account` looks like the number of a bank account, which is never taken."""

    code = "account_number"


@dataclass(frozen=True)
class Desk:
    """What decides: the rules, the plans, the time. by: who asks, for the history."""

    rules: Rules
    plans: Plans
    clock: Clock
    by: str
    lang: Lang = "zh"

    @property
    def now(self) -> datetime:
        """Now, to the millisecond, as cursors hold it."""
        now = self.clock().astimezone(UTC)
        return now.replace(microsecond=now.microsecond // 1_000 * 1_000)


def check_account(account: str) -> None:
    """Raises AccountNumber where it is no mere reference."""
    plain = re.sub(r"[\s.\-_:/]", "", account)
    if NUMBER.search(plain) or (plain.isdigit() and len(plain) >= 8):
        raise AccountNumber("account is your reference to an account, never its number")


async def request_payout(
    graph: Graph, desk: Desk, wanted: Wanted, account: str, claim: Claim | None
) -> str:
    """The payout as JSON text. claim: of the Idempotency-Key, from which the payout's id follows.

    Decided in the transaction that writes it, while every account of the person is held. Raises
    MemberNotFound, PayoutRefused, KeyReused.
    """
    payout_id = _id_of(new_id() if claim is None else claim.request_id)
    now = desk.now

    async def work(transaction: Transaction) -> str:
        await lock_people(transaction, [wanted.member_id], payout_id)
        known = await transaction.run("payouts/read_payouts", payoutIds=[payout_id])
        if known:
            # Older than answers are kept; money is not sent a second time for one key.
            same = (wanted.member_id, wanted.amount_minor, wanted.currency)
            if (known[0]["memberId"], known[0]["amountMinor"], known[0]["currency"]) != same:
                raise KeyReused("this Idempotency-Key came before with another payout")
            return await _told(transaction, claim, known[0])
        verdict = await decide(transaction.run, wanted, desk.rules, desk.plans, now)
        _require(verdict, desk)
        states: list[State] = ["requested"]
        if verdict.decision == "allow":
            states.append("approved")
        asked = replace(wanted, payout_id=payout_id)
        await transaction.run(
            "payouts/create_payout",
            payoutId=payout_id,
            memberId=wanted.member_id,
            currency=wanted.currency,
            amountMinor=wanted.amount_minor,
            state=states[-1],
            accountRef=account,
            createdAt=now,
            rulesVersion=desk.rules.version,
            history=[step(one, now, desk.by, codes=verdict.codes) for one in states],
        )
        for one in states:
            await record_steps(transaction, one, [_row(asked)], now, codes=verdict.codes)
        row = (await transaction.run("payouts/read_payouts", payoutIds=[payout_id]))[0]
        return await _told(transaction, claim, row)

    text = await graph.write_together(work, name="payouts/request", timeout_s=TIMEOUT_S)
    if claim is not None:
        claim.kept = True
    return text


async def approve_payout(graph: Graph, desk: Desk, payout_id: str, reason: str) -> Row:
    """A person lets a payout go that rules want looked at; the rules that deny still do.

    Raises PayoutNotFound, PayoutMoved, PayoutRefused.
    """

    async def work(transaction: Transaction) -> Row:
        row = await _held(transaction, payout_id)
        if row["state"] != "requested":
            raise PayoutMoved(f"the payout is {row['state']}, not requested")
        wanted = Wanted(row["memberId"], row["amountMinor"], row["currency"], payout_id)
        now = desk.now
        verdict = await decide(transaction.run, wanted, desk.rules, desk.plans, now)
        _require(verdict, desk)
        more = {"rulesVersion": desk.rules.version}
        written = step("approved", now, desk.by, codes=verdict.codes, reason=reason)
        return await _move(transaction, row, "approved", now, written, more)

    return await graph.write_together(work, name="payouts/approve", timeout_s=TIMEOUT_S)


def is_approved_by_person(row: Row) -> bool:
    """Did a person let the payout go, and not the rules alone? Only a person gives a reason."""
    steps = [json.loads(one) for one in row["history"]]
    approvals = [one for one in steps if one["state"] == "approved"]
    return bool(approvals) and approvals[-1]["reason"] is not None


async def look_again(transaction: Transaction, desk: Desk, row: Row, verdict: Verdict) -> Row:
    """An approved payout, whose accounts are held, waits for a person once more."""
    now = desk.now
    more = {"rulesVersion": desk.rules.version}
    written = step("requested", now, desk.by, codes=verdict.codes, reason=DOUBTFUL)
    return await _move(transaction, row, "requested", now, written, more)


async def cancel_payout(graph: Graph, desk: Desk, payout_id: str, reason: str) -> Row:
    """Give a payout up that is not on its way to the bank. Raises PayoutNotFound, PayoutMoved."""

    async def work(transaction: Transaction) -> Row:
        row = await _held(transaction, payout_id)
        if row["state"] == "cancelled":
            return row
        if row["state"] not in ("requested", "approved"):
            raise PayoutMoved(f"the payout is {row['state']}; it cannot be cancelled any more")
        now = desk.now
        written = step("cancelled", now, desk.by, reason=reason)
        return await _move(transaction, row, "cancelled", now, written, {})

    return await graph.write_together(work, name="payouts/cancel", timeout_s=TIMEOUT_S)


async def read_payout(graph: Graph, payout_id: str) -> Row:
    """One payout. Raises PayoutNotFound."""
    rows = await graph.read("payouts/read_payouts", payoutIds=[payout_id])
    if not rows:
        raise PayoutNotFound(f"there is no payout {payout_id}")
    return rows[0]


async def list_payouts(
    graph: Graph, *, member_id: str, state: str, limit: int, cursor: str | None
) -> tuple[list[Row], str | None]:
    """A page of payouts, newest first, and the cursor of the next. Raises CursorInvalid."""
    before = [MILLIS_MAX, ""] if cursor is None else decode_cursor(cursor, (int, str))
    rows = await graph.read(
        "payouts/list_payouts",
        memberId=member_id,
        state=state,
        beforeMillis=before[0],
        beforeId=before[1],
        limit=limit + 1,
    )
    page = rows[:limit]
    following = None
    if len(rows) > limit:
        following = encode_cursor([page[-1]["createdAt"] // 1_000, page[-1]["payoutId"]])
    return page, following


def payout_body(row: Row) -> dict[str, Any]:
    """A payout as it is told."""
    return {
        "payoutId": row["payoutId"],
        "memberId": row["memberId"],
        "amountMinor": row["amountMinor"],
        "currency": row["currency"],
        "state": row["state"],
        "account": row["accountRef"],
        "createdAt": time_string(row["createdAt"]),
        "rulesVersion": row["rulesVersion"],
        "batchId": row["batchId"],
        "bankReference": row["bankReference"],
        "history": [json.loads(one) for one in row["history"]],
    }


async def lock_people(transaction: Transaction, member_ids: Sequence[str], holder: str) -> None:
    """Hold every account of these members' persons until the transaction ends.

    Raises MemberNotFound.
    """
    known: set[str] = set()
    asked = sorted(set(member_ids))
    for _ in range(LOCKED_AGAIN_MAX):
        row = (await transaction.run("payouts/lock_people", memberIds=asked, holder=holder))[0]
        missing = set(asked) - set(row["memberIds"])
        if missing:
            raise MemberNotFound(f"there is no member {min(missing)}")
        if set(row["memberIds"]) <= known:
            return
        known |= set(row["memberIds"])
    raise GraphError("the accounts of a person do not come to rest")


def step(
    state: State,
    at: datetime,
    by: str,
    *,
    codes: Sequence[str] = (),
    reason: str = "",
    more: Mapping[str, Any] | None = None,
) -> str:
    """A step of a payout as its history keeps it."""
    told = {
        "state": state,
        "at": time_string(to_micros(at)),
        "by": by,
        "codes": list(codes),
        "reason": reason or None,
        **(more or {}),
    }
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"))


async def record_steps(
    transaction: Transaction,
    state: State,
    rows: Sequence[Mapping[str, Any]],
    at: datetime,
    *,
    times: int = 1,
    **more: Any,
) -> None:
    """Put a step of these payouts into the log, for each once. more: beside what each row says.

    times: how often they have come to this state, this time included.
    """
    again = f":{times}" if times > 1 else ""
    facts = [
        own_fact(
            f"payout.{state}",
            f"payout.{state}:{row['payoutId']}{again}",
            at,
            {**row, **{name: one for name, one in more.items() if one}},
            place,
        )
        for place, row in enumerate(rows)
    ]
    await record_own_facts(transaction, facts)


def fact_data(row: Mapping[str, Any]) -> dict[str, Any]:
    """What a fact says of a payout."""
    names = ("payoutId", "memberId", "amountMinor", "currency")
    return {name: row[name] for name in names}


def _row(wanted: Wanted) -> dict[str, Any]:
    return {
        "payoutId": wanted.payout_id,
        "memberId": wanted.member_id,
        "amountMinor": wanted.amount_minor,
        "currency": wanted.currency,
    }


async def _held(transaction: Transaction, payout_id: str) -> Row:
    """The payout, while every account of the person is held. Raises PayoutNotFound."""
    rows = await transaction.run("payouts/read_payouts", payoutIds=[payout_id])
    if not rows:
        raise PayoutNotFound(f"there is no payout {payout_id}")
    await lock_people(transaction, [rows[0]["memberId"]], payout_id)
    return (await transaction.run("payouts/read_payouts", payoutIds=[payout_id]))[0]


async def _move(
    transaction: Transaction,
    row: Row,
    state: State,
    at: datetime,
    written: str,
    more: Mapping[str, Any],
) -> Row:
    moved = {"payoutId": row["payoutId"], "state": state, "step": written, **more}
    await transaction.run("payouts/move_payouts", rows=[moved])
    told = json.loads(written)
    times = 1 + sum(json.loads(one)["state"] == state for one in row["history"])
    reasons = {"codes": told["codes"], "reason": told["reason"]}
    await record_steps(transaction, state, [fact_data(row)], at, times=times, **reasons)
    return (await transaction.run("payouts/read_payouts", payoutIds=[row["payoutId"]]))[0]


def _require(verdict: Verdict, desk: Desk) -> None:
    if verdict.decision == "deny":
        denying = [
            one
            for one in verdict.codes
            if desk.rules.rules[one].decision == "deny"  # pyright: ignore[reportArgumentType]
        ]
        raise PayoutRefused(
            f"the rules deny this payout: {', '.join(denying)}",
            details={"verdict": verdict.body(desk.lang)},
        )


async def _told(transaction: Transaction, claim: Claim | None, row: Row) -> str:
    """The answer, kept in the transaction that writes the payout."""
    text = json.dumps(payout_body(row), ensure_ascii=False, separators=(",", ":"))
    if claim is not None:
        await claim.keep(transaction, 201, text, MEDIA)
    return text


def _id_of(request_id: str) -> str:
    """The id of the payout of a request: letters and digits, which no bank's program changes."""
    return "po" + hashlib.sha256(f"payout {request_id}".encode()).hexdigest()[:24]
