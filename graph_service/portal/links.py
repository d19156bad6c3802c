"""Links to a member's own page: signed, so that nobody makes one, and only for a time.

A link is all that is needed to see the page, and nothing of it is stored; so it cannot be taken
back before it expires, but for all links together by another pepper.
"""

import base64
import binascii
import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import cast

from graph_service.errors import Refused
from graph_service.ingest.facts import canonical
from graph_service.plans.member import Lang

# What the pepper's key is for, so that no other signature of the service is one of these.
PURPOSE = b"graph-service member page 1"
# A member's id has at most 128 characters.
TOKEN_CHARACTERS_MAX = 2_000


class LinkForged(Refused):
    """The link is not one that this service signed."""

    code = "link_forged"


class LinkExpired(Refused):
    """The link was good and its time is over."""

    code = "link_expired"


@dataclass(frozen=True)
class PageLink:
    """Whose page, until when (s since 1970), in which language; None: the reader's."""

    member_id: str
    expires_s: int
    lang: Lang | None = None


def sign_link(link: PageLink, pepper: bytes) -> str:
    """The token of a link: what it says, and the signature of that."""
    said = canonical([link.member_id, link.expires_s, link.lang])
    body = _spelled(said.encode())
    return f"{body}.{_signature(body, pepper)}"


def read_link(token: str, pepper: bytes, now_s: float) -> PageLink:
    """What a token says. Raises LinkForged, LinkExpired."""
    body, _, signature = token[:TOKEN_CHARACTERS_MAX].partition(".")
    wanted = _signature(body, pepper).encode()
    if not hmac.compare_digest(wanted, signature.encode("utf-8", "replace")):
        raise LinkForged("the link is not one of ours")
    link = _link(body)
    if link.expires_s <= now_s:
        raise LinkExpired("the link has expired")
    return link


def _signature(body: str, pepper: bytes) -> str:
    key = hmac.new(pepper, PURPOSE, hashlib.sha256).digest()
    return _spelled(hmac.new(key, body.encode("utf-8", "replace"), hashlib.sha256).digest())


def _spelled(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def _link(body: str) -> PageLink:
    """What a signed body says; another version of the service may have signed other content."""
    try:
        values: object = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        member_id, expires_s, lang = cast("tuple[str, int, Lang | None]", values)
    except (binascii.Error, ValueError, TypeError) as fault:
        raise LinkForged("the link is not one of ours") from fault
    return PageLink(member_id, expires_s, lang)
