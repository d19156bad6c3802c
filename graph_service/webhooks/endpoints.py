"""Webhooks over HTTP: made, changed and removed; deliveries listed and replayed."""

from typing import Annotated, Any, Literal, cast

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import Field

from graph_service.access.endpoints import Requires
from graph_service.answers import Answer, Asked, Cursor, Limit, answers
from graph_service.clock import to_micros
from graph_service.errors import Invalid
from graph_service.graph.endpoints import GraphOfApp
from graph_service.ingest.envelope import parse_time
from graph_service.pages import CursorInvalid
from graph_service.settings import Settings
from graph_service.webhooks.deliveries import (
    DeliveryNotFound,
    Status,
    TooManyDeliveries,
    WebhookDisabled,
    list_deliveries,
    ping_webhook,
    read_delivery,
    replay_deliveries,
    replay_delivery,
)
from graph_service.webhooks.messages import EVENTS, EventName
from graph_service.webhooks.sending import URL_CHARACTERS_MAX, UrlRefused, check_url
from graph_service.webhooks.subscriptions import (
    TooManyWebhooks,
    Wanted,
    Webhook,
    WebhookExists,
    WebhookNotFound,
    change_webhook,
    create_webhook,
    list_webhooks,
    millis_of,
    read_webhook,
    remove_webhook,
    rotate_secret,
    secrets_of,
)
from graph_service.webhooks.worker import Teller

DESCRIPTION_CHARACTERS_MAX = 200
MESSAGE = Field(description="sent as webhook-id; the same however often it is sent")


class WebhookAnswer(Answer):
    """A webhook as it is told of; its secret is in no answer but those that made it."""

    webhook_id: str
    url: str
    description: str | None
    events: list[EventName]
    enabled: bool
    disabled_why: Literal["asked", "gone", "failing"] | None = Field(
        description="asked over HTTP, answered 410 Gone, or failed for five days"
    )
    disabled_at: str | None
    failing_since: str | None = Field(description="since when every attempt failed")
    created_at: str
    secret_rotated_at: str | None = Field(
        description="the secret before signs on for a day from then"
    )


class MadeWebhook(WebhookAnswer):
    """A webhook with a secret that was just made."""

    secret: str = Field(description="shown this once; whsec_ and base64, as Standard Webhooks has")


class WebhookList(Answer):
    """A page of webhooks, newest first."""

    items: list[WebhookAnswer]
    next_cursor: str | None


class DeliveryAnswer(Answer):
    """What is to reach one webhook of one message."""

    delivery_id: str
    webhook_id: str
    message_id: str = MESSAGE
    type: EventName | Literal["ping"]
    status: Status = Field(description="skipped: the webhook was disabled then")
    attempt_count: int
    created_at: str
    next_attempt_at: str | None
    ended_at: str | None = Field(description="when it arrived or was given up")


class DeliveryList(Answer):
    """A page of deliveries, newest first."""

    items: list[DeliveryAnswer]
    next_cursor: str | None


class AttemptAnswer(Answer):
    """One attempt to deliver."""

    at: str
    took_ms: int
    status: int | None = Field(description="of the receiver's answer")
    fault: str | None = Field(
        description="why there was none: timeout, unreachable, tls_failed, address_refused, …"
    )
    answer: str | None = Field(description="how it begins")


class DeliveryDetail(DeliveryAnswer):
    """A delivery with its attempts, the last twenty, and what is sent."""

    attempts: list[AttemptAnswer]
    payload: dict[str, Any] = Field(description="type, timestamp and data")


class Replayed(Answer):
    """What is sent again."""

    replayed: int


class WebhookWanted(Asked):
    """A webhook to make."""

    url: str = Field(min_length=1, max_length=URL_CHARACTERS_MAX, description="where to POST")
    events: list[EventName] = Field(min_length=1, max_length=20, description="what to tell")
    description: str = Field(default="", max_length=DESCRIPTION_CHARACTERS_MAX)


