"""A link says whose page it is; nobody but the service can make or change one."""

import base64
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph_service.portal.links import LinkExpired, LinkForged, PageLink, read_link, sign_link

PEPPER = b"pepper-of-the-tests"
LINK = PageLink("m-1", 1_000, "zh")


@given(st.text(min_size=1, max_size=128).filter(lambda text: text.isprintable()))
def test_what_was_signed_is_read_again(member_id: str) -> None:
    link = PageLink(member_id, 2_000, None)

    token = sign_link(link, PEPPER)

    assert read_link(token, PEPPER, 1_999) == link
    assert re.fullmatch(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{43}", token)


def test_a_link_that_has_expired_is_refused() -> None:
    token = sign_link(LINK, PEPPER)

    with pytest.raises(LinkExpired):
        read_link(token, PEPPER, 1_000)


def spelled(content: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")


TOKEN = sign_link(LINK, PEPPER)
FORGED = {
    "another member": spelled(["m-2", 1_000, "zh"]) + TOKEN[TOKEN.index(".") :],
    "a later end": spelled(["m-1", 9_000, "zh"]) + TOKEN[TOKEN.index(".") :],
    "another pepper": sign_link(LINK, b"another"),
    "no signature": TOKEN.partition(".")[0],
    "an empty signature": TOKEN.partition(".")[0] + ".",
    "a shorter signature": TOKEN[:-1],
    "nothing": "",
    "no letters": "é.é",
    "a half of a pair": "\udc80.\udc80",
    "very long": "a" * 100_000,
}


@pytest.mark.parametrize("token", FORGED.values(), ids=FORGED)
def test_a_forged_link_is_refused(token: str) -> None:
    with pytest.raises(LinkForged):
        read_link(token, PEPPER, 0)
