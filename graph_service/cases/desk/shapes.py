"""Which shapes do answers about cases have?"""

from typing import Any

from pydantic import Field

from graph_service.answers import Answer
from graph_service.cases.desk.deciding import Conclusion
from graph_service.cases.desk.stages import Stage, Step
from graph_service.cases.endpoints import RiskReason
from graph_service.holds.endpoints import HoldAnswer


class CaseDecision(Answer):
    """What was decided of a case."""

    conclusion: Conclusion
    typology: str | None
    reason: str
    actions: list[str | dict[str, Any]] = Field(description="as they were asked for")
    decided_by: str = Field(description="name and keyId of the API key")
    decided_at: str = Field(description="UTC")


class CaseProposal(Answer):
    """A decision that waits for a second person."""

    conclusion: Conclusion
    typology: str | None
    reason: str
    actions: list[str | dict[str, Any]]
    proposed_by: str = Field(description="name and keyId of the API key")


class CaseAnswer(Answer):
    """A case: something about members that a person is to judge."""

    case_id: str
    state: Stage
    open: bool = Field(description="whether somebody still has to judge it")
    code: str = Field(description="the rule that opened it, alert, or manual")
    reason: str = Field(description="why, in words")
    opened_by: str
    opened_at: str = Field(description="UTC")
    member_ids: list[str]
    alert_ids: list[str]
    kinds: list[str] = Field(description="of its alerts")
    amount_at_risk_minor: int = Field(description="that of its greatest alert")
    currency: str | None
    priority: int = Field(description="1 is the most urgent, 4 the least")
    due_at: str | None = Field(description="UTC")
    overdue: bool
    snoozed_until: str | None = Field(description="UTC; null: it does not sleep")
    assignee: str | None = Field(description="who works on it")
    typology: str | None
    version: int = Field(description="its ETag; grows with each step")
    decision: CaseDecision | None = Field(description="the last one; null: there is none yet")
    proposal: CaseProposal | None = Field(description="what waits for a second person")


class CaseFact(Answer):
    """Something that was recorded of a case."""

    type: str
    at: str = Field(description="UTC")
    seq: int | None = Field(description="its place in the log; null: it is not booked yet")
    data: dict[str, Any]


class CaseEvent(Answer):
    """A step that somebody took. hash: of this event and the one before."""

    number: int
    at: str = Field(description="UTC")
    actor: str
    step: Step
    before: dict[str, Any]
    after: dict[str, Any]
    detail: dict[str, Any]
    hash: str


class CaseFile(Answer):
    """A file that is kept with a case."""

    attachment_id: str
    name: str
    media_type: str
    bytes: int
    added_by: str
    added_at: str = Field(description="UTC")


class CaseLabel(Answer):
    """What a decision teaches of a member."""

    member_id: str
    label: str = Field(description="fraud or honest")
    weight: str = Field(description="decimal: 1 at the core of the case, else 0.3")


class CaseDetail(CaseAnswer):
    """A case with all that is known of it."""

    holds: list[HoldAnswer] = Field(description="placed with the case, also those that ended")
    reasons: list[RiskReason] = Field(description="of the latest score in its history")
    labels: list[CaseLabel] = Field(description="of the decision in force")
    attachments: list[CaseFile]
    history: list[CaseFact] = Field(description="facts of the log, oldest first; the latest 500")
    events: list[CaseEvent] = Field(description="steps, oldest first; the latest 200")


class CaseList(Answer):
    """A page of cases."""

    items: list[CaseAnswer]
    next_cursor: str | None


class EventList(Answer):
    """Steps of a case, the latest first."""

    items: list[CaseEvent]


class TrailAnswer(Answer):
    """Whether the record of a case is whole."""

    ok: bool
    events: int
    first_broken: int | None = Field(description="number of the first event that does not fit")


class SilenceAnswer(Answer):
    """A rule that is silent about a member."""

    snooze_id: str
    member_id: str
    code: str
    reason: str
    placed_by: str
    placed_at: str = Field(description="UTC")
    until: str = Field(description="UTC")


class SilenceList(Answer):
    """Rules that are silent about a member."""

    items: list[SilenceAnswer]
