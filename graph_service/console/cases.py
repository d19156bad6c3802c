"""What the console asks of cases. All that it knows of the room of cases stands here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast, get_args

from graph_service.cases.deciding import (
    STATES,
    ActionName,
    Conclusion,
    Decision,
    decide_case,
    list_cases,
    read_case,
)
from graph_service.cases.of_alerts import cases_of_alerts
from graph_service.console.visiting import PAGE_ITEMS, Visit
from graph_service.errors import Invalid
from graph_service.fraud.detectors.kinds import Kind
from graph_service.holds.endpoints import REASON_CHARACTERS_MAX, signature

CONCLUSIONS: tuple[Conclusion, ...] = get_args(Conclusion)
ACTIONS: tuple[ActionName, ...] = get_args(ActionName)
TYPOLOGIES: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True)
class CaseFilter:
    """Which cases are wanted."""

    state: str = ""
    member_id: str = ""


async def cases_page(
    visit: Visit, wanted: CaseFilter, cursor: str | None
) -> tuple[list[dict[str, Any]], str | None]:
    """One page of cases as the inbox shows them, and the next page's cursor."""
    state = wanted.state if wanted.state in STATES else None
    items, following = await list_cases(
        visit.graph,
        state=state,
        member_id=wanted.member_id or None,
        limit=PAGE_ITEMS,
        cursor=cursor,
    )
    return [case_row(one) for one in items], following


async def whole_case(visit: Visit, case_id: str) -> dict[str, Any]:
    """A case with all that is known of it, as its page shows it. Raises CaseNotFound."""
    told = await read_case(visit.graph, case_id, visit.books.clock())
    return {
        **case_row(told),
        "holds": told["holds"],
        "reasons": told["reasons"],
        "history": [_event(one) for one in told["history"]],
        "decision": told["decision"],
        "alertIds": alert_ids_of(told),
        "comments": told.get("comments", []),
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
    """A case as lists show it; None where the room of cases does not say."""
    also = ("priority", "dueAt", "overdue", "assignee", "kind", "amountAtRiskMinor", "currency")
    return {
        **{name: told.get(name) for name in also},
        **{name: told[name] for name in ("caseId", "state", "code", "reason", "openedAt")},
        "openedBy": told["openedBy"],
        "memberIds": told["memberIds"],
        "isOpen": told["state"] != "closed",
    }


def alert_ids_of(told: Mapping[str, Any]) -> list[str]:
    """The alerts that a case came from, in order, each once."""
    named: list[str] = list(told.get("alertIds", []))
    opened = [one["data"] for one in told["history"] if one["type"] == "case.opened"]
    named += [data["alertId"] for data in opened if "alertId" in data]
    named += [one["value"] for one in told["reasons"] if one["feature"] == "alert"]
    return list(dict.fromkeys(one for one in named if one))


async def cases_by_alert(visit: Visit, alert_ids: Sequence[str]) -> dict[str, str]:
    """By alert the case that it is in."""
    return await cases_of_alerts(visit.graph, alert_ids)


async def decide(visit: Visit, case_id: str) -> None:
    """Decide a case as the form says. Raises Invalid, CaseNotFound, CaseDecided."""
    conclusion, typology = visit.told("conclusion"), visit.told("typology")
    reason, actions = visit.told("reason"), visit.form.get("actions", [])
    if conclusion not in CONCLUSIONS:
        raise Invalid("a conclusion is to be chosen")
    if typology and typology not in TYPOLOGIES:
        raise Invalid(f"there is no kind {typology}")
    if not reason or len(reason) > REASON_CHARACTERS_MAX:
        raise Invalid(f"a reason is needed, of at most {REASON_CHARACTERS_MAX} characters")
    if unknown := set(actions) - set(ACTIONS):
        raise Invalid(f"there is no action {min(unknown)}")
    decision = Decision(
        conclusion=conclusion,
        reason=reason,
        typology=typology or None,
        actions=tuple(sorted(set(cast("list[ActionName]", actions)))),
    )
    await decide_case(visit.graph, case_id, decision, signature(visit.key), visit.books.clock())
