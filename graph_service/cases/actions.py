"""What is done to members and orders when a case is decided, and undone later?"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Literal, cast

from graph_service.clock import from_micros, to_micros
from graph_service.errors import Invalid
from graph_service.graph.session import Transaction
from graph_service.holds.placing import (
    Hold,
    Lifting,
    NewHold,
    hold_of,
    lift_hold,
    link_to_case,
    millis_of,
    place_hold,
    spelled,
)
from graph_service.holds.thawing import thaw
from graph_service.ingest.facts import canonical, digest, own_fact
from graph_service.ingest.store import record_own_facts
from graph_service.ledger.affected import RESTORED, REVERSED
from graph_service.verdicts import Conclusion

ActionName = Literal["freeze", "unfreeze", "reverse_commissions", "restore_commissions"]
Scope = Literal["payout", "order", "account"]
# The action of the first version of this contract, which is kept: unfreeze, said in one word.
LIFT_HOLDS: Final = "lift_holds"
CONFIRMED: Final = "case_confirmed"
FROZEN: Final = "frozen"
SOURCE: Final = "graph-service/cases"
STEP_DECIDED: Final = "decided"
ORDERS_MAX: Final = 2_000
HOLDS_MAX: Final = 5_000
DECISIONS_MAX: Final = 1_000
# Whose payouts are held without a word more: abuse of the rules is no fraud by itself.
CONFIRMS: Final = frozenset(("confirmed_fraud", "confirmed"))


@dataclass(frozen=True)
class Action:
    """One thing to do. members, orders: of the case; empty: all of it. reason: None: as decided.

    scope: what is frozen: payouts of the person, the orders' commissions, or the account, which
    earns nothing any more either. shadow: only say what would be done.
    """

    name: ActionName
    scope: Scope = "payout"
    members: tuple[str, ...] = ()
    orders: tuple[str, ...] = ()
    code: str = CONFIRMED
    expires_ms: int | None = None
    shadow: bool = False
    reason: str | None = None

    @property
    def undoes(self) -> bool:
        """Does it give something back? That takes a second person."""
        return self.name in ("unfreeze", "restore_commissions") and not self.shadow

    def text(self) -> str:
        """As it is kept and compared."""
        said = {
            "type": self.name,
            "scope": self.scope if self.name in ("freeze", "unfreeze") else None,
            "memberIds": list(self.members) or None,
            "orderIds": list(self.orders) or None,
            "reasonCode": self.code if self.name == "freeze" else None,
            "expiresAt": spelled(self.expires_ms),
            "shadow": self.shadow or None,
            "reason": self.reason,
        }
        return canonical({name: value for name, value in said.items() if value is not None})


def told_action(kept: str) -> str | dict[str, Any]:
    """A kept action as it is told: the word, or its fields."""
    return kept if kept == LIFT_HOLDS else cast("dict[str, Any]", json.loads(kept))


def action_of(kept: str) -> Action:
    """An action as it was kept."""
    if kept == LIFT_HOLDS:
        return Action("unfreeze")
    return _action_told(json.loads(kept))


def _action_told(told: Mapping[str, Any]) -> Action:
    expires_at = told.get("expiresAt")
    expires_ms = None if expires_at is None else to_micros(datetime.fromisoformat(expires_at))
    return Action(
        told["type"],
        told.get("scope", "payout"),
        tuple(told.get("memberIds", ())),
        tuple(told.get("orderIds", ())),
        told.get("reasonCode", CONFIRMED),
        None if expires_ms is None else expires_ms // 1_000,
        told.get("shadow", False),
        told.get("reason"),
    )


@dataclass(frozen=True)
class Ground:
    """What actions are about. number: which decision of the case it is. at_ms: when (ms).

    by, reason: who decided and why.
    """

    case_id: str
    members: tuple[str, ...]
    orders: tuple[str, ...]
    number: int
    by: str
    reason: str
    at_ms: int

    @property
    def at(self) -> datetime:
        """When it was decided."""
        return from_micros(1_000 * self.at_ms)


def narrowed(action: Action, ground: Ground) -> Action:
    """The action with every member and order that it is about. Raises Invalid for a stranger."""
    return replace(
        action,
        members=_among(action.members, ground.members, "memberIds"),
        orders=_among(action.orders, ground.orders, "orderIds"),
    )


def _among(asked: Sequence[str], known: Sequence[str], what: str) -> tuple[str, ...]:
    if strangers := sorted(set(asked) - set(known)):
        raise Invalid(f"actions.{what}: {strangers[0]} is not of this case")
    return tuple(sorted(asked or known))


def with_confirmed(actions: Sequence[Action], conclusion: Conclusion) -> list[Action]:
    """Whoever is confirmed is held, unless the decision says itself what is frozen."""
    says = any(one.name == "freeze" for one in actions)
    holds = conclusion in CONFIRMS and not says
    return [*actions, Action("freeze")] if holds else list(actions)


def frozen_accounts(actions: Iterable[Action], ground: Ground) -> set[str]:
    """Members whom these actions freeze indeed."""
    freezes = [one for one in actions if one.name == "freeze" and one.scope != "order"]
    return {member for one in freezes if not one.shadow for member in narrowed(one, ground).members}


def frozen_before(decided: Iterable[Mapping[str, Any]], now_ms: int) -> set[str]:
    """Members whom earlier decisions of a case froze until now. decided: facts, the first first."""
    frozen: dict[Scope, set[str]] = {"payout": set(), "account": set()}
    for data in decided:
        actions = [
            Action("unfreeze") if one == LIFT_HOLDS else _action_told(one)
            for one in data["actions"]
        ]
        for one in with_confirmed(actions, data["conclusion"]):
            members = one.members or data["memberIds"]
            if one.shadow or one.scope == "order":
                continue
            if one.name == "freeze" and (one.expires_ms is None or one.expires_ms > now_ms):
                frozen[one.scope] |= set(members)
            elif one.name == "unfreeze":
                frozen["payout"] -= set(members)
                # Payouts may be let go while the account stays frozen.
                frozen["account"] -= set(members) if one.scope == "account" else set()
    return frozen["payout"] | frozen["account"]


async def carry_out(
    transaction: Transaction, actions: Sequence[Action], whole: Ground, holds: Sequence[Hold]
) -> list[dict[str, Any]]:
    """Do what these actions say; what each did, or would have done. Repeats do nothing.

    whole: what the decision is about. holds: those of the case.
    """
    told: list[dict[str, Any]] = []
    for place, given in enumerate(actions):
        action, ground = narrowed(given, whole), replace(whole, reason=given.reason or whole.reason)
        said: dict[str, Any] = {"type": action.name, "shadow": action.shadow}
        if action.name == "freeze" and action.scope != "order":
            held = {one.member_id for one in holds if _covers(one, action, ground.at_ms)}
            fresh = sorted(set(action.members) - held)
            said |= {"scope": action.scope, "memberIds": fresh}
            if action.scope == "account":
                said |= {"status": FROZEN, "statusOf": list(action.members)}
            if not action.shadow:
                await _hold(transaction, action, ground, fresh, place=place)
        elif action.name == "unfreeze" and action.scope != "order":
            lifted = [
                one
                for one in holds
                if one.is_active(ground.at_ms) and one.member_id in action.members
            ]
            said |= {"holdIds": sorted(one.hold_id for one in lifted)}
            if not action.shadow:
                await _lift(transaction, lifted, ground)
            if action.scope == "account":
                frozen = [one for one in holds if one.member_id in action.members]
                said |= {"statuses": await _thaw(transaction, frozen, shadow=action.shadow)}
        else:
            kind = REVERSED if action.name in ("freeze", "reverse_commissions") else RESTORED
            said |= {"orderIds": list(action.orders)}
            if not action.shadow:
                await _mark_orders(transaction, kind, action.orders, ground)
        told.append(said)
    return told


def status_events(case: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What the last decision of a case, as it is told, says of the status of accounts, as events.

    Each has an id that says what is done, so that sending them again changes nothing.
    """
    steps = [one for one in case["events"] if one["step"] == STEP_DECIDED]
    if not steps or case["state"] != "DECIDED":
        return []
    last = steps[-1]
    return [
        {
            "specversion": "1.0",
            "id": f"{case['caseId']} {last['number']} {status} {member_id}",
            "source": SOURCE,
            "type": "member.updated",
            "time": last["at"],
            "data": {"memberId": member_id, "status": status},
        }
        for done in last["detail"]["done"]
        if not done["shadow"]
        for member_id, status in statuses_of(done).items()
    ]


