"""The shapes of answers about payouts."""

from typing import Literal

from pydantic import Field

from graph_service.answers import Answer
from graph_service.payouts.requests import State
from graph_service.payouts.rules import Decision


class PayoutBalance(Answer):
    """What the member's entries come to, of all time (minor units); the first five add up to it."""

    pending_minor: int = Field(description="not released yet")
    released_minor: int = Field(description="free to be paid; below 0 it is owed")
    held_minor: int = Field(description="would be released, but a hold on the person is in force")
    reserved_minor: int = Field(description="asked for, not settled yet")
    paid_minor: int = Field(description="paid out")
    negative_minor: int = Field(description="what is owed and carried: 0, or minus released")


class PayoutReason(Answer):
    """A rule that spoke."""

    code: str = Field(description="which rule; the same in every language")
    decision: Literal["review", "deny"] = Field(description="what follows from it alone")
    text: str = Field(description="in the language of ?lang= or Accept-Language, else Chinese")
    text_zh: str
    text_en: str


class PayoutHold(Answer):
    """A hold in force on an account of the person."""

    hold_id: str
    member_id: str = Field(description="the account that it is on")
    kind: str | None
    code: str | None
    reason: str | None
    case_id: str | None
    expires_at: str | None = Field(description="when it ends by itself (UTC)")


class PayoutVerdict(Answer):
    """Whether a payout may be made, and every rule that spoke."""

    decision: Decision
    member_id: str
    person_id: str | None = Field(description="whose accounts count together; null: this one alone")
    amount_minor: int
    currency: str
    reasons: list[PayoutReason] = Field(description="empty where no rule spoke")
    holds: list[PayoutHold]
    balance: PayoutBalance
    behind_facts: int = Field(description="facts that are stored and not counted yet")
    rules_version: str


class PayoutStep(Answer):
    """A step of a payout."""

    state: State
    at: str = Field(description="UTC")
    by: str = Field(description="keyId of who did it, or the command")
    codes: list[str] = Field(description="rules that spoke then")
    reason: str | None
    batch_id: str | None = None
    channel: str | None = None
    file: str | None = None
    bank_reference: str | None = None


class Payout(Answer):
    """A payout and how it came to be where it is."""

    payout_id: str
    member_id: str
    amount_minor: int
    currency: str
    state: State
    account: str | None = Field(description="the caller's reference to the payee's account")
    created_at: str | None = Field(description="UTC")
    rules_version: str = Field(description="the rules that decided last")
    batch_id: str | None
    bank_reference: str | None
    history: list[PayoutStep]


class PayoutList(Answer):
    """A page of payouts, newest first."""

    items: list[Payout]
    next_cursor: str | None


class BatchSent(Answer):
    """A file for the bank."""

    batch_id: str
    file: str
    currency: str
    count: int = Field(description="payouts in it")
    total_minor: int
    created_at: str = Field(description="UTC")


class PayoutStopped(Answer):
    """An approved payout that rules do not let go by now."""

    payout_id: str
    member_id: str
    state: Literal["approved", "requested"] = Field(
        description="approved: it stays so and waits; requested: a person must look at it"
    )
    codes: list[str]


class PayoutsSent(Answer):
    """What was sent."""

    batches: list[BatchSent]
    stopped: list[PayoutStopped]


class Difference(Answer):
    """A row of a result file that does not fit what was sent or what the bank said before."""

    line: int
    code: str
    payout_id: str | None


class FileReconciled(Answer):
    """What followed from a result file."""

    file: str
    rows: int
    settled: int
    failed: int
    returned: int
    unchanged: int = Field(description="rows that were stored before")
    differing: int
    differences: list[Difference] = Field(description="at most 500; all are kept in the graph")
    fault: str | None = Field(description="why the file cannot be read; it stays in the inbox")


class PayoutsReconciled(Answer):
    """What followed from result files."""

    files: list[FileReconciled]
