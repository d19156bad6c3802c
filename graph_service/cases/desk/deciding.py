"""What did people decide of a case, who else has to agree, and what is done then?"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Literal

from graph_service.cases.actions import (
    LIFT_HOLDS,
    ORDERS_MAX,
    Action,
    Ground,
    action_of,
    carry_out,
    case_holds,
    frozen_accounts,
    narrowed,
)
from graph_service.cases.desk.trail import Kept, Standing, Taken, lock_case, take_step
from graph_service.cases.desk.working import not_anothers
from graph_service.cases.scores import clear_scores
from graph_service.clock import from_micros
from graph_service.errors import Conflict, Invalid, Refused
from graph_service.graph.session import Graph, Transaction
from graph_service.holds.placing import link_to_case, millis_of
from graph_service.ingest.facts import canonical, own_fact
from graph_service.ingest.store import record_own_facts

Conclusion = Literal[
    "confirmed_fraud", "policy_abuse", "false_positive", "inconclusive", "confirmed", "cleared"
]
# The two words of the first version of this contract mean two of those that came later.
CONFIRMS: Final = frozenset(("confirmed_fraud", "confirmed"))
CLEARS: Final = frozenset(("false_positive", "cleared"))
DECIDE_TIMEOUT_S: Final = 30.0
# What a label of a decision weighs: of those at the core of a case, and of others in it.
# Source: issue 8.
CORE_WEIGHT, PERIPHERAL_WEIGHT = "1", "0.3"


class CaseDecided(Conflict):
    """The case was decided otherwise already."""

    code = "case_decided"


class SecondPersonNeeded(Refused):
    """Whoever decided cannot also approve, and whoever decided hears no appeal."""

    code = "second_person_needed"


@dataclass(frozen=True)
class Decision:
    """What somebody decided of a case. actions: each once, as kept, sorted.

    core: members that the case is about most; empty: all.
    """

    conclusion: Conclusion
    reason: str
    typology: str | None = None
    actions: tuple[str, ...] = ()
    core: tuple[str, ...] = ()

    def text(self) -> str:
        """As a proposal keeps it."""
        return canonical(
            {
                "conclusion": self.conclusion,
                "reason": self.reason,
                "typology": self.typology,
                "actions": list(self.actions),
                "coreMemberIds": list(self.core),
            }
        )


@dataclass(frozen=True)
class FourEyes:
    """From when on a second person has to agree: more accounts, or more money, than that."""

    accounts: int
    amount_minor: int


@dataclass(frozen=True)
class Maker:
    """Who decides, when, and for which version of the case (None: whichever)."""

    name: str
    now: datetime
    if_version: int | None = None


def decision_of(pending: str) -> Decision:
    """A proposal as it was kept."""
    told: dict[str, Any] = json.loads(pending)
    return Decision(
        told["conclusion"],
        told["reason"],
        told["typology"],
        tuple(told["actions"]),
        tuple(told["coreMemberIds"]),
    )


async def decide_case(
    graph: Graph, case_id: str, decision: Decision, maker: Maker, limits: FourEyes
) -> None:
    """Decide a case, or propose so where a second person has to agree. The same again changes

    nothing. Raises CaseNotFound, CaseChanged, CaseTaken, StepRefused, CaseDecided where it was
    decided otherwise, Invalid for strangers to the case, and SecondPersonNeeded where who decided
    hears the appeal.
    """

    async def work(transaction: Transaction) -> None:
        kept = await lock_case(transaction, case_id)
        standing = kept.standing
        if standing.stage == "DECIDED":
            if _decided(standing) != replace(decision, core=()):
                raise CaseDecided(f"{case_id} was decided already: {standing.conclusion}")
            return
        if standing.stage == "PENDING_APPROVAL" and standing.pending == _proposal(decision, maker):
            return
        not_anothers(standing, maker.name)
        if standing.stage == "APPEALED" and maker.name == standing.decided_by:
            raise SecondPersonNeeded("an appeal is heard by somebody else than who decided")
        ground = await _ground(transaction, kept, decision, maker.name, maker.now)
        if strangers := sorted(set(decision.core) - set(ground.members)):
            raise Invalid(f"coreMemberIds: {strangers[0]} is not of this case")
        actions = [action_of(one) for one in decision.actions]
        for one in actions:
            narrowed(one, ground)
        why = needs_second(actions, decision, ground, kept.amount_minor, limits)
        if why:
            taken = Taken("proposed", maker.name, maker.now, _said(decision, why), maker.if_version)
            proposal = _proposal(decision, maker)
            await take_step(transaction, kept, taken, lambda one: replace(one, pending=proposal))
            return
        await _conclude(transaction, kept, decision, ground, maker)

    await graph.write_together(work, name="cases/decide", timeout_s=DECIDE_TIMEOUT_S)


async def approve(graph: Graph, case_id: str, maker: Maker, *, agreed: bool, reason: str) -> None:
    """Agree to what was proposed, which is then done, or refuse it.

    Raises CaseNotFound, CaseChanged, StepRefused, and SecondPersonNeeded for whoever proposed it.
    """

    async def work(transaction: Transaction) -> None:
        kept = await lock_case(transaction, case_id)
        pending = kept.standing.pending
        if kept.standing.stage != "PENDING_APPROVAL" or pending is None:
            taken = Taken("refused", maker.name, maker.now, if_version=maker.if_version)
            await take_step(transaction, kept, taken)
            return
        proposal: dict[str, Any] = json.loads(pending)
        if proposal["by"] == maker.name:
            raise SecondPersonNeeded("whoever proposed a decision cannot approve it")
        if not agreed:
            detail = {"reason": reason, "proposedBy": proposal["by"]}
            taken = Taken("refused", maker.name, maker.now, detail, maker.if_version)
            await take_step(transaction, kept, taken, lambda one: replace(one, pending=None))
            return
        decision = decision_of(proposal["decision"])
        ground = await _ground(transaction, kept, decision, proposal["by"], maker.now)
        detail = {"approvedBy": maker.name, "approval": reason}
        await _conclude(transaction, kept, decision, ground, maker, detail=detail)

    await graph.write_together(work, name="cases/approve", timeout_s=DECIDE_TIMEOUT_S)


async def appeal(graph: Graph, case_id: str, maker: Maker, *, reason: str, by: str | None) -> None:
    """Whoever was judged (by) objects; somebody else than who decided has to hear it."""
    detail = {"reason": reason} | ({"by": by} if by else {})
    await _again(graph, case_id, Taken("appealed", maker.name, maker.now, detail, maker.if_version))


async def reopen(graph: Graph, case_id: str, maker: Maker, *, reason: str) -> None:
    """Look at a decided case again."""
    taken = Taken("reopened", maker.name, maker.now, {"reason": reason}, maker.if_version)
    await _again(graph, case_id, taken)


async def _again(graph: Graph, case_id: str, taken: Taken) -> None:
    async def work(transaction: Transaction) -> None:
        kept = await lock_case(transaction, case_id)

        def change(standing: Standing) -> Standing:
            return replace(standing, assignee=None, assigned_ms=None)

        await take_step(transaction, kept, taken, change)

    await graph.write_together(work, name="cases/again", timeout_s=DECIDE_TIMEOUT_S)


def needs_second(
    actions: Sequence[Action],
    decision: Decision,
    ground: Ground,
    amount_minor: int,
    limits: FourEyes,
) -> str | None:
    """Why a second person has to agree, if one has to."""
    if any(one.undoes for one in actions):
        return "undoes"
    frozen = frozen_accounts(_with_confirmed(actions, decision), ground)
    if len(frozen) > limits.accounts:
        return "accounts"
    takes = frozen or any(not one.shadow for one in actions)
    return "amount" if takes and amount_minor > limits.amount_minor else None


def _with_confirmed(actions: Sequence[Action], decision: Decision) -> list[Action]:
    """Whoever is confirmed is held, unless the decision says itself what is frozen."""
    says = any(one.name == "freeze" for one in actions)
    holds = decision.conclusion in CONFIRMS and not says
    return [*actions, Action("freeze")] if holds else list(actions)


def _said(decision: Decision, why: str) -> dict[str, Any]:
    return {
        "conclusion": decision.conclusion,
        "reason": decision.reason,
        "actions": [json.loads(one) if one != LIFT_HOLDS else one for one in decision.actions],
        "needs": why,
    }


def _proposal(decision: Decision, maker: Maker) -> str:
    return canonical({"decision": decision.text(), "by": maker.name})


def _decided(standing: Standing) -> Decision:
    return Decision(
        conclusion=_conclusion(standing),
        reason=standing.reason or "",
        typology=standing.typology,
        actions=standing.actions or (),
    )


def _conclusion(standing: Standing) -> Conclusion:
    found: Any = standing.conclusion
    return found


async def _ground(
    transaction: Transaction, kept: Kept, decision: Decision, by: str, now: datetime
) -> Ground:
    shown = (await transaction.run("scans/read_alert_set"))[0]
    rows = await transaction.run(
        "cases/list_case_orders", caseId=kept.case_id, number=shown["number"], limit=ORDERS_MAX
    )
    return Ground(
        kept.case_id,
        kept.member_ids,
        tuple(rows[0]["orderIds"]),
        kept.standing.decisions + 1,
        by,
        decision.reason,
        millis_of(now),
    )


async def _conclude(
    transaction: Transaction,
    kept: Kept,
    decision: Decision,
    ground: Ground,
    maker: Maker,
    *,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Close the case, tell the log, and do what the decision says."""
    actions = _with_confirmed([action_of(one) for one in decision.actions], decision)
    await _tell(transaction, kept, decision, ground)
    holds = await case_holds(transaction, kept.case_id)
    done = await carry_out(transaction, actions, ground, holds)
    if decision.conclusion in CLEARS:
        await clear_scores(
            transaction,
            kept.member_ids,
            kept.case_id,
            decision.reason,
            ground.at,
            number=ground.number,
        )

    def change(standing: Standing) -> Standing:
        return replace(
            standing,
            conclusion=decision.conclusion,
            typology=decision.typology,
            reason=decision.reason,
            actions=decision.actions,
            decided_by=ground.by,
            decided_ms=ground.at_ms,
            pending=None,
            snoozed_ms=None,
            decisions=standing.decisions + 1,
        )

    said = {"done": done, **(detail or {})}
    taken = Taken("decided", maker.name, maker.now, said, maker.if_version)
    await take_step(transaction, kept, taken, change)


