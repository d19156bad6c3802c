"""What the console asks of cases. All that it knows of the room of cases stands here."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, get_args

from graph_service.access.people import is_among
from graph_service.cases.actions import Action
from graph_service.cases.desk import deciding, working
from graph_service.cases.desk.deciding import Decision, FourEyes
from graph_service.cases.desk.endpoints import tell_statuses
from graph_service.cases.desk.inbox import cases_of_alerts
from graph_service.cases.desk.stages import STAGES, AnyState
from graph_service.cases.desk.working import Asker
from graph_service.cases.reading import Wanted, list_cases, read_case
from graph_service.console.visiting import PAGE_ITEMS, Visit
from graph_service.errors import Invalid
from graph_service.fraud.detectors.kinds import Kind
from graph_service.holds.endpoints import REASON_CHARACTERS_MAX, signature
from graph_service.verdicts import Conclusion

# The two words of the first contract mean the same as two of these.
CONCLUSIONS: Final[tuple[Conclusion, ...]] = (
    "confirmed_fraud",
    "policy_abuse",
    "false_positive",
    "inconclusive",
)
ANY_STATE: Final[tuple[AnyState, ...]] = get_args(AnyState)
STATES: Final[tuple[AnyState, ...]] = ("open", "closed", *STAGES)
ACTIONS: Final[Mapping[str, Action]] = {
    "freeze": Action("freeze"),
    "freeze_shadow": Action("freeze", shadow=True),
    "reverse_commissions": Action("reverse_commissions"),
    "unfreeze": Action("unfreeze"),
    "restore_commissions": Action("restore_commissions"),
}
TYPOLOGIES: tuple[Kind, ...] = get_args(Kind)
PRIORITIES: Final = ("1", "2", "3", "4")
SNOOZE_DAYS: Final = ("1", "3", "7")


@dataclass(frozen=True)
class CaseFilter:
    """Which cases are wanted."""

    state: str = ""
    member_id: str = ""


async def cases_page(
    visit: Visit, wanted: CaseFilter, cursor: str | None
) -> tuple[list[dict[str, Any]], str | None]:
    """One page of cases as the inbox shows them, and the next page's cursor.

    Open cases that are due first come first; others are newest first.
    """
    state = wanted.state if wanted.state in ANY_STATE else None
    by_due = state is not None and state not in ("closed", "DECIDED")
    asked = Wanted(state, member_id=wanted.member_id or None, due_first=by_due)
    items, following = await list_cases(
        visit.graph, asked, visit.books.clock(), limit=PAGE_ITEMS, cursor=cursor
    )
    return [case_row(one) for one in items], following


async def whole_case(visit: Visit, case_id: str) -> dict[str, Any]:
    """A case with all that is known of it, as its page shows it. Raises CaseNotFound."""
    told = await read_case(visit.graph, case_id, visit.books.clock())
    claimed_by = told["claimedBy"]
    names = ("holds", "reasons", "decision", "proposal", "events", "attachments", "version")
    return {
        **case_row(told),
        **{name: told[name] for name in names},
        "snoozedUntil": told["snoozedUntil"],
        "history": [_event(one) for one in told["history"]],
        "comments": [
            {"at": one["at"], "by": one["actor"], "text": one["detail"]["text"]}
            for one in told["events"]
            if one["step"] == "commented"
        ],
        "mine": claimed_by is not None
        and await is_among(visit.graph.read, signature(visit.key), [claimed_by]),
    }


def _event(fact: Mapping[str, Any]) -> dict[str, Any]:
    """A line of a case's history."""
    data = fact["data"]
    told = {name: data.get(name) for name in ("memberId", "score", "reason")}
    return {
        "at": fact["at"],
        "type": fact["type"],
        "by": data.get("by", data.get("source")),
        **told,
    }


def case_row(told: Mapping[str, Any]) -> dict[str, Any]:
    """A case as lists show it."""
    names = ("caseId", "state", "code", "reason", "openedAt", "openedBy", "memberIds", "alertIds")
    also = ("priority", "dueAt", "overdue", "assignee", "amountAtRiskMinor", "currency")
    return {
        **{name: told[name] for name in (*names, *also)},
        "kind": told["kinds"][0] if told["kinds"] else None,
        "isOpen": told["open"],
    }


