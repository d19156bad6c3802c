"""What does the form of a decision say, and what would it do to the ledger?"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, get_args

from pydantic import ValidationError

from graph_service.access.people import signature
from graph_service.case_reports.effects import actions_of, read_effect, reverses
from graph_service.cases.actions import CONFIRMS, ActionName, Scope
from graph_service.cases.desk import deciding
from graph_service.cases.desk.deciding import Decision, FourEyes
from graph_service.cases.desk.endpoints import tell_statuses
from graph_service.cases.desk.shapes import DecisionGiven
from graph_service.cases.desk.working import Asker
from graph_service.cases.reading import read_case
from graph_service.console.visiting import Visit, zone_of
from graph_service.errors import Conflict, Invalid
from graph_service.fraud.detectors.kinds import Kind
from graph_service.holds.endpoints import REASON_CHARACTERS_MAX
from graph_service.ingest.facts import canonical, digest
from graph_service.verdicts import Conclusion

# The two words of the first contract mean the same as two of these.
CONCLUSIONS: Final[tuple[Conclusion, ...]] = (
    "confirmed_fraud",
    "policy_abuse",
    "false_positive",
    "inconclusive",
)
ACTIONS: Final[tuple[ActionName, ...]] = get_args(ActionName)
SCOPES: Final[tuple[Scope, ...]] = get_args(Scope)
TYPOLOGIES: Final[tuple[Kind, ...]] = get_args(Kind)
OF_MEMBERS: Final = ("freeze", "unfreeze")
FAULTS_TOLD: Final = 5


class EffectUnseen(Conflict):
    """Commissions are taken back only by who saw what the ledger would book."""

    code = "effect_unseen"


def asker_of(visit: Visit) -> Asker:
    """Who is here, for the version of the case that the form was made for. Raises Invalid."""
    version = visit.told("version")
    if not version.isascii() or not version.isdigit() or len(version) > 15:
        raise Invalid("the form does not say which version of the case it is about")
    admin = visit.key.allows("admin")
    return Asker(signature(visit.key), visit.books.clock(), int(version), admin=admin)


def reason_of(visit: Visit) -> str:
    """The reason in the form. Raises Invalid where there is none."""
    reason = visit.told("reason")
    if not reason or len(reason) > REASON_CHARACTERS_MAX:
        raise Invalid(f"a reason is needed, of at most {REASON_CHARACTERS_MAX} characters")
    return reason


def decision_of_form(visit: Visit, reason: str) -> Decision:
    """What the form says is decided. Raises Invalid."""
    conclusion, typology = visit.told("conclusion"), visit.told("typology")
    named = visit.form.get("actions", [])
    if conclusion not in CONCLUSIONS:
        raise Invalid("a conclusion is to be chosen")
    if typology and typology not in TYPOLOGIES:
        raise Invalid(f"there is no kind {typology}")
    if unknown := set(named) - set(ACTIONS):
        raise Invalid(f"there is no action {min(unknown)}")
    body = {
        "conclusion": conclusion,
        "typology": typology or None,
        "reason": reason,
        "actions": [_action(visit, one) for one in sorted(_meant(visit, conclusion))],
    }
    try:
        return DecisionGiven.model_validate(body).decision(visit.books.clock())
    except ValidationError as fault:
        told = [f"{one['loc'][-1]}: {one['msg']}" for one in fault.errors()[:FAULTS_TOLD]]
        raise Invalid("; ".join(told)) from fault


def _meant(visit: Visit, conclusion: Conclusion) -> set[str]:
    """The actions that are meant: how and whom to freeze is also said of what a confirmed fraud

    freezes by itself. Raises Invalid where it is said of nothing.
    """
    named = set(visit.form.get("actions", []))
    whom = visit.told("expires") or visit.form.get("members", [""]) != [""]
    is_said = bool(whom) or visit.told("scope", "payout") != "payout"
    if named & set(OF_MEMBERS):
        return named
    if conclusion in CONFIRMS and (is_said or visit.told("shadow") == "1"):
        return named | {"freeze"}
    if is_said:
        raise Invalid("how and whom to freeze is said of no action", code="choices_unused")
    return named


def _action(visit: Visit, name: str) -> dict[str, Any]:
    said: dict[str, Any] = {"type": name, "shadow": visit.told("shadow") == "1"}
    if name not in OF_MEMBERS:
        return said
    scope = visit.told("scope", "payout")
    said["scope"] = scope
    if scope != "order":
        said["memberIds"] = [
            one.strip()
            for told in visit.form.get("members", [])
            for one in told.splitlines()
            if one.strip()
        ]
    if name == "freeze":
        said["reasonCode"] = visit.told("reason_code") or "case_confirmed"
        said["expiresAt"] = _moment(visit, visit.told("expires"))
    return said


def _moment(visit: Visit, told: str) -> datetime | None:
    """A local time of a form. Raises Invalid."""
    if not told:
        return None
    try:
        return datetime.fromisoformat(told).replace(tzinfo=zone_of(visit.request))
    except ValueError as fault:
        raise Invalid(f"{told} is no date with a time") from fault


async def effect_of_form(visit: Visit, case_id: str) -> dict[str, Any]:
    """What the ledger would book if the form's decision were in force, with what says that it

    was seen. Raises Invalid, CaseNotFound.
    """
    decision = decision_of_form(visit, visit.told("reason") or "-")
    return await effect_of_decision(visit, case_id, decision)


async def effect_of_decision(visit: Visit, case_id: str, decision: Decision) -> dict[str, Any]:
    """What the ledger would book if this were decided now. Raises CaseNotFound."""
    books, actions = visit.books, actions_of(decision)
    effect = await read_effect(visit.graph, case_id, books.plans, books.clock, actions)
    return {**effect, "seen": _seen(effect, decision)}


def _seen(effect: Mapping[str, Any], decision: Decision) -> str:
    return digest(canonical([effect["lines"], effect["orders"], *decision.actions]))


async def decide(visit: Visit, case_id: str) -> None:
    """Decide a case as the form says. Raises Invalid, CaseNotFound, EffectUnseen where it takes

    commissions back and who decides did not see what that does, and as decisions do.
    """
    decision = decision_of_form(visit, reason_of(visit))
    if any(reverses(one) and not one.shadow for one in actions_of(decision)):
        effect = await effect_of_decision(visit, case_id, decision)
        if visit.told("seen") != effect["seen"]:
            raise EffectUnseen("look at what the ledger would book, then record the decision")
    await deciding.decide_case(visit.graph, case_id, decision, asker_of(visit), _limits(visit))
    await tell_of(visit, case_id)


async def tell_of(visit: Visit, case_id: str) -> None:
    """Let accounts have the status that the decision of the case gave them."""
    await tell_statuses(visit.store, await read_case(visit.graph, case_id, visit.books.clock()))


def _limits(visit: Visit) -> FourEyes:
    settings = visit.settings
    return FourEyes(settings.four_eyes_accounts, settings.four_eyes_amount_minor)
