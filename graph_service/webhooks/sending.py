"""How a message reaches a webhook: signed, bounded, and never to an address that is not public."""

import asyncio
import socket
import ssl
from collections.abc import AsyncGenerator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import cast
from urllib.parse import urlsplit

import httpcore2
from standardwebhooks.webhooks import Webhook as Signer

from graph_service import __version__
from graph_service.errors import Invalid
from graph_service.settings import Settings

URL_CHARACTERS_MAX = 2_048
# Of an answer: what is read at most, and what is kept.
ANSWER_BYTES_MAX, EXCERPT_CHARACTERS_MAX = 16_384, 300
# Of a host's addresses so many are tried.
ADDRESSES_MAX = 3
RETRY_AFTER_S_MAX = 86_400
# Hosts looked up at a time, each once. A look-up cannot be ended: one that is slow holds a thread
# also when nobody waits for it any more.
LOOKUPS_MAX = 32
# IPv4 within IPv6, as translators read it (RFC 6052).
TRANSLATED = IPv6Network("64:ff9b::/96")
# Translators of inner networks (RFC 8215), which decide by themselves what is within.
INNER = IPv6Network("64:ff9b:1::/48")
# Public by its number, and answers machines of Azure only, with what they keep for themselves.
INNER_HOST = IPv4Address("168.63.129.16")
DELIVERED, GONE_STATUS = range(200, 300), 410
FAULTS = (
    httpcore2.NetworkError,
    httpcore2.TimeoutException,
    httpcore2.ProtocolError,
    httpcore2.UnsupportedProtocol,
    OSError,
    UnicodeError,
)


class UrlRefused(Invalid):
    """Nothing is sent to such an address."""

    code = "webhook_url_refused"


class AddressRefused(httpcore2.ConnectError):
    """The host is, or resolves to, an address that is not public."""


@dataclass(frozen=True)
class Result:
    """How an attempt went. status: of the answer, if there was one; fault: why there was none.

    retry_after_s: what a refusing receiver asked for.
    """

    status: int | None
    fault: str | None = None
    excerpt: str = ""
    retry_after_s: int = 0

    @property
    def delivered(self) -> bool:
        """Did the receiver take it?"""
        return self.status in DELIVERED


def is_public(address: str) -> bool:
    """Is this an address of the public internet, also where it holds another within?"""
    found = ip_address(address.partition("%")[0])
    if isinstance(found, IPv6Address):
        if found.teredo is not None or found.is_site_local or found in INNER:
            return False
        within = found.ipv4_mapped or found.sixtofour or _translated(found)
        found = within or found
    if found == INNER_HOST:
        return False
    return found.is_global and not found.is_multicast and not found.is_reserved


def _translated(address: IPv6Address) -> IPv4Address | None:
    if address in TRANSLATED:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return None


def check_url(url: str, settings: Settings) -> str:
    """The address as it is kept. Raises UrlRefused with what is wrong with it."""
    if len(url) > URL_CHARACTERS_MAX or not url.isascii() or not url.isprintable() or " " in url:
        raise UrlRefused(f"url: at most {URL_CHARACTERS_MAX} printable ASCII characters, no blanks")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
        # What the sender will read must be what was judged here.
        sent_to = httpcore2.URL(url).host.decode("ascii").strip("[]")
    except ValueError as fault:
        raise UrlRefused(f"url: {fault}") from fault
    if not host or sent_to.lower() != host or port == 0 or "\\" in url:
        raise UrlRefused("url: names no host")
    if parts.username is not None or parts.password is not None:
        raise UrlRefused("url: holds a user or a password, which would be kept in the database")
    if parts.fragment:
        raise UrlRefused("url: holds a fragment, which is never sent")
    if parts.scheme != "https" and not (
        parts.scheme == "http" and (settings.webhook_http or _is_loopback(host))
    ):
        raise UrlRefused("url: must begin with https://")
    if not settings.webhook_private_hosts and not _may_be_public(host):
        raise UrlRefused("url: names a host that is not public")
    return url


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _may_be_public(host: str) -> bool:
    """A name is judged once it is resolved, with every connection."""
    try:
        return is_public(host)
    except ValueError:
        return host != "localhost" and not host.endswith(".localhost")


class Lookups:
    """Looks up hosts in threads of its own, so that slow ones hold up nothing else."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(LOOKUPS_MAX, thread_name_prefix="lookup")
        self._running: dict[str, asyncio.Future[list[str]]] = {}

    async def addresses(self, host: str) -> list[str]:
        """The addresses of a host. Raises ConnectError; whoever asks at the same time shares it."""
        running = self._running.get(host)
        if running is None:
            running = asyncio.wrap_future(self._threads.submit(look_up, host))
            self._running[host] = running
            running.add_done_callback(lambda found: self._ended(host, found))
        try:
            return await asyncio.shield(running)
        except (OSError, UnicodeError) as fault:
            raise httpcore2.ConnectError("the host cannot be resolved") from fault

    def _ended(self, host: str, found: asyncio.Future[list[str]]) -> None:
        del self._running[host]
        if not found.cancelled():
            # Perhaps nobody waits any more.
            found.exception()

    def close(self) -> None:
        """Wait for none that is running, and begin none that waits."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def look_up(host: str) -> list[str]:
    """The addresses of a host, each once; takes as long as the system takes."""
    resolved = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in resolved))


