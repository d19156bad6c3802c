"""From what was sent to a fact that can be stored, or to a rejection with its reason."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Literal, cast

from pydantic import BaseModel, ValidationError

from graph_service.ids import fact_key
from graph_service.ingest.envelope import DATA, OWN_EVENTS, Envelope, ReferralBound, shown
from graph_service.ingest.tokens import (
    Tokeniser,
    is_nobodys,
    tokens_in,
    without_personal,
    without_tokens,
)

DIGEST_HEX_DIGITS = 32
DETAIL_CHARACTERS_MAX = 1_000
# No source from outside holds a control character.
OWN_SOURCE = "\tgraph-service"
# Facts that say who a member is, and those that may say so beside what they are for.
WHO_TYPES = frozenset({"identity.observed", "account.linked", "visitor.identified"})
PERSONAL_TYPES = WHO_TYPES | {"order.paid", "feedback.given"}
Status = Literal["accepted", "duplicate", "rejected"]


@dataclass(frozen=True)
class Problem:
    """Why an event was rejected. status: what a request for it alone would mean in HTTP."""

    code: str
    detail: str
    status: int = 409

    def body(self) -> dict[str, object]:
        """The problem in the form of RFC 9457."""
        return {
            "type": f"urn:graph-service:problem:{self.code}",
            "title": self.code.replace("_", " ").capitalize(),
            "status": self.status,
            "code": self.code,
            "detail": self.detail,
        }


@dataclass(frozen=True)
class Fact:
    """A valid event, its identifier values already tokens.

    at: the time as text (RFC 3339, UTC), as queries take it. data: the event's data as sent,
    without nulls. digest: of type, instant and data.
    position: its place among the events sent together. former_digests: what the digest would be
    with tokens from before a rotation. renewed: those tokens, each with the one it is now.
    is_of_erased: is the member erased? Then data are without what is personal, digests are not.
    """

    key: str
    source: str
    event_id: str
    type: str
    time: datetime
    at: str
    data: Mapping[str, Any]
    digest: str
    position: int
    former_digests: tuple[str, ...] = ()
    renewed: tuple[tuple[str, str], ...] = ()
    is_of_erased: bool = False

    def repeats(self, known_digest: str | None) -> bool:
        """Is this what is stored with that digest, be it before a rotation of the pepper?"""
        return known_digest == self.digest or known_digest in self.former_digests

    @property
    def active_member_id(self) -> str | None:
        """The member whose own doing this is, if it is one's."""
        return self.data.get("memberId") if self.type in OWN_EVENTS else None


@dataclass(frozen=True)
class Rejection:
    """An event that was not taken, with its redacted content for the quarantine."""

    position: int
    source: str | None
    event_id: str | None
    type: str | None
    problem: Problem
    content: str

    def row(self) -> dict[str, Any]:
        """The rejection as the quarantine keeps it, once whatever is sent again."""
        return {
            "rejectedId": digest(f"{self.problem.code} {self.content}"),
            "source": self.source,
            "eventId": self.event_id,
            "type": self.type,
            "code": self.problem.code,
            "detail": self.problem.detail,
            "status": self.problem.status,
            "content": self.content,
        }


@dataclass(frozen=True)
class Outcome:
    """What became of one event."""

    source: str | None
    event_id: str | None
    status: Status
    problem: Problem | None = None

    def body(self) -> dict[str, object]:
        """The outcome as the HTTP contract has it."""
        answer: dict[str, object] = {
            "id": self.event_id,
            "source": self.source,
            "status": self.status,
        }
        return answer if self.problem is None else {**answer, "problem": self.problem.body()}


@dataclass(frozen=True)
class Receipt:
    """What became of events sent together, in the order sent."""

    outcomes: tuple[Outcome, ...]
    batch: str = field(default="", compare=False)

    def count(self, status: Status) -> int:
        """How many events ended in this status."""
        return sum(outcome.status == status for outcome in self.outcomes)


def parse_event(raw: object, position: int, tokeniser: Tokeniser) -> Fact | Rejection:
    """A fact if the event keeps its contract, else a rejection that says what is wrong."""
    try:
        envelope = Envelope.model_validate(raw)
    except ValidationError as fault:
        return rejection_of(raw, position, _invalid(fault), tokeniser)
    model = DATA.get(envelope.type)
    if model is None:
        problem = Problem("unknown_type", "no event of this type is known", 422)
        return rejection_of(raw, position, problem, tokeniser)
    try:
        parsed = model.model_validate(envelope.data)
    except ValidationError as fault:
        return rejection_of(raw, position, _invalid(fault, "data"), tokeniser)
    if _ends_before_it_begins(parsed, envelope.time):
        problem = Problem("invalid_event", "data.expiresAt: is not later than the event", 422)
        return rejection_of(raw, position, problem, tokeniser)
    data = parsed.model_dump(mode="json", by_alias=True, exclude_none=True)
    try:
        fact = make_fact(envelope, tokeniser.tokenised(envelope.type, data), position)
        return with_former_tokens(fact, data, tokeniser) if tokeniser.former else fact
    except ValueError:
        problem = Problem("invalid_event", "data: holds a number that is not finite", 422)
        return rejection_of(raw, position, problem, tokeniser)


