"""Was this asked before? A POST with an Idempotency-Key is done once and answered the same again.

Kept under a hash of API key, path and Idempotency-Key: a hash of what was asked, and the answer.
Source: draft-ietf-httpapi-idempotency-key-header-07.
"""

import asyncio
import hashlib
import re
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from graph_service.errors import Conflict, Invalid
from graph_service.graph.session import Graph, Transaction
from graph_service.ids import new_id
from graph_service.settings import Settings

HEADER = "idempotency-key"
REPLAYED = (b"idempotency-replayed", b"true")
# Visible ASCII: proxies pass nothing else on unchanged.
KEY = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]{0,253}[\x21-\x7e])?")
# Events have keys of their own, and callbacks come from platforms, without an API key.
OWN_KEYS = re.compile(r"/v1/(?:events(?:/|$)|channels/)")
# Answers that hold a secret, which is kept nowhere.
SECRET = re.compile(r"/v1/(?:keys|webhooks)(?:[/:]|$)|/v1/members/[^/]+/page-links$")
# The largest answer that is kept (bytes); a larger one is done once and not told again.
ANSWER_BYTES_MAX = 2**20
# How much longer than a request may take one is waited for before it counts as dead (s).
GRACE_S = 15
# Answers that are removed with each new key.
REMOVED_TOGETHER = 20


class KeyMalformed(Invalid):
    """The Idempotency-Key is not 1 to 255 characters of visible ASCII."""

    code = "idempotency_key_malformed"


class KeyReused(Invalid):
    """The Idempotency-Key came before with another body."""

    code = "idempotency_key_reused"


class InProgress(Conflict):
    """A request with this Idempotency-Key is under way."""

    code = "idempotency_in_progress"


class AnswerNotKept(Conflict):
    """It was done, but the answer held a secret or was too large to be kept."""

    code = "idempotency_answer_not_kept"


@dataclass
class Claim:
    """A request that is being done for the first time. kept: whether its answer is stored."""

    request_id: str
    holder: str
    kept: bool = False

    async def keep(self, transaction: Transaction, status: int, body: str, media: str) -> None:
        """Keep the answer together with what was done; say so with `kept` once it is stored."""
        await transaction.run("access/keep_answer", **self._params(status, body, media))

    async def finish(self, graph: Graph, status: int, body: str | None, media: str) -> None:
        """Keep the answer, or forget a request that failed."""
        if status >= 500:
            await self.release(graph)
        else:
            await graph.write("access/keep_answer", **self._params(status, body, media))

    async def release(self, graph: Graph) -> None:
        """Let the same be asked again."""
        await graph.write("access/release_request", requestId=self.request_id, holder=self.holder)

    def _params(self, status: int, body: str | None, media: str) -> dict[str, Any]:
        return {
            "requestId": self.request_id,
            "holder": self.holder,
            "status": status,
            "body": body or "",
            "hasBody": body is not None,
            "media": media,
        }


def claim_of(request: Request) -> Claim | None:
    """What the request claimed; None where it brought no key."""
    return getattr(request.state, "claim", None)


class Idempotency:
    """Stands behind the gate of API keys, so that a key's answers are its own."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._keep_s = round(settings.idempotency_keep_h * 3_600)
        self._stale_s = round(settings.request_timeout_s) + GRACE_S

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer as before. Raises KeyReused, InProgress, …"""
        asked = scope["type"] == "http" and scope["method"] == "POST"
        path: str = scope.get("path", "")
        if not asked or not path.startswith("/v1/") or OWN_KEYS.match(path):
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        key = request.headers.get(HEADER)
        if key is None:
            await self._app(scope, receive, send)
            return
        if not KEY.fullmatch(key):
            raise KeyMalformed("Idempotency-Key: 1 to 255 characters of visible ASCII")
        body = await request.body()
        graph: Graph = scope["app"].state.graph
        owner = request.state.key.key_id
        claim = Claim(_hash(owner, path, key), new_id())
        told = await self._claimed(graph, claim, _hash(scope["query_string"].decode(), body))
        if told is not None:
            await _answer(send, told)
            return
        request.state.claim = claim
        await self._first(scope, _again(body, receive), send, claim)

    async def _claimed(self, graph: Graph, claim: Claim, asked: str) -> dict[str, Any] | None:
        """The answer that there is; None where the request is to be done now."""
        found = (
            await graph.write(
                "access/claim_request",
                requestId=claim.request_id,
                digest=asked,
                holder=claim.holder,
                keepSeconds=self._keep_s,
                staleSeconds=self._stale_s,
            )
        )[0]
        if found["claimed"]:
            await graph.write(
                "access/remove_answers", keepSeconds=self._keep_s, limit=REMOVED_TOGETHER
            )
            return None
        if found["digest"] != asked:
            raise KeyReused("this Idempotency-Key came before with another body")
        if found["status"] is None:
            raise InProgress("the first request is under way", headers={"Retry-After": "1"})
        if found["body"] is None:
            raise AnswerNotKept("it was done before; its answer is not kept")
        return found

    async def _first(self, scope: Scope, receive: Receive, send: Send, claim: Claim) -> None:
        graph: Graph = scope["app"].state.graph
        told = _Told(send)
        failed = True
        try:
            await self._app(scope, receive, told.send)
            failed = False
        except asyncio.CancelledError:
            # What was begun is written to its end, so it is not done anew.
            failed = False
            raise
        finally:
            if failed and not claim.kept:
                await claim.release(graph)
        if not claim.kept:
            await claim.finish(graph, told.status, told.text(scope["path"]), told.media)
        await told.pass_on()


class _Told:
    """An answer, kept back until it is stored."""

    def __init__(self, send: Send) -> None:
        self.status, self.media = 500, ""
        self._send = send
        self._messages: list[Message] = []

    async def send(self, message: Message) -> None:
        """Keep a piece of the answer back."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = dict(message.get("headers", ()))
            self.media = headers.get(b"content-type", b"").decode("latin-1")
        self._messages.append(message)

    def text(self, path: str) -> str | None:
        """The body; None where it may not be kept."""
        body = b"".join(one.get("body", b"") for one in self._messages)
        secret = self.status < 300 and SECRET.match(path)
        return None if secret or len(body) > ANSWER_BYTES_MAX else body.decode()

    async def pass_on(self) -> None:
        """Send the answer."""
        for message in self._messages:
            await self._send(message)


def _hash(*parts: str | bytes) -> str:
    """SHA-256 of the parts, each with its length, in hex."""
    found = hashlib.sha256()
    for part in parts:
        encoded = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        found.update(len(encoded).to_bytes(8, "big"))
        found.update(encoded)
    return found.hexdigest()


def _again(body: bytes, receive: Receive) -> Receive:
    """What was read already, for whoever reads next."""
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def received() -> Message:
        return waiting.pop() if waiting else await receive()

    return received


async def _answer(send: Send, told: dict[str, Any]) -> None:
    body = told["body"].encode()
    headers = [
        (b"content-length", str(len(body)).encode()),
        REPLAYED,
        *([(b"content-type", told["media"].encode("latin-1"))] if told["media"] else []),
    ]
    start = {"type": "http.response.start", "status": told["status"], "headers": headers}
    await send(start)
    await send({"type": "http.response.body", "body": body})