def statuses_of(done: Mapping[str, Any]) -> dict[str, str]:
    """By account the status that something that was done gives it."""
    if "status" in done:
        status: str = done["status"]
        return dict.fromkeys(done["statusOf"], status)
    return done.get("statuses", {})


def _covers(hold: Hold, action: Action, at_ms: int) -> bool:
    """Whether a hold holds what an action freezes, and no shorter."""
    if not hold.is_active(at_ms) or (action.scope == "account" and hold.status_before is None):
        return False
    if hold.expires_ms is None or action.expires_ms is None:
        return hold.expires_ms is None
    return hold.expires_ms >= action.expires_ms


async def _thaw(transaction: Transaction, holds: Sequence[Hold], *, shadow: bool) -> dict[str, str]:
    """By account the status that it has again without these holds, which are over unless shadow."""
    if not shadow:
        return await thaw(transaction, holds)
    before = [(one.member_id, one.status_before) for one in holds]
    return {one: str(status) for one, status in before if status not in (None, FROZEN)}


async def _hold(
    transaction: Transaction,
    action: Action,
    ground: Ground,
    members: Collection[str],
    *,
    place: int,
) -> None:
    if action.scope == "account":
        await transaction.run("holds/note_statuses", memberIds=sorted(action.members))
    for member_id in sorted(members):
        named = f"{action.code} {ground.case_id} {member_id}"
        if ground.number > 1 or place:
            named = f"{named} {ground.number} {place}"
        wanted = NewHold(
            hold_id=f"hold_{digest(named)}",
            member_id=member_id,
            kind="person",
            code=action.code,
            reason=ground.reason,
            placed_by=ground.by,
            expires_ms=action.expires_ms,
            case_id=ground.case_id,
            freezes=action.scope == "account",
        )
        await place_hold(transaction, wanted, ground.at)


