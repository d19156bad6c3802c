"""What does the console ask of cases, to show them?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, get_args

from graph_service.access.people import is_among, signature
from graph_service.case_reports.wording import action_lines
from graph_service.cases.desk.inbox import cases_of_alerts
from graph_service.cases.desk.stages import STAGES, AnyState
from graph_service.cases.reading import Wanted, list_cases, read_case
from graph_service.cases.record.verifying import verify_trail
from graph_service.console.spelling import Speller
from graph_service.console.visiting import PAGE_ITEMS, Visit, zone_of

ANY_STATE: Final[tuple[AnyState, ...]] = get_args(AnyState)
STATES: Final[tuple[AnyState, ...]] = ("open", "closed", *STAGES)


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


async def brief_case(visit: Visit, case_id: str) -> dict[str, Any]:
    """A case as lists show it. Raises CaseNotFound."""
    return case_row(await read_case(visit.graph, case_id, visit.books.clock()))


async def whole_case(visit: Visit, case_id: str) -> dict[str, Any]:
    """A case with all that is known of it, as its page shows it. Raises CaseNotFound."""
    told = await read_case(visit.graph, case_id, visit.books.clock())
    claimed_by = told["claimedBy"]
    names = ("holds", "reasons", "decision", "proposal", "events", "attachments", "version")
    trail = await verify_trail(visit.graph, case_id)
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
        "trail": trail,
        "decided_lines": _lines(visit, told, "decision"),
        "proposed_lines": _lines(visit, told, "proposal"),
    }


def _lines(visit: Visit, told: Mapping[str, Any], what: str) -> list[dict[str, Any]]:
    """In words what a decision, or a proposal, does."""
    if told[what] is None:
        return []
    moment = Speller(visit.lang, zone_of(visit.request)).moment
    return action_lines(told[what], told["memberIds"], visit.lang, moment)


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
