"""A case as a page and as a PDF: who, why, how much, what was decided, and every step."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from graph_service.case_reports.paper import paper_of
from graph_service.case_reports.wording import action_lines
from graph_service.hypertext.rendering import render, room_words
from graph_service.plans.member import Lang, amount_text

MEMBERS_SHOWN, HOLDS_SHOWN = 2_000, 500
DASH: Final = "–"
Rows = list[tuple[str, str]]
Words = Mapping[str, Any]


def report_rows(case: dict[str, Any], lang: Lang) -> list[tuple[str, Rows]]:
    """The report as parts with a heading and rows of two cells each; parts without rows are not

    there. case: as it is told, with effect if its decision is to be told with what it changed.
    """
    words = room_words("case_reports")[lang]
    parts: list[tuple[str, Rows]] = [
        (words["facts"], _facts(case, words, lang)),
        (words["reasons"], [(one["feature"], one["text"]) for one in case["reasons"]]),
        (words["decision"], _decision(case, words, lang)),
        (words["booked"], _booked(case.get("effect"), words, lang)),
        (words["proposal"], _proposal(case, words, lang)),
        (words["comments"], _comments(case)),
        (words["attachments"], _files(case)),
        (words["holds"], _holds(case, words)),
        (words["trail"], _steps(case, words)),
    ]
    return [(heading, rows) for heading, rows in parts if rows]


def _facts(case: Mapping[str, Any], words: Words, lang: Lang) -> Rows:
    return [
        (words["case"], case["caseId"]),
        (words["state"], words["states"][case["state"]]),
        (words["kinds"], ", ".join(case["kinds"]) or DASH),
        (words["why"], case["reason"]),
        (words["opened"], f"{case['openedAt']} · {case['openedBy']}"),
        (words["priority"], f"{case['priority']} · {case['dueAt'] or DASH}"),
        (words["amount"], _amount(case, lang)),
        (words["members"], _listed(case["memberIds"], words)),
        (words["alerts"], _listed(case["alertIds"], words)),
    ]


def _listed(ids: Sequence[str], words: Words) -> str:
    more = len(ids) - MEMBERS_SHOWN
    shown = ", ".join(ids[:MEMBERS_SHOWN]) or DASH
    return f"{shown} {words['more'].format(count=more)}" if more > 0 else shown


def _decision(case: Mapping[str, Any], words: Words, lang: Lang) -> Rows:
    decision: Mapping[str, Any] | None = case["decision"]
    if decision is None:
        return [(words["conclusion"], DASH)]
    decided = f"{decision['decidedAt']} · {decision['decidedBy']}"
    return [*_judged(decision, case, words, lang), (words["decided"], decided)]


def _proposal(case: Mapping[str, Any], words: Words, lang: Lang) -> Rows:
    proposal: Mapping[str, Any] | None = case["proposal"]
    if proposal is None:
        return []
    return [*_judged(proposal, case, words, lang), (words["proposed"], proposal["proposedBy"])]


def _judged(decision: Mapping[str, Any], case: Mapping[str, Any], words: Words, lang: Lang) -> Rows:
    lines = [one["text"] for one in action_lines(decision, case["memberIds"], lang)]
    actions: Iterable[str] = lines or [words["actions_none"]]
    return [
        (words["conclusion"], words["conclusions"].get(decision["conclusion"], DASH)),
        (words["typology"], decision["typology"] or DASH),
        (words["reason"], decision["reason"] or DASH),
        *((words["actions_title"], one) for one in actions),
    ]


def _booked(effect: Mapping[str, Any] | None, words: Words, lang: Lang) -> Rows:
    """What the ledger booked because of the case, and which attributions are otherwise since."""
    if effect is None:
        return []
    rows = [] if effect["booked"] else [(words["booked_behind"], "")]
    if not effect["lines"]:
        return rows or [(words["booked_none"], "")]
    rows.append((words["booked_orders"], str(effect["orderCount"])))
    rows += [
        (
            f"{one['payeeId']} · {words['bases'].get(one['basis'], one['basis'])}",
            amount_text(one["amountMinor"], one["currency"], lang),
        )
        for one in effect["lines"]
    ]
    for one in effect["orders"]:
        for name in ("before", "after"):
            rows.append(
                (f"{one['orderId']} · {words[f'booked_{name}']}", _shares(one[name], words))
            )
    return rows


def _shares(told: Mapping[str, Any], words: Words) -> str:
    parts: list[str] = []
    for name in ("credits", "allowance"):
        shares = [f"{one['memberId']} {one['amountMinor']}" for one in told[name]]
        parts.append(words[f"booked_{name}"].format(told=", ".join(shares) or DASH))
    return " · ".join(parts)


def _comments(case: Mapping[str, Any]) -> Rows:
    said = [one for one in case["events"] if one["step"] == "commented"]
    return [(f"{one['at']} · {one['actor']}", one["detail"]["text"]) for one in said]


def _files(case: Mapping[str, Any]) -> Rows:
    return [(one["name"], f"{one['addedAt']} · {one['addedBy']}") for one in case["attachments"]]


def _holds(case: Mapping[str, Any], words: Words) -> Rows:
    rows = [
        (one["memberId"], f"{one['code']} · {one['placedAt']} → {one['liftedAt'] or DASH}")
        for one in case["holds"][:HOLDS_SHOWN]
    ]
    more = len(case["holds"]) - HOLDS_SHOWN
    return [*rows, (words["more"].format(count=more), "")] if more > 0 else rows


def _steps(case: Mapping[str, Any], words: Words) -> Rows:
    return [
        (f"{one['number']} · {one['at']}", f"{one['actor']}: {words['trail_steps'][one['step']]}")
        for one in case["events"]
    ]


def _amount(case: Mapping[str, Any], lang: Lang) -> str:
    currency: str | None = case["currency"]
    return DASH if currency is None else amount_text(case["amountAtRiskMinor"], currency, lang)


def report_page(case: dict[str, Any], lang: Lang) -> str:
    """The report as HTML."""
    return render("case_reports/report.html", lang, case=case, parts=report_rows(case, lang))


def report_pdf(case: dict[str, Any], lang: Lang) -> bytes:
    """The report as a PDF on A4."""
    words = room_words("case_reports")[lang]
    return paper_of(f"{words['title']} {case['caseId']}", report_rows(case, lang))