async def _lift(transaction: Transaction, holds: Sequence[Hold], ground: Ground) -> None:
    for hold in sorted(holds, key=lambda one: one.hold_id):
        await lift_hold(transaction, hold.hold_id, Lifting(ground.by, ground.reason, ground.at_ms))


async def _mark_orders(
    transaction: Transaction, kind: str, order_ids: Sequence[str], ground: Ground
) -> None:
    """Put into the log that nothing is owed for these orders, or is again."""
    facts = [
        own_fact(
            kind,
            f"{kind} {ground.case_id} {ground.number} {order_id}",
            ground.at,
            {
                "orderId": order_id,
                "caseId": ground.case_id,
                "reason": ground.reason,
                "by": ground.by,
            },
        )
        for order_id in order_ids
    ]
    if not facts:
        return
    await record_own_facts(transaction, facts)
    rows = [{"key": one.key, "orderId": one.data["orderId"]} for one in facts]
    await transaction.run("cases/link_order_facts", rows=rows)
    await link_to_case(transaction, facts, ground.case_id)


async def case_orders(transaction: Transaction, case_id: str) -> list[str]:
    """The orders that the alerts of a case name, at most ORDERS_MAX."""
    shown = (await transaction.run("scans/read_alert_set"))[0]
    rows = await transaction.run(
        "cases/list_case_orders", caseId=case_id, number=shown["number"], limit=ORDERS_MAX
    )
    return rows[0]["orderIds"]


async def case_decisions(transaction: Transaction, case_id: str) -> list[dict[str, Any]]:
    """Facts of the decisions of a case so far, the first first."""
    rows = await transaction.run("cases/list_case_decisions", caseId=case_id, limit=DECISIONS_MAX)
    return [json.loads(row["data"]) for row in rows]


async def case_holds(transaction: Transaction, case_id: str) -> list[Hold]:
    """The holds that were placed with a case, also those that ended."""
    rows = await transaction.run("cases/list_case_holds", caseId=case_id, limit=HOLDS_MAX)
    return [hold_of(row) for row in rows]


def fresh_expiry(expires_at: datetime | None, now: datetime) -> int | None:
    """An expiry in ms. Raises Invalid where it is not later than now."""
    if expires_at is None:
        return None
    if expires_at <= now:
        raise Invalid("actions.expiresAt: is not later than now")
    return millis_of(expires_at)
