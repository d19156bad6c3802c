"""Events over HTTP: taken in, listed when rejected, tried again."""

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any, Literal, Protocol, cast

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import JSONResponse
from pydantic import Field
from pydantic_core import from_json

from graph_service.access.endpoints import Requires
from graph_service.answers import Answer, Cursor, Limit, answers
from graph_service.errors import (
    Conflict,
    GraphTimeout,
    Invalid,
    Malformed,
    TooLarge,
    UnsupportedMedia,
)
from graph_service.graph.endpoints import GraphOfApp
from graph_service.ingest.facts import Receipt
from graph_service.ingest.quarantine import (
    RejectedNotFound,
    list_rejected,
    read_rejected,
    remove_rejected,
)
from graph_service.ingest.store import NothingStored
from graph_service.pages import CursorInvalid
from graph_service.settings import Settings

MEDIA_TYPES = (
    "application/json",
    "application/cloudevents+json",
    "application/cloudevents-batch+json",
)
router = APIRouter(prefix="/v1/events", tags=["events"])
EVENT = {"$ref": "#/components/schemas/Event"}
EVENTS = {"type": "array", "items": EVENT}
BODIES = ({"oneOf": [EVENT, EVENTS]}, EVENT, EVENTS)


class AtomicRejected(Conflict):
    """An atomic request held a rejected event, so nothing was stored."""

    code = "atomic_rejected"


class EventProblem(Answer):
    """Why an event was rejected."""

    type: str = Field(description="urn:graph-service:problem: and the code")
    title: str = Field(description="the code in words")
    status: int = Field(description="what a request for it alone would mean in HTTP")
    code: str = Field(description="stable reason, listed in docs/events.md")
    detail: str = Field(description="the reason in words")


class EventOutcome(Answer):
    """What became of one event."""

    id: str | None = Field(description="id of the event")
    source: str | None = Field(description="source of the event")
    status: Literal["accepted", "duplicate", "rejected"] = Field(description="what became of it")
    problem: EventProblem | None = Field(None, description="only if rejected: why")


class EventReceipt(Answer):
    """What became of the events of a request."""

    results: list[EventOutcome] = Field(description="one for each event, in the order sent")
    accepted: int = Field(description="how many were stored")
    duplicates: int = Field(description="how many were known already")
    rejected: int = Field(description="how many went to quarantine")


class RejectedEvent(Answer):
    """An event in quarantine."""

    rejected_id: str = Field(description="by which it is replayed")
    source: str | None = Field(description="source of the event, if it is text")
    id: str | None = Field(description="id of the event, if it is text")
    type: str | None = Field(description="type of the event, if it is text")
    code: str = Field(description="stable reason")
    detail: str = Field(description="the reason in words")
    rejected_at: str = Field(description="when it was first rejected (UTC)")
    event: dict[str, Any] = Field(description="the event; identifier values are tokens")


class RejectedEvents(Answer):
    """A page of the quarantine."""

    items: list[RejectedEvent] = Field(description="newest first")
    next_cursor: str | None = Field(description="cursor of the next page; null on the last")


class EventStore(Protocol):
    """What takes events in and books what follows from them."""

    async def store(self, events: Sequence[object], *, atomic: bool = False) -> Receipt:
        """Store events as sent."""
        ...

    async def settle(self, batch: str = "", *, timeout_s: float) -> bool:
        """Wait until a batch is booked."""
        ...


async def event_store(request: Request) -> EventStore:
    """The pipeline that the app opened."""
    return cast(EventStore, request.app.state.pipeline)


async def settings_of(request: Request) -> Settings:
    """The app's settings."""
    return cast(Settings, request.app.state.settings)


Store = Annotated[EventStore, Depends(event_store)]
SettingsOfApp = Annotated[Settings, Depends(settings_of)]
RejectedId = Annotated[str, Path(alias="rejectedId", description="rejectedId of the list")]


@router.post(
    "",
    summary="Take in one event or an array of them",
    dependencies=[Depends(Requires("events:write"))],
    responses=answers(EventReceipt, AtomicRejected, Invalid, UnsupportedMedia),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                media: {"schema": schema} for media, schema in zip(MEDIA_TYPES, BODIES, strict=True)
            },
        }
    },
)
async def post_events(
    request: Request,
    store: Store,
    settings: SettingsOfApp,
    *,
    atomic: Annotated[
        bool, Query(description="All or nothing: 409 with the fields below if any is rejected")
    ] = False,
    wait: Annotated[bool, Query(description="Answer when what is derived is done too")] = False,
) -> JSONResponse:
    """Store CloudEvents; the answer says of each, in the order sent, what became of it.

    At most GRAPH_SERVICE_BATCH_EVENTS_MAX events and GRAPH_SERVICE_BODY_BYTES_MAX bytes.
    """
    events = await _events(request, settings)
    try:
        receipt = await store.store(events, atomic=atomic)
    except NothingStored as fault:
        raise AtomicRejected(
            "an event was rejected, so nothing was stored", details=_body(fault.receipt)
        ) from fault
    if wait and not await store.settle(receipt.batch, timeout_s=settings.wait_timeout_s):
        raise GraphTimeout("the events are stored, but what is derived is not done yet")
    return JSONResponse(_body(receipt))


@router.get(
    "/rejected",
    summary="List the events in quarantine",
    dependencies=[Depends(Requires("read"))],
    responses=answers(RejectedEvents, CursorInvalid),
)
async def get_rejected(graph: GraphOfApp, limit: Limit, cursor: Cursor = None) -> dict[str, Any]:
    """Rejected events with their reasons, newest first; identifier values are tokens."""
    return await list_rejected(graph, limit=limit, cursor=cursor)


@router.post(
    "/rejected/{rejectedId}/replay",
    summary="Try a rejected event again",
    dependencies=[Depends(Requires("events:write"))],
    responses=answers(EventOutcome, RejectedNotFound),
)
async def replay_rejected(
    rejected_id: RejectedId, graph: GraphOfApp, store: Store
) -> dict[str, object]:
    """Store the event as it is kept; it leaves the quarantine if it is taken now."""
    content = await read_rejected(graph, rejected_id)
    outcome = (await store.store([content])).outcomes[0]
    if outcome.status != "rejected":
        await remove_rejected(graph, rejected_id)
    return outcome.body()


async def _events(request: Request, settings: Settings) -> list[object]:
    media, _, parameters = request.headers.get("content-type", "").partition(";")
    if media.strip().lower() not in MEDIA_TYPES:
        raise UnsupportedMedia(f"the body must be one of {', '.join(MEDIA_TYPES)}")
    charset = parameters.lower().partition("charset=")[2].strip(' ";')
    if charset not in ("", "utf-8", "utf8"):
        raise UnsupportedMedia("the body must be in UTF-8")
    body = await request.body()
    try:
        content = await asyncio.to_thread(from_json, body, allow_inf_nan=False)
    except ValueError as fault:
        raise Malformed(f"the body is not JSON in UTF-8: {fault}") from fault
    if isinstance(content, dict):
        return [cast(object, content)]
    if not isinstance(content, list):
        raise Invalid("the body must be one event or an array of events")
    events = cast(list[object], content)
    if len(events) > settings.batch_events_max:
        raise TooLarge(f"more than {settings.batch_events_max} events in one request")
    return events


def _body(receipt: Receipt) -> dict[str, object]:
    return {
        "results": [outcome.body() for outcome in receipt.outcomes],
        "accepted": receipt.count("accepted"),
        "duplicates": receipt.count("duplicate"),
        "rejected": receipt.count("rejected"),
    }