async def _tell(transaction: Transaction, kept: Kept, decision: Decision, ground: Ground) -> None:
    data: dict[str, Any] = {
        "caseId": kept.case_id,
        "memberIds": list(kept.member_ids),
        "conclusion": decision.conclusion,
        "typology": decision.typology,
        "reason": decision.reason,
        "actions": [json.loads(one) if one != LIFT_HOLDS else one for one in decision.actions],
        "by": ground.by,
    }
    if decision.core:
        data["coreMemberIds"] = list(decision.core)
    told = {name: value for name, value in data.items() if value is not None}
    named = f"case.decided {kept.case_id}"
    named += f" {ground.number}" if ground.number > 1 else ""
    fact = own_fact("case.decided", named, from_micros(1_000 * ground.at_ms), told)
    await record_own_facts(transaction, [fact])
    await link_to_case(transaction, [fact], kept.case_id)


def labels_of(conclusion: str, members: Sequence[str], core: Sequence[str]) -> list[dict[str, str]]:
    """What a decision teaches of each member: positive, negative, and how much it weighs."""
    if conclusion in CLEARS:
        label = "honest"
    elif conclusion == "inconclusive":
        return []
    else:
        label = "fraud"
    inside = frozenset(core or members)
    return [
        {
            "memberId": one,
            "label": label,
            "weight": CORE_WEIGHT if one in inside else PERIPHERAL_WEIGHT,
        }
        for one in members
    ]
