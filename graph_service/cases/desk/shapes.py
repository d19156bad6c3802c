"""Which shapes do answers about cases have, and what may be asked of them?"""

from datetime import datetime
from typing import Annotated, Any, Final, Literal, Self, get_args

from pydantic import (
    AfterValidator,
    AwareDatetime,
    Discriminator,
    Field,
    Tag,
    model_validator,
)

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
ActionWord = Literal[
    "freeze", "unfreeze", "reverse_commissions", "restore_commissions", "lift_holds"
]
WORDS: Final[tuple[ActionWord, ...]] = get_args(ActionWord)


def _or_null(given: str | None) -> str | None:
    return given or None


Typology = Annotated[Word | Literal[""] | None, AfterValidator(_or_null)]


class CaseDecision(Answer):
    """What was decided of a case."""

    conclusion: Conclusion
    typology: str | None
    reason: str
    actions: list[str | dict[str, Any]] = Field(description="as they were understood")
    decided_by: str = Field(description="name and keyId of the API key")
    approved_by: str | None = Field(description="the second person, where one had to agree")
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
    assignee: str | None = Field(description="who works on it, or for whom it is meant")
    claimed_by: str | None = Field(
        description="who keeps others off it (name and keyId of the API key); null: nobody does"
    )
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
        None,
        description="name or keyId of somebody with an API key, whose it is then; any other word is"
        " a note; null: nobody; absent: whoever asks, if nobody else took it",
    )


class TriageGiven(Asked):
    """How urgent a case is."""

    priority: Annotated[int, Field(ge=1, le=4, strict=True)] = Field(
        description="1 is due in 4 hours, 2 in 24, 3 in 72, 4 in 120"
    )
    typology: Typology = Field(None, description="empty: null")
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
    """Something to do when the case is decided, as an object; its name alone is enough."""

    type: ActionWord | None = Field(None, description="what to do; lift_holds: unfreeze")
    action: ActionWord | None = Field(None, description="another name of type")
    kind: ActionWord | None = Field(None, description="another name of type")
    scope: Scope = Field("payout", description="of a freeze or unfreeze")
    member_ids: list[Id] = Field(
        default_factory=list[str], max_length=IDS_MAX, description="none: all of the case"
    )
    member_id: Id | None = Field(None, description="one of them")
    order_ids: list[Id] = Field(
        default_factory=list[str], max_length=IDS_MAX, description="none: all of the alerts"
    )
    reason_code: Word = "case_confirmed"
    expires_at: AwareDatetime | None = Field(None, description="null: until another decision")
    shadow: Annotated[bool, Field(strict=True)] = Field(
        default=False, description="true: only record what it would have done"
    )
    reason: ReasonText | None = Field(None, description="why, in words; null: as the decision")

    @property
    def name(self) -> ActionName:
        """What is to be done."""
        word = self.type or self.action or self.kind
        return "unfreeze" if word in (None, LIFT_HOLDS) else word

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        words = {self.type, self.action, self.kind} - {None}
        if len(words) != 1:
            raise ValueError(f"type: one of {', '.join(WORDS)} is needed")
        if self.expires_at is not None and (self.name != "freeze" or self.scope == "order"):
            raise ValueError("expiresAt: only a freeze of payouts or accounts ends by itself")
        return self

    def meant(self, now: datetime) -> Action:
        """What is meant. Raises Invalid where it would end before it begins."""
        one = [] if self.member_id is None else [self.member_id]
        return Action(
            self.name,
            self.scope,
            tuple(sorted({*self.member_ids, *one})),
            tuple(sorted(set(self.order_ids))),
            self.reason_code,
            fresh_expiry(self.expires_at, now),
            self.shadow,
            self.reason,
        )


def _shape_of(given: object) -> str | None:
    """Which of the shapes of an action it is meant to have."""
    if isinstance(given, str):
        return "word" if given in WORDS else None
    return "object" if isinstance(given, dict | ActionGiven) else None


ActionAsked = Annotated[
    Annotated[ActionWord, Tag("word")] | Annotated[ActionGiven, Tag("object")],
    Discriminator(
        _shape_of,
        custom_error_type="action_unknown",
        custom_error_message=f"an action is a word ({', '.join(WORDS)}) or an object with"
        f" {', '.join(str(one.alias) for one in ActionGiven.model_fields.values())}",
    ),
]


class DecisionGiven(Asked):
    """What somebody decides of a case."""

    conclusion: Conclusion
    typology: Typology = Field(None, description="what kind of fraud it is; empty: null")
    reason: ReasonText
    actions: list[ActionAsked] = Field(
        default_factory=list[ActionAsked],
        max_length=ACTIONS_MAX,
        description="each an object, or its type alone; lift_holds: an unfreeze of all",
    )
    core_member_ids: list[Id] = Field(
        default_factory=list[str],
        max_length=IDS_MAX,
        description="whom the case is about most; labels of others weigh 0.3. None: all",
    )

    def decision(self, now: datetime) -> Decision:
        """What is meant."""
        texts = {_text(one, now) for one in self.actions}
        core = tuple(sorted(set(self.core_member_ids)))
        return Decision(self.conclusion, self.reason, self.typology, tuple(sorted(texts)), core)


def _text(asked: ActionGiven | ActionWord, now: datetime) -> str:
    """An action as it is kept; lift_holds stays that word."""
    if asked == LIFT_HOLDS:
        return LIFT_HOLDS
    given = ActionGiven.model_validate({"type": asked}) if isinstance(asked, str) else asked
    return given.meant(now).text()


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
