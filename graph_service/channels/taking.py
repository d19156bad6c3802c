"""Which channels can be judged, and what becomes of a good callback?"""

import tomllib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

import structlog
from prometheus_client import Counter
from pydantic import ValidationError

from graph_service.channels.callbacks import (
    Callback,
    ChannelNotConfigured,
    Platform,
    Reply,
    Secrets,
)
from graph_service.channels.mapping import Message, Report, Unmapped, read_report
from graph_service.channels.matching import Desk
from graph_service.channels.platforms import platforms
from graph_service.clock import Clock
from graph_service.errors import NotFound, ServiceError
from graph_service.graph.session import Transaction
from graph_service.ingest.facts import Problem, Receipt, Rejection, canonical
from graph_service.ingest.tokens import Tokeniser
from graph_service.settings import Settings

log = structlog.get_logger()

MESSAGES = Counter("channel_messages", "Messages of platforms by what they were", ["channel", "as"])
KIND_CHARACTERS_MAX = 64
ID_CHARACTERS_MAX = 200


class DecidingStore(Protocol):
    """What stores events in the transaction in which they are decided on."""

    tokeniser: Tokeniser
    clock: Clock

    async def store_decided(
        self, decide: Callable[[Transaction], Awaitable[Sequence[object]]], *, name: str
    ) -> Receipt:
        """Store the events that `decide` gives."""
        ...


@dataclass(frozen=True)
class Channel:
    """A platform with the secrets that we have of it."""

    platform: Platform[Any]
    secrets: Secrets


def open_channels(settings: Settings) -> Mapping[str, Channel]:
    """The channels that the settings have secrets of. Raises ValueError, never with a secret."""
    if settings.channel_secrets is None:
        return {}
    try:
        tables = tomllib.loads(settings.channel_secrets.get_secret_value())
    except tomllib.TOMLDecodeError:
        raise ValueError("GRAPH_SERVICE_CHANNEL_SECRETS is not TOML") from None
    known = platforms()
    found: dict[str, Channel] = {}
    for name, table in tables.items():
        if name not in known:
            raise ValueError(f"GRAPH_SERVICE_CHANNEL_SECRETS names no channel of ours: {name}")
        found[name] = Channel(known[name], _secrets(known[name], table))
    return found


def _secrets(platform: Platform[Any], table: object) -> Secrets:
    try:
        return platform.secrets.model_validate(table)
    except ValidationError as fault:
        named = ", ".join(".".join(map(str, one["loc"])) for one in fault.errors())
        message = f"GRAPH_SERVICE_CHANNEL_SECRETS, {platform.name}: {named} is not as documented"
        raise ValueError(message) from None


def channel_of(channels: Mapping[str, Channel], name: str) -> Channel:
    """A channel by its name. Raises ChannelNotConfigured."""
    if name not in channels:
        raise ChannelNotConfigured("there is no secret by which this channel could be judged")
    return channels[name]


async def take_callback(
    channel: Channel, callback: Callback, store: DecidingStore, window: timedelta
) -> Reply:
    """Judge a callback and store what follows. Raises what the platform is to hear as a refusal."""
    platform = channel.platform
    try:
        heard = platform.hear(callback, channel.secrets)
    except ServiceError as fault:
        raise told_to(platform, fault) from fault
    reports, rejections = _read(platform, heard.messages, callback, store.tokeniser)
    if not reports and not rejections:
        return heard.reply

    async def decide(transaction: Transaction) -> Sequence[object]:
        desk = Desk(transaction, store.tokeniser, window, store.clock())
        await desk.take(reports)
        return [*desk.events, *rejections]

    receipt = await store.store_decided(decide, name="channels/take")
    log.info(
        "channel.taken",
        channel=platform.name,
        messages=len(heard.messages),
        accepted=receipt.count("accepted"),
        duplicates=receipt.count("duplicate"),
        rejected=receipt.count("rejected"),
    )
    return heard.reply


def greet(channel: Channel, callback: Callback) -> Reply:
    """The answer by which a platform verifies an address. Raises NotFound where none does."""
    platform = channel.platform
    if platform.greet is None:
        raise NotFound("this platform does not verify addresses with GET")
    try:
        return platform.greet(callback, channel.secrets)
    except ServiceError as fault:
        raise told_to(platform, fault) from fault


def told_to(platform: Platform[Any], fault: ServiceError) -> ServiceError:
    """The same fault, with the fields by which this platform sees that it is refused."""
    details = {**fault.details, **platform.refusal(fault.code, str(fault))}
    return type(fault)(str(fault), status=fault.status, code=fault.code, details=details)


def _read(
    platform: Platform[Any],
    messages: Sequence[Message],
    callback: Callback,
    tokeniser: Tokeniser,
) -> tuple[list[Report], list[Rejection]]:
    """What messages report; those that cannot be read go to quarantine, so nothing is lost."""
    reports: list[Report] = []
    rejections: list[Rejection] = []
    for message in messages:
        try:
            report = read_report(platform.mapping, platform.name, message, callback.now)
        except Unmapped as fault:
            rejections.append(_rejection(platform.name, message, fault.problem, tokeniser))
            MESSAGES.labels(platform.name, "unmapped").inc()
            continue
        MESSAGES.labels(platform.name, "noted" if report is None else report.kind).inc()
        if report is not None:
            reports.append(report)
    return reports, rejections


def _rejection(channel: str, message: Message, problem: Problem, tokeniser: Tokeniser) -> Rejection:
    """A message that has no place in our events; its content is sealed: it may be personal."""
    source, kind = f"channel:{channel}", message.kind[:KIND_CHARACTERS_MAX]
    message_id = message.message_id[:ID_CHARACTERS_MAX]
    content: dict[str, object] = {
        "specversion": "1.0",
        "id": message_id,
        "source": source,
        "type": kind,
        "data": tokeniser.sealed(dict(message.content)),
    }
    text = canonical(tokeniser.redacted(content))
    return Rejection(0, source, message_id, kind, problem, text)
