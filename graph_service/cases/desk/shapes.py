"""Which shapes do answers about cases have, and what may be asked of them?"""

from datetime import datetime
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AwareDatetime, Field, model_validator

from graph_service.answers import Answer, Asked
from graph_service.cases.actions import LIFT_HOLDS, Action, ActionName, Scope, fresh_expiry
from graph_service.cases.desk.deciding import Decision
from graph_service.cases.desk.stages import Stage, Step
from graph_service.cases.effects.shapes import CaseEffect
from graph_service.cases.endpoints import RiskReason
from graph_service.holds.endpoints import HoldAnswer, ReasonText
from graph_service.ingest.envelope import Id, Word
from graph_service.verdicts import Conclusion

IDS_MAX: Final = 2_000
ALERTS_MAX: Final = 100
ACTIONS_MAX: Final = 20
# A file of 1 MiB as base64.
CONTENT_CHARACTERS_MAX: Final = 1_400_000


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
    effect: CaseEffect | None = Field(None, description="of its decision; told by GET alone")


class CaseList(Answer):
    """A page of cases."""

    items: list[CaseAnswer]
    next_cursor: str | None


class CaseWanted(Asked):
    """A case to open about alerts."""

    alert_ids: list[Id] = Field(min_length=1, max_length=ALERTS_MAX)
    reason: ReasonText = Field("opened by hand", description="why, in words")


class AssignmentGiven(Asked):
    """Who works on a case."""

    assignee: Annotated[str, Field(strict=True, min_length=1, max_length=200)] | None = Field(
        None, description="null: nobody; absent: whoever asks, if nobody else does"
    )


class TriageGiven(Asked):
    """How urgent a case is."""

    priority: Annotated[int, Field(ge=1, le=4, strict=True)] = Field(
        description="1 is due in 4 hours, 2 in 24, 3 in 72, 4 in 120"
    )
    typology: Word | None = None
    note: str = Field("", strict=True, max_length=1_000)


class SnoozeGiven(Asked):
    """Until when a case sleeps."""

    until: AwareDatetime | None = Field(None, description="null: it is woken")
    reason: ReasonText


class CommentGiven(Asked):
    """Something to say about a case."""

    text: ReasonText


class AttachmentGiven(Asked):
    """A file to keep with a case."""

    name: Annotated[str, Field(strict=True, min_length=1, max_length=200)]
    media_type: Annotated[str, Field(strict=True, max_length=100, pattern=r"^[\w.+-]+/[\w.+-]+$")]
    content: str = Field(
        strict=True, max_length=CONTENT_CHARACTERS_MAX, description="base64, at most 1 MiB"
    )


class ActionGiven(Asked):
    """Something to do when the case is decided."""

    type: ActionName
    scope: Scope = Field("payout", description="of a freeze or unfreeze")
    member_ids: list[Id] = Field(
        default_factory=list[str], max_length=IDS_MAX, description="none: all of the case"
    )
    order_ids: list[Id] = Field(
        default_factory=list[str], max_length=IDS_MAX, description="none: all of the alerts"
    )
    reason_code: Word = "case_confirmed"
    expires_at: AwareDatetime | None = Field(None, description="null: until another decision")
    shadow: Annotated[bool, Field(strict=True)] = Field(
        default=False, description="true: only record what it would have done"
    )

    @model_validator(mode="after")
    def _ends(self) -> Self:
        if self.expires_at is not None and (self.type != "freeze" or self.scope == "order"):
            raise ValueError("expiresAt: only a freeze of payouts or accounts ends by itself")
        return self

    def action(self, now: datetime) -> Action:
        """What is meant. Raises Invalid where it would end before it begins."""
        return Action(
            self.type,
            self.scope,
            tuple(sorted(set(self.member_ids))),
            tuple(sorted(set(self.order_ids))),
            self.reason_code,
            fresh_expiry(self.expires_at, now),
            self.shadow,
        )


class DecisionGiven(Asked):
    """What somebody decides of a case."""

    conclusion: Conclusion
    typology: Word | None = Field(None, description="what kind of fraud it is")
    reason: ReasonText
    actions: list[ActionGiven | Literal["lift_holds"]] = Field(
        default_factory=list[ActionGiven | Literal["lift_holds"]],
        max_length=ACTIONS_MAX,
        description="lift_holds: an unfreeze of all",
    )
    core_member_ids: list[Id] = Field(
        default_factory=list[str],
        max_length=IDS_MAX,
        description="whom the case is about most; labels of others weigh 0.3. None: all",
    )

    def decision(self, now: datetime) -> Decision:
        """What is meant."""
        texts = {
            LIFT_HOLDS if isinstance(one, str) else one.action(now).text() for one in self.actions
        }
        core = tuple(sorted(set(self.core_member_ids)))
        return Decision(self.conclusion, self.reason, self.typology, tuple(sorted(texts)), core)


class ApprovalGiven(Asked):
    """Whether a second person agrees."""

    approve: Annotated[bool, Field(strict=True)] = True
    reason: str = Field("", strict=True, max_length=1_000)


class AppealGiven(Asked):
    """An objection to a decision."""

    reason: ReasonText
    by: str | None = Field(None, strict=True, max_length=200, description="who objects")


class ReopenGiven(Asked):
    """Why a case is looked at again."""

    reason: ReasonText