class PublicOnly(httpcore2.AsyncNetworkBackend):
    """Connects to public addresses only; what was resolved and judged is what is connected to."""

    def __init__(self, lookups: Lookups, *, private_hosts: bool) -> None:
        self._lookups = lookups
        self._private_hosts = private_hosts
        # Its class has two bodies, one for where anyio is not installed.
        self._network = cast(httpcore2.AsyncNetworkBackend, httpcore2.AnyIOBackend())

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """Raises AddressRefused, or ConnectError where no address takes the connection."""
        addresses = await self._lookups.addresses(host)
        if not self._private_hosts and not all(map(is_public, addresses)):
            raise AddressRefused("the host has an address that is not public")
        last = httpcore2.ConnectError("the host has no address")
        for address in addresses[:ADDRESSES_MAX]:
            try:
                return await self._network.connect_tcp(
                    address, port, timeout, local_address, socket_options
                )
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as fault:
                last = fault
        raise last


@dataclass(frozen=True)
class Sender:
    """Sends over a pool of connections. timeout_s: for one attempt, all in all."""

    pool: httpcore2.AsyncConnectionPool
    timeout_s: float

    async def send(self, url: str, body: str, headers: dict[str, str]) -> Result:
        """How one attempt went; redirects are not followed, and no fault is raised."""
        try:
            async with asyncio.timeout(self.timeout_s):
                return await self._post(url, body, headers)
        except FAULTS as fault:
            return Result(None, _named(fault))

    async def _post(self, url: str, body: str, headers: dict[str, str]) -> Result:
        timeouts = dict.fromkeys(("connect", "read", "write", "pool"), self.timeout_s)
        async with self.pool.stream(
            "POST",
            url,
            headers=list(headers.items()),
            content=body.encode(),
            extensions={"timeout": timeouts},
        ) as answer:
            told = b""
            async for piece in answer.aiter_stream():
                told += piece
                if len(told) > ANSWER_BYTES_MAX:
                    break
            later = _header(answer, b"retry-after")
            return Result(answer.status, None, _excerpt(told), _seconds(later))


@asynccontextmanager
async def open_sender(settings: Settings) -> AsyncGenerator[Sender, None]:
    """A sender whose connections are closed afterwards; proxies of the environment are not used."""
    lookups = Lookups()
    try:
        async with httpcore2.AsyncConnectionPool(
            ssl_context=await asyncio.to_thread(httpcore2.default_ssl_context),
            max_connections=settings.webhook_sends_max,
            max_keepalive_connections=settings.webhook_sends_max,
            keepalive_expiry=30.0,
            retries=0,
            network_backend=PublicOnly(lookups, private_hosts=settings.webhook_private_hosts),
        ) as pool:
            yield Sender(pool, settings.webhook_timeout_s)
    finally:
        lookups.close()


def signed_headers(secrets: list[str], message_id: str, at: datetime, body: str) -> dict[str, str]:
    """The headers of Standard Webhooks, with a signature for each secret that is good."""
    signatures = [Signer(secret).sign(message_id, at, body) for secret in secrets]
    return {
        "content-type": "application/json",
        "user-agent": f"graph-service/{__version__}",
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


def _named(fault: Exception) -> str:
    """A stable word for why there was no answer; texts of the network may name inner hosts."""
    if isinstance(fault, AddressRefused):
        return "address_refused"
    if isinstance(fault, (TimeoutError, httpcore2.TimeoutException)):
        return "timeout"
    if any(isinstance(one, ssl.SSLError) for one in _causes(fault)):
        return "tls_failed"
    if isinstance(fault, (httpcore2.ConnectError, OSError, UnicodeError)):
        return "unreachable"
    return "broken_answer"


def _causes(fault: BaseException | None) -> Iterator[BaseException]:
    """A fault and what it came from; libraries put their own around those of others."""
    while fault is not None:
        yield fault
        fault = fault.__cause__ or fault.__context__


def _excerpt(answer: bytes) -> str:
    text = answer[: 4 * EXCERPT_CHARACTERS_MAX].decode("utf-8", "replace")
    shown = "".join(one if one.isprintable() else " " for one in text)
    return " ".join(shown.split())[:EXCERPT_CHARACTERS_MAX]


def _seconds(told: bytes) -> int:
    return min(int(told), RETRY_AFTER_S_MAX) if told.isdigit() and len(told) < 10 else 0


def _header(answer: httpcore2.Response, name: bytes) -> bytes:
    return next((value for key, value in answer.headers if key.lower() == name), b"")
