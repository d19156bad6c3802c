"""Callbacks of platforms over HTTP, and what was made of them."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, Literal, cast

from fastapi import APIRouter, Depends, Path, Request, Response
from pydantic import Field

from graph_service.access.endpoints import Requires
from graph_service.answers import Answer, Cursor, Limit, answers
from graph_service.channels.callbacks import (
    JSON,
    Callback,
    CallbackStale,
    ChannelNotConfigured,
    Reply,
    SignatureInvalid,
)
from graph_service.channels.reading import OrderUnknown, list_suspects, reports_of
from graph_service.channels.taking import Channel, DecidingStore, channel_of, greet, take_callback
from graph_service.errors import NotFound, TooLarge
from graph_service.graph.endpoints import GraphOfApp
from graph_service.pages import CursorInvalid
from graph_service.settings import Settings

router = APIRouter(prefix="/v1", tags=["channels"])
MEDIA: dict[str, Any] = {JSON: {"schema": {}}, "text/plain": {"schema": {"type": "string"}}}
TAKEN: dict[int | str, dict[str, Any]] = {
    200: {"description": "Taken, in the form that the platform wants to hear.", "content": MEDIA}
}
ChannelName = Annotated[
    str,
    Path(alias="channel", description="wechat, douyin, taobao or another that is configured"),
]


class Matched(Answer):
    """Why a report is of this order or refund."""

    code: str = Field(description="stable, listed in docs/channels.md")
    why: str = Field(description="the reason in words")


class ReportedRefund(Answer):
    """A refund as a channel reports it."""

    platform_refund_no: str
    amount_minor: int | None
    at: str
    refund_id: str | None = Field(description="which refund it is; null: it is not told of yet")
    matched: Matched | None


class ReportedOrder(Answer):
    """An order as a channel reports it. What the channel did not tell is null."""

    channel: str
    platform_order_no: str
    merchant_order_no: str | None
    amount_minor: int | None
    currency: str | None
    paid_at: str | None
    ended_as: Literal["completed", "cancelled"] | None
    ended_at: str | None
    reported_at: str = Field(description="when its first report came")
    matched: Matched
    refunds: list[ReportedRefund]


class OrderChannels(Answer):
    """What channels report of one order."""

    order_id: str
    items: list[ReportedOrder] = Field(description="the first first, at most 100")


class Suspect(Answer):
    """A channel's order of which something is not clear."""

    channel: str
    platform_order_no: str
    amount_minor: int | None
    currency: str | None
    paid_at: str | None
    order_id: str | None = Field(description="the order that it is counted as; null: as none yet")
    code: str = Field(description="stable, listed in docs/channels.md")
    why: str = Field(description="the reason in words")
    candidates: list[str] = Field(
        description="orders that it may be; of those that are none yet channel, blank, number"
    )
    since: str


class Suspects(Answer):
    """A page of what is not clear."""

    items: list[Suspect] = Field(description="newest first")
    next_cursor: str | None


async def _channel(request: Request, name: ChannelName) -> Channel:
    return channel_of(cast("Mapping[str, Channel]", request.app.state.channels), name)


OfChannel = Annotated[Channel, Depends(_channel)]


@router.post(
    "/channels/{channel}/callbacks",
    summary="Take a callback of a platform",
    response_class=Response,
    responses={
        **answers(None, ChannelNotConfigured, SignatureInvalid, CallbackStale),
        **TAKEN,
    },
    openapi_extra={"requestBody": {"required": True, "content": {JSON: {"schema": {}}}}},
)
async def post_callback(request: Request, channel: OfChannel) -> Response:
    """No API key: the platform's signature is judged, as its own scheme has it.

    What a platform reports of orders, refunds and buyers becomes events. The answer is the
    platform's own form; a refusal is a problem with the fields that the platform looks at.
    """
    settings: Settings = request.app.state.settings
    store: DecidingStore = request.app.state.pipeline
    callback = await _callback(request, settings, store)
    window = timedelta(minutes=settings.channel_match_minutes)
    return _response(await take_callback(channel, callback, store, window))


@router.get(
    "/channels/{channel}/callbacks",
    summary="Let a platform verify the address of its callbacks",
    response_class=Response,
    responses={
        **answers(None, ChannelNotConfigured, NotFound, SignatureInvalid, CallbackStale),
        **TAKEN,
    },
)
async def get_callback(request: Request, channel: OfChannel) -> Response:
    """No API key: WeChat signs this too, and wants its echostr back."""
    settings: Settings = request.app.state.settings
    callback = await _callback(request, settings, request.app.state.pipeline)
    return _response(greet(channel, callback))


@router.get(
    "/channels/suspects",
    summary="Which reports of channels are not clear?",
    dependencies=[Depends(Requires("read"))],
    responses=answers(Suspects, CursorInvalid),
)
async def get_suspects(graph: GraphOfApp, limit: Limit, cursor: Cursor = None) -> dict[str, Any]:
    """Sales that may be one but are not merged, and payments that lack a buyer or an amount."""
    return await list_suspects(graph, limit=limit, cursor=cursor)


@router.get(
    "/orders/{orderId}/channels",
    summary="What did channels report of an order?",
    dependencies=[Depends(Requires("read"))],
    responses=answers(OrderChannels, OrderUnknown),
)
async def get_order_channels(
    graph: GraphOfApp, order_id: Annotated[str, Path(alias="orderId")]
) -> dict[str, Any]:
    """Who reported it under which numbers, why it is one order, and which refunds are one."""
    return await reports_of(graph, order_id)


async def _callback(request: Request, settings: Settings, store: DecidingStore) -> Callback:
    most = settings.channel_body_bytes_max
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            raise TooLarge(f"a callback of more than {most} bytes")
    return Callback(
        headers={name.lower(): value for name, value in request.headers.items()},
        query=dict(request.query_params),
        body=bytes(body),
        now=store.clock(),
        tolerance_s=settings.channel_replay_s,
    )


def _response(reply: Reply) -> Response:
    return Response(reply.body, media_type=reply.media)