def make_fact(envelope: Envelope, data: Mapping[str, Any], position: int) -> Fact:
    """A fact of data whose identifier values are tokens already."""
    at = envelope.time.isoformat()
    return fact_of(envelope, at, data, digest(canonical([envelope.type, at, data])), position)


def with_former_tokens(fact: Fact, data: dict[str, Any], tokeniser: Tokeniser) -> Fact:
    """The fact with what it would have been before each rotation. data: with the raw values."""
    tokens = tokens_in(fact.type, fact.data)
    if not tokens:
        return fact
    digests: list[str] = []
    renewed: dict[str, str] = {}
    for one in tokeniser.formerly():
        formerly = one.tokenised(fact.type, data)
        digests.append(digest(canonical([fact.type, fact.at, formerly])))
        pairs = zip(tokens_in(fact.type, formerly), tokens, strict=True)
        renewed |= {old: new for old, new in pairs if old != new and not is_nobodys(new)}
    return replace(fact, former_digests=tuple(digests), renewed=tuple(sorted(renewed.items())))


def fact_of(
    envelope: Envelope, at: str, data: Mapping[str, Any], content_digest: str, position: int
) -> Fact:
    """A fact whose digest is known. at: the envelope's time as text."""
    return Fact(
        key=fact_key(envelope.source, envelope.id),
        source=envelope.source,
        event_id=envelope.id,
        type=envelope.type,
        time=envelope.time,
        at=at,
        data=data,
        digest=content_digest,
        position=position,
    )


def own_fact(
    event_type: str, event_id: str, time: datetime, data: Mapping[str, Any], position: int = 0
) -> Fact:
    """A fact of the service itself, such as plan.activated; no event from outside has its source.

    event_id: says what was done, so that the same is recorded once. data: without nulls.
    """
    at = time.astimezone(UTC).isoformat()
    return Fact(
        key=fact_key(OWN_SOURCE, event_id),
        source=OWN_SOURCE,
        event_id=event_id,
        type=event_type,
        time=time,
        at=at,
        data=data,
        digest=digest(canonical([event_type, at, data])),
        position=position,
    )


def canonical(content: object) -> str:
    """One spelling of JSON content: keys sorted, no spaces. Raises ValueError on NaN or inf."""
    return json.dumps(
        content, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
    )


def digest(content: str | bytes) -> str:
    """128 bits of SHA-256 in hex."""
    encoded = content.encode("utf-8", "replace") if isinstance(content, str) else content
    return hashlib.sha256(encoded).hexdigest()[:DIGEST_HEX_DIGITS]


def reject_fact(fact: Fact, problem: Problem) -> Rejection:
    """The rejection of a fact that contradicts what is stored."""
    content = {
        "specversion": "1.0",
        "id": fact.event_id,
        "source": fact.source,
        "type": fact.type,
        "time": fact.at.replace("+00:00", "Z"),
        "data": dict(fact.data),
    }
    return Rejection(
        fact.position, fact.source, fact.event_id, fact.type, problem, canonical(content)
    )


def member_of(item: Fact | Rejection) -> str | None:
    """Whom something personal in this is of, where it names a member."""
    if isinstance(item, Fact):
        return item.data.get("memberId") if item.type in PERSONAL_TYPES else None
    if '"memberId":' not in item.content:
        return None
    data = json.loads(item.content).get("data")
    found = cast("dict[str, object]", data).get("memberId") if isinstance(data, dict) else None
    return found if isinstance(found, str) else None


def of_erased(item: Fact | Rejection) -> Fact | Rejection:
    """The same of a member that is erased. A repeat from before is still seen to be one."""
    if isinstance(item, Rejection):
        return replace(item, content=canonical(without_tokens(json.loads(item.content))))
    data = without_personal(item.type, item.data)
    return replace(item, data=data, renewed=(), is_of_erased=True)


def is_of_nobody_else(fact: Fact) -> bool:
    """Does the fact only say who an erased member is?"""
    return fact.is_of_erased and fact.type in WHO_TYPES


def rejection_of(raw: object, position: int, problem: Problem, tokeniser: Tokeniser) -> Rejection:
    """The rejection of something that is no fact."""
    fields = cast(dict[str, object], raw) if isinstance(raw, dict) else {}
    known = {
        name: value if isinstance(value := fields.get(name), str) else None
        for name in ("source", "id", "type")
    }
    text = canonical(tokeniser.redacted(cast(object, raw)))
    return Rejection(position, known["source"], known["id"], known["type"], problem, text)


def _invalid(fault: ValidationError, prefix: str = "") -> Problem:
    parts: list[str] = []
    for error in fault.errors(include_url=False, include_input=False, include_context=False):
        places = [str(one) for one in error["loc"]]
        if error["type"] == "extra_forbidden":
            places[-1] = shown(places[-1]).strip() or "a field"
        place = ".".join([prefix, *places] if prefix else places)
        parts.append(f"{place or 'event'}: {error['msg'].removeprefix('Value error, ')}")
    return Problem("invalid_event", "; ".join(parts)[:DETAIL_CHARACTERS_MAX], 422)


def _ends_before_it_begins(parsed: BaseModel, time: datetime) -> bool:
    expires_at = parsed.expires_at if isinstance(parsed, ReferralBound) else None
    return expires_at is not None and expires_at <= time
