"""Events over HTTP: taken in, listed when rejected, tried again."""

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any, Protocol, cast

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse
from pydantic_core import from_json

from graph_service.access.endpoints import requires
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
from graph_service.ingest.quarantine import list_rejected, read_rejected, remove_rejected
from graph_service.ingest.store import NothingStored
from graph_service.settings import Settings

MEDIA_TYPES = (
    "application/json",
    "application/cloudevents+json",
    "application/cloudevents-batch+json",
)
router = APIRouter(prefix="/v1/events", tags=["events"])


class AtomicRejected(Conflict):
    """An atomic request held a rejected event, so nothing was stored."""

    code = "atomic_rejected"


class EventStore(Protocol):
    """What takes events in and books what follows from them."""

    async def store(self, events: Sequence[object], *, atomic: bool = False) -> Receipt:
        """Store events as sent."""
        ...

    async def settle(self, batch: str = "", *, timeout_s: float) -> bool:
        """Wait until a batch is booked."""
        ...


def event_store(request: Request) -> EventStore:
    """The pipeline that the app opened."""
    return cast(EventStore, request.app.state.pipeline)


def settings_of(request: Request) -> Settings:
    """The app's settings."""
    return cast(Settings, request.app.state.settings)


Store = Annotated[EventStore, Depends(event_store)]
SettingsOfApp = Annotated[Settings, Depends(settings_of)]


@router.post(
    "",
    summary="Take in one event or an array of them",
    dependencies=[Depends(requires("events:write"))],
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {media: {"schema": {"type": "object"}} for media in MEDIA_TYPES},
        }
    },
)
async def post_events(
    request: Request,
    store: Store,
    settings: SettingsOfApp,
    *,
    atomic: Annotated[bool, Query(description="All or nothing: 409 if any is rejected")] = False,
    wait: Annotated[bool, Query(description="Answer when what is derived is done too")] = False,
) -> JSONResponse:
    """Store CloudEvents; the answer says of each, in the order sent, what became of it."""
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


@router.get("/rejected", summary="Events in quarantine", dependencies=[Depends(requires("read"))])
async def get_rejected(
    graph: GraphOfApp,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    cursor: str | None = None,
) -> dict[str, Any]:
    """Rejected events with their reasons, newest first; identifier values are tokens."""
    return await list_rejected(graph, limit=limit, cursor=cursor)


@router.post(
    "/rejected/{rejectedId}/replay",
    summary="Try a rejected event again",
    dependencies=[Depends(requires("events:write"))],
)
async def replay_rejected(
    rejectedId: str,  # noqa: N803
    graph: GraphOfApp,
    store: Store,
) -> dict[str, object]:
    """Store the event as it is kept; it leaves the quarantine if it is taken now."""
    content = await read_rejected(graph, rejectedId)
    outcome = (await store.store([content])).outcomes[0]
    if outcome.status != "rejected":
        await remove_rejected(graph, rejectedId)
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