class WebhookChange(Asked):
    """What is to be otherwise; what is absent stays."""

    url: str | None = Field(None, min_length=1, max_length=URL_CHARACTERS_MAX)
    events: list[EventName] | None = Field(None, min_length=1, max_length=20)
    description: str | None = Field(None, max_length=DESCRIPTION_CHARACTERS_MAX)
    enabled: bool | None = Field(None, strict=True, description="whether anything is sent")


class ReplayWanted(Asked):
    """Which deliveries are sent again, by when they were made."""

    begins: str = Field(alias="from", max_length=40, description="RFC 3339")
    ends: str | None = Field(None, alias="to", max_length=40, description="not included; else now")
    status: Literal["delivered", "failed", "skipped"] | None = Field(
        None, description="those in this state only; else all that do not wait"
    )


async def teller_of(request: Request) -> Teller:
    """The worker that the app opened."""
    return cast(Teller, request.app.state.teller)


router = APIRouter(
    prefix="/v1/webhooks", tags=["webhooks"], dependencies=[Depends(Requires("admin"))]
)
TellerOfApp = Annotated[Teller, Depends(teller_of)]
WebhookId = Annotated[str, Path(alias="webhookId", description="The webhook")]
DeliveryId = Annotated[str, Path(alias="deliveryId", description="The delivery")]


@router.post(
    "",
    summary="Have something told to a URL",
    status_code=201,
    response_model=None,
    responses=answers(None, WebhookExists, TooManyWebhooks, UrlRefused)
    | {201: {"model": MadeWebhook}},
)
async def post_webhook(
    graph: GraphOfApp, teller: TellerOfApp, wanted: WebhookWanted, response: Response
) -> dict[str, Any]:
    """Told is what is booked from now on. The answer holds the secret, this once."""
    settings: Settings = teller.settings
    made = await create_webhook(
        graph,
        check_url(wanted.url, settings),
        _ordered(wanted.events),
        wanted.description,
        most=settings.webhooks_max,
        clock=teller.books.clock,
    )
    response.headers["Location"] = f"/v1/webhooks/{made.webhook_id}"
    return _with_secret(made, teller)


@router.get("", summary="Which webhooks are there?", responses=answers(WebhookList, CursorInvalid))
async def get_webhooks(graph: GraphOfApp, limit: Limit, cursor: Cursor = None) -> dict[str, Any]:
    """Newest first; their secrets are not told."""
    webhooks, following = await list_webhooks(graph, limit=limit, cursor=cursor)
    return {"items": [one.body() for one in webhooks], "nextCursor": following}


@router.get(
    "/deliveries/{deliveryId}",
    summary="Did it arrive?",
    responses=answers(DeliveryDetail, DeliveryNotFound),
)
async def get_delivery(graph: GraphOfApp, delivery_id: DeliveryId) -> dict[str, Any]:
    """A delivery with its attempts and what is sent."""
    return await read_delivery(graph, delivery_id)


@router.post(
    "/deliveries/{deliveryId}:replay",
    summary="Send a delivery again",
    status_code=202,
    response_model=None,
    responses=answers(None, DeliveryNotFound, WebhookDisabled) | {202: {"model": DeliveryDetail}},
)
async def replay_one(
    graph: GraphOfApp, teller: TellerOfApp, delivery_id: DeliveryId
) -> dict[str, Any]:
    """At once, with the same webhook-id, and with all its retries before it."""
    told = await replay_delivery(graph, delivery_id, teller.books.clock)
    teller.wake()
    return told


@router.get(
    "/{webhookId}",
    summary="What is known of a webhook?",
    responses=answers(WebhookAnswer, WebhookNotFound),
)
async def get_webhook(graph: GraphOfApp, webhook_id: WebhookId) -> dict[str, Any]:
    """Where it is, what it is told and whether that arrives."""
    return (await read_webhook(graph, webhook_id)).body()


