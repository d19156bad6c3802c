"""What did people decide of a case, who else has to agree, and what is done then?"""

import json
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from graph_service.access.people import is_among
from graph_service.cases.actions import (
    LIFT_HOLDS,
    Action,
    Ground,
    action_of,
    carry_out,
    case_decisions,
    case_holds,
    case_orders,
    frozen_accounts,
    frozen_before,
    narrowed,
    with_confirmed,
)
from graph_service.cases.desk.stages import StepRefused, due_ms, stage_after
from graph_service.cases.desk.trail import (
    Kept,
    SecondPersonNeeded,
    Standing,
    Taken,
    check_version,
    lock_case,
    take_step,
)
from graph_service.cases.desk.working import Asker, not_anothers, not_judge, step_case
from graph_service.cases.scores import clear_scores
from graph_service.clock import from_micros
from graph_service.errors import Conflict, Invalid
from graph_service.graph.session import Graph, Transaction
from graph_service.holds.placing import link_to_case, millis_of
from graph_service.ingest.facts import canonical, own_fact
from graph_service.ingest.store import record_own_facts
from graph_service.verdicts import (
    CORE_WEIGHT,
    PERIPHERAL_WEIGHT,
    VERDICTS,
    Conclusion,
    Verdict,
)

DECIDE_TIMEOUT_S: Final = 30.0
# What a decision teaches of its members.
LABELS: Final[Mapping[Verdict, str]] = {"confirmed": "fraud", "cleared": "honest"}


class CaseDecided(Conflict):
    """The case was decided otherwise already."""

    code = "case_decided"


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
    graph: Graph, case_id: str, decision: Decision, maker: Asker, limits: FourEyes
) -> None:
    """Decide a case, or propose so where a second person has to agree. The same again changes

    nothing. Raises CaseNotFound, CaseChanged, CaseTaken, StepRefused, CaseDecided where it was
    decided otherwise, Invalid for strangers to the case, and SecondPersonNeeded where who judged
    would hear the appeal.
    """

    async def work(transaction: Transaction) -> None:
        kept = await lock_case(transaction, case_id)
        standing = kept.standing
        if await _is_said_already(transaction, kept, decision, maker):
            check_version(kept, maker.if_version)
            return
        await not_anothers(transaction, standing, maker.name)
        await not_judge(transaction, standing, maker.name)
        ground = await _ground(transaction, kept, decision, maker.name, maker.now)
        if strangers := sorted(set(decision.core) - set(ground.members)):
            raise Invalid(f"coreMemberIds: {strangers[0]} is not of this case")
        actions = [action_of(one) for one in decision.actions]
        for one in actions:
            narrowed(one, ground)
        before = frozen_before(await case_decisions(transaction, case_id), ground.at_ms)
        why = needs_second(actions, decision, ground, kept.amount_minor, limits, before=before)
        if why:
            taken = Taken("proposed", maker.name, maker.now, _said(decision, why), maker.if_version)
            proposal = _proposal(decision, maker)
            await take_step(transaction, kept, taken, lambda one: replace(one, pending=proposal))
            return
        await _conclude(transaction, kept, decision, ground, maker)

    await graph.write_together(work, name="cases/decide", timeout_s=DECIDE_TIMEOUT_S)


async def approve(graph: Graph, case_id: str, maker: Asker, *, agreed: bool, reason: str) -> None:
    """Agree to what was proposed, which is then done, or refuse it.

    Raises CaseNotFound, CaseChanged, StepRefused, and SecondPersonNeeded for whoever proposed it or
    judged what is appealed against.
    """

    async def work(transaction: Transaction) -> None:
        kept = await lock_case(transaction, case_id)
        pending = kept.standing.pending
        stage_after("refused", kept.standing.stage)
        assert pending is not None, "what waits for approval was proposed"
        proposal: dict[str, Any] = json.loads(pending)
        if await is_among(transaction.run, maker.name, [proposal["by"]]):
            raise SecondPersonNeeded("whoever proposed a decision cannot approve it")
        await not_judge(transaction, kept.standing, maker.name)
        if not agreed:
            detail = {"reason": reason, "proposedBy": proposal["by"]}
            taken = Taken("refused", maker.name, maker.now, detail, maker.if_version)
            await take_step(transaction, kept, taken, lambda one: replace(one, pending=None))
            return
        decision = decision_of(proposal["decision"])
        ground = await _ground(transaction, kept, decision, proposal["by"], maker.now)
        await _conclude(transaction, kept, decision, ground, maker, approval=reason)

    await graph.write_together(work, name="cases/approve", timeout_s=DECIDE_TIMEOUT_S)


