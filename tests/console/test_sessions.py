"""A session is what the service signed for this key, and nothing else."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph_service.access.keys import ApiKey
from graph_service.console.sessions import (
    SESSION_S,
    Ended,
    Session,
    claimed_session,
    form_token,
    is_signed,
    new_session,
    sign_session,
)

PEPPER = b"pepper-of-the-tests"
KEY = ApiKey("key_1", "0" * 64, frozenset({"risk:read"}))


def test_a_session_reads_back_and_is_signed() -> None:
    session = new_session(KEY, 1_000.5)

    token = sign_session(session, KEY, PEPPER)

    assert claimed_session(token) == session
    assert session.expires_s == 1_000 + SESSION_S
    assert is_signed(token, KEY, PEPPER)


@pytest.mark.parametrize(
    ("key", "pepper"),
    [(replace(KEY, hash="1" * 64), PEPPER), (KEY, b"another pepper")],
    ids=["a rotated key", "another pepper"],
)
def test_a_session_ends_with_its_key_and_with_the_pepper(key: ApiKey, pepper: bytes) -> None:
    token = sign_session(new_session(KEY, 0), KEY, PEPPER)

    assert not is_signed(token, key, pepper)


def test_no_two_sessions_are_alike() -> None:
    first, second = new_session(KEY, 0), new_session(KEY, 0)

    assert first.nonce != second.nonce
    assert form_token(first, PEPPER) != form_token(second, PEPPER)


def test_whoever_changes_a_session_has_none() -> None:
    session = new_session(KEY, 0)
    longer = replace(session, expires_s=session.expires_s + 1)
    signature = sign_session(session, KEY, PEPPER).partition(".")[2]

    forged = sign_session(longer, KEY, b"guessed").partition(".")[0] + f".{signature}"

    assert claimed_session(forged) == longer
    assert not is_signed(forged, KEY, PEPPER)


@given(st.text(max_size=200))
def test_any_text_is_no_session(text: str) -> None:
    assert not is_signed(text, KEY, PEPPER)
    assert claimed_session(text) is None or isinstance(claimed_session(text), Session)


def test_a_logged_out_session_is_remembered_until_it_would_have_ended() -> None:
    ended = Ended()
    first, second = new_session(KEY, 0), new_session(KEY, 10_000)

    ended.add(first, 1)
    was_known = ended.holds(first)
    ended.add(second, SESSION_S + 1)

    assert was_known
    assert ended.holds(second)
    assert not ended.holds(first)