@router.patch(
    "/{webhookId}",
    summary="Change, enable or disable a webhook",
    responses=answers(WebhookAnswer, WebhookNotFound, UrlRefused),
)
async def patch_webhook(
    graph: GraphOfApp, teller: TellerOfApp, webhook_id: WebhookId, wanted: WebhookChange
) -> dict[str, Any]:
    """While it is disabled nothing is sent; what it would be told is kept as skipped."""
    change = Wanted(
        url=None if wanted.url is None else check_url(wanted.url, teller.settings),
        events=None if wanted.events is None else _ordered(wanted.events),
        description=wanted.description,
        enabled=wanted.enabled,
    )
    changed = await change_webhook(graph, webhook_id, change, teller.books.clock)
    teller.wake()
    return changed.body()


@router.delete(
    "/{webhookId}",
    summary="Remove a webhook",
    status_code=204,
    responses=answers(None, WebhookNotFound),
)
async def delete_webhook(graph: GraphOfApp, teller: TellerOfApp, webhook_id: WebhookId) -> Response:
    """With its deliveries, also those that wait."""
    await remove_webhook(graph, webhook_id, teller.books.clock)
    return Response(status_code=204)


@router.post(
    "/{webhookId}:rotate-secret",
    summary="Make a new secret for a webhook",
    responses=answers(MadeWebhook, WebhookNotFound),
)
async def post_rotation(
    graph: GraphOfApp, teller: TellerOfApp, webhook_id: WebhookId
) -> dict[str, Any]:
    """The one before signs beside it for a day."""
    return _with_secret(await rotate_secret(graph, webhook_id, teller.books.clock), teller)


@router.post(
    "/{webhookId}:ping",
    summary="Send a message that says nothing",
    status_code=202,
    response_model=None,
    responses=answers(None, WebhookNotFound, WebhookDisabled) | {202: {"model": DeliveryDetail}},
)
async def post_ping(
    graph: GraphOfApp, teller: TellerOfApp, webhook_id: WebhookId
) -> dict[str, Any]:
    """Of the type ping, whatever the webhook is told else."""
    told = await ping_webhook(graph, webhook_id, teller.books.clock)
    teller.wake()
    return told


@router.get(
    "/{webhookId}/deliveries",
    summary="What was sent to a webhook?",
    responses=answers(DeliveryList, WebhookNotFound, CursorInvalid),
)
async def get_deliveries(
    graph: GraphOfApp,
    webhook_id: WebhookId,
    limit: Limit,
    cursor: Cursor = None,
    status: Annotated[Status | None, Query(description="Those in this state only")] = None,
) -> dict[str, Any]:
    """Newest first."""
    items, following = await list_deliveries(
        graph, webhook_id, status=status, limit=limit, cursor=cursor
    )
    return {"items": items, "nextCursor": following}


@router.post(
    "/{webhookId}:replay",
    summary="Send the deliveries of a time again",
    status_code=202,
    response_model=None,
    responses=answers(None, WebhookNotFound, WebhookDisabled, TooManyDeliveries, Invalid)
    | {202: {"model": Replayed}},
)
async def replay_many(
    graph: GraphOfApp, teller: TellerOfApp, webhook_id: WebhookId, wanted: ReplayWanted
) -> dict[str, Any]:
    """At most 10,000 at once; receivers tell what they know already by webhook-id."""
    begins = _millis("from", wanted.begins)
    # What was made in this very millisecond is among those until now.
    ends = millis_of(teller.books.clock) + 1 if wanted.ends is None else _millis("to", wanted.ends)
    replayed = await replay_deliveries(
        graph, webhook_id, (begins, ends), wanted.status, teller.books.clock
    )
    teller.wake()
    return {"replayed": replayed}


def _millis(name: str, text: str) -> int:
    try:
        return to_micros(parse_time(text)) // 1_000
    except ValueError as fault:
        raise Invalid(f"{name} {fault}") from fault


def _ordered(events: list[EventName]) -> tuple[str, ...]:
    """Each once, in one order."""
    return tuple(one for one in EVENTS if one in events)


def _with_secret(webhook: Webhook, teller: Teller) -> dict[str, Any]:
    now_ms = millis_of(teller.books.clock)
    return {**webhook.body(), "secret": secrets_of(teller.pepper, webhook, now_ms)[0]}