async def appeal(graph: Graph, case_id: str, maker: Asker, *, reason: str, by: str | None) -> None:
    """Whoever was judged (by) objects; somebody else than who decided or agreed has to hear it."""
    detail = {"reason": reason} | ({"by": by} if by else {})
    taken = Taken("appealed", maker.name, maker.now, detail, maker.if_version)
    await step_case(
        graph,
        case_id,
        taken,
        lambda standing: replace(_anew(standing, maker.now), appealed=standing.judges),
    )


async def reopen(graph: Graph, case_id: str, maker: Asker, *, reason: str) -> None:
    """Look at a decided case again."""
    taken = Taken("reopened", maker.name, maker.now, {"reason": reason}, maker.if_version)
    await step_case(graph, case_id, taken, lambda standing: _anew(standing, maker.now))


def _anew(standing: Standing, now: datetime) -> Standing:
    """Nobody's, and due as if it came in now."""
    due = due_ms(standing.priority, now)
    return replace(standing, assignee=None, claimed_by=None, assigned_ms=None, due_ms=due)


def needs_second(
    actions: Sequence[Action],
    decision: Decision,
    ground: Ground,
    amount_minor: int,
    limits: FourEyes,
    *,
    before: Set[str] = frozenset(),
) -> str | None:
    """Why a second person has to agree, if one has to. before: frozen by the case already."""
    if any(one.undoes for one in actions):
        return "undoes"
    frozen = frozen_accounts(with_confirmed(actions, decision.conclusion), ground)
    if frozen and len(frozen | before) > limits.accounts:
        return "accounts"
    takes = frozen or any(not one.shadow for one in actions)
    return "amount" if takes and amount_minor > limits.amount_minor else None


def _said(decision: Decision, why: str) -> dict[str, Any]:
    return {
        "conclusion": decision.conclusion,
        "reason": decision.reason,
        "actions": [json.loads(one) if one != LIFT_HOLDS else one for one in decision.actions],
        "needs": why,
    }


def _proposal(decision: Decision, maker: Asker) -> str:
    return canonical({"decision": decision.text(), "by": maker.name})


async def _is_said_already(
    transaction: Transaction, kept: Kept, decision: Decision, maker: Asker
) -> bool:
    """Whether the case was decided so, or waits so for a second person as the maker proposed.

    Raises CaseDecided where it was decided otherwise, and StepRefused where it waits otherwise.
    """
    standing = kept.standing
    if standing.stage == "DECIDED":
        if not _is_decided_so(standing, decision):
            raise CaseDecided(f"{kept.case_id} was decided already: {standing.conclusion}")
        return True
    if standing.pending is None:
        return False
    proposal: dict[str, Any] = json.loads(standing.pending)
    same = proposal["decision"] == decision.text()
    if not same or not await is_among(transaction.run, maker.name, [proposal["by"]]):
        raise StepRefused(f"a case that is {standing.stage} is approved or refused first")
    return True


def _is_decided_so(standing: Standing, decision: Decision) -> bool:
    return (standing.conclusion, standing.reason, standing.typology, standing.actions) == (
        decision.conclusion,
        decision.reason,
        decision.typology,
        decision.actions,
    )


async def _ground(
    transaction: Transaction, kept: Kept, decision: Decision, by: str, now: datetime
) -> Ground:
    orders = await case_orders(transaction, kept.case_id)
    return Ground(
        kept.case_id,
        kept.member_ids,
        tuple(orders),
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
    maker: Asker,
    *,
    approval: str | None = None,
) -> None:
    """Close the case, tell the log, and do what the decision says.

    approval: what the maker said who agreed to it; None: the maker decided it.
    """
    approved_by = None if approval is None else maker.name
    actions = with_confirmed([action_of(one) for one in decision.actions], decision.conclusion)
    await _tell(transaction, kept, decision, ground)
    holds = await case_holds(transaction, kept.case_id)
    done = await carry_out(transaction, actions, ground, holds)
    if VERDICTS[decision.conclusion] == "cleared":
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
            approved_by=approved_by,
            decided_ms=ground.at_ms,
            pending=None,
            appealed=None,
            snoozed_ms=None,
            decisions=standing.decisions + 1,
        )

    said: dict[str, Any] = {"done": done}
    if approved_by is not None:
        said |= {"approvedBy": approved_by, "approval": approval}
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


def labels_of(
    conclusion: Conclusion, members: Sequence[str], core: Sequence[str]
) -> list[dict[str, str]]:
    """What a decision teaches of each member: positive, negative, and how much it weighs."""
    label = LABELS.get(VERDICTS[conclusion])
    if label is None:
        return []
    inside = frozenset(core or members)
    return [
        {
            "memberId": one,
            "label": label,
            "weight": CORE_WEIGHT if one in inside else PERIPHERAL_WEIGHT,
        }
        for one in members
    ]