async def cases_by_alert(visit: Visit, alert_ids: Sequence[str]) -> dict[str, str]:
    """By alert the case that it is in."""
    return await cases_of_alerts(visit.graph, alert_ids)


async def decide(visit: Visit, case_id: str) -> None:
    """Decide a case as the form says. Raises Invalid, CaseNotFound, and as decisions do."""
    conclusion, typology = visit.told("conclusion"), visit.told("typology")
    named = visit.form.get("actions", [])
    if conclusion not in CONCLUSIONS:
        raise Invalid("a conclusion is to be chosen")
    if typology and typology not in TYPOLOGIES:
        raise Invalid(f"there is no kind {typology}")
    if unknown := set(named) - set(ACTIONS):
        raise Invalid(f"there is no action {min(unknown)}")
    decision = Decision(
        conclusion=conclusion,
        reason=_reason(visit),
        typology=typology or None,
        actions=tuple(sorted({ACTIONS[one].text() for one in named})),
    )
    await deciding.decide_case(visit.graph, case_id, decision, _asker(visit), _limits(visit))
    await _tell_statuses(visit, case_id)


async def _tell_statuses(visit: Visit, case_id: str) -> None:
    case = await read_case(visit.graph, case_id, visit.books.clock())
    await tell_statuses(visit.store, case)


def _reason(visit: Visit) -> str:
    reason = visit.told("reason").strip()
    if not reason or len(reason) > REASON_CHARACTERS_MAX:
        raise Invalid(f"a reason is needed, of at most {REASON_CHARACTERS_MAX} characters")
    return reason


def _asker(visit: Visit) -> Asker:
    admin = visit.key.allows("admin")
    return Asker(signature(visit.key), visit.books.clock(), admin=admin)


def _limits(visit: Visit) -> FourEyes:
    settings = visit.settings
    return FourEyes(settings.four_eyes_accounts, settings.four_eyes_amount_minor)


async def _claim(visit: Visit, case_id: str) -> None:
    await working.claim(visit.graph, case_id, _asker(visit))


async def _release(visit: Visit, case_id: str) -> None:
    await working.assign(visit.graph, case_id, _asker(visit), None)


async def _triage(visit: Visit, case_id: str) -> None:
    priority = visit.told("priority")
    if priority not in PRIORITIES:
        raise Invalid("a priority is to be chosen")
    await working.triage(
        visit.graph, case_id, _asker(visit), priority=int(priority), typology=None, note=""
    )


async def _snooze(visit: Visit, case_id: str) -> None:
    days = visit.told("days")
    if days not in SNOOZE_DAYS:
        raise Invalid("how long it sleeps is to be chosen")
    until = visit.books.clock() + timedelta(days=int(days))
    await working.snooze(visit.graph, case_id, _asker(visit), until, "console")


async def _comment(visit: Visit, case_id: str) -> None:
    await working.comment(visit.graph, case_id, _asker(visit), _reason(visit))


async def _approve(visit: Visit, case_id: str) -> None:
    await deciding.approve(visit.graph, case_id, _asker(visit), agreed=True, reason="")
    await _tell_statuses(visit, case_id)


async def _refuse(visit: Visit, case_id: str) -> None:
    reason = _reason(visit)
    await deciding.approve(visit.graph, case_id, _asker(visit), agreed=False, reason=reason)


async def _appeal(visit: Visit, case_id: str) -> None:
    await deciding.appeal(visit.graph, case_id, _asker(visit), reason=_reason(visit), by=None)


async def _reopen(visit: Visit, case_id: str) -> None:
    await deciding.reopen(visit.graph, case_id, _asker(visit), reason=_reason(visit))


STEPS: Final[Mapping[str, Callable[[Visit, str], Awaitable[None]]]] = {
    "claim": _claim,
    "release": _release,
    "triage": _triage,
    "snooze": _snooze,
    "comment": _comment,
    "approve": _approve,
    "refuse": _refuse,
    "appeal": _appeal,
    "reopen": _reopen,
}


async def take(visit: Visit, case_id: str, step: str) -> None:
    """Take a step as the form says. Raises Invalid, CaseNotFound, and as the step does."""
    if step not in STEPS:
        raise Invalid(f"there is no step {step}")
    await STEPS[step](visit, case_id)
