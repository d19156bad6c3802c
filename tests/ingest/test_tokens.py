"""No identifier's value is kept, answered or logged, whatever shape the event has."""

import base64
import json
import logging
import os
import re
import stat
from pathlib import Path
from typing import Any

import pytest
from httpx2 import AsyncClient

from graph_service.ingest.tokens import Tokeniser, read_pepper
from graph_service.settings import Settings
from tests.conftest import Database
from tests.worlds import START, Event, event, order_data

pytestmark = pytest.mark.anyio
RAW = "canary-13800138000"
NUMBER = 987_654_321_987
# What people recognise the value by in any spelling, its base64 (RFC 4648) included.
TRACES = (RAW, RAW.upper(), base64.b64encode(RAW.encode()).decode().rstrip("="), str(NUMBER))
SEEN: dict[str, Any] = {"memberId": "m-1", "kind": "phone", "value": RAW}


def observed(**changes: Any) -> Event:
    return event("identity.observed", "e-1", START, {**SEEN, **changes})


def paid(**changes: Any) -> Event:
    return event("order.paid", "e-1", START, {**order_data("o-1", "m-1", 100), **changes})


def without(whole: Event, name: str) -> Event:
    return {key: value for key, value in whole.items() if key != name}


GOOD: dict[str, Event] = {
    "a member's phone": observed(),
    "a visitor's phone": event(
        "identity.observed", "e-1", START, {"visitorId": "v-1", "kind": "ip", "value": RAW}
    ),
    "upper case and blanks": observed(value=f"  {RAW.upper()} "),
    "all kinds of an order": paid(
        identifiers=[
            {"kind": kind, "value": RAW} for kind in ("device", "ip", "address", "payment", "phone")
        ]
    ),
}
BROKEN: dict[str, object] = {
    "an unknown kind": observed(kind="wechat"),
    "no kind": event("identity.observed", "e-1", START, without(SEEN, "kind")),
    "a kind that is a list": observed(kind=["phone"]),
    "kind and value swapped": observed(kind=RAW, value="phone"),
    "a value that is a number": observed(value=NUMBER),
    "a value that is a list": observed(value=[RAW]),
    "a value that is an object": observed(value={"memberId": RAW}),
    "a value deep inside": observed(value=[{"lines": [{"memberId": [RAW]}]}]),
    "a value that is too long": observed(value=RAW * 100),
    "an unknown field": observed(phoneNumber=RAW),
    "an unknown field with a number": observed(phoneNumber=NUMBER),
    "an unknown field with a list": observed(phoneNumbers=[RAW]),
    "an unknown field with a list of numbers": observed(phoneNumbers=[[NUMBER]]),
    "an unknown field with known ones inside": observed(contact={"text": RAW, "name": RAW}),
    "member and visitor": observed(visitorId="v-1"),
    "data that is a text": {**observed(), "data": RAW},
    "data that is JSON in a text": {**observed(), "data": json.dumps(SEEN)},
    "data that is a list": {**observed(), "data": [RAW]},
    "data that is a list of objects": {**observed(), "data": [SEEN]},
    "data that is a number": {**observed(), "data": NUMBER},
    "data in base64": {
        **without(observed(), "data"),
        "data_base64": base64.b64encode(RAW.encode()).decode(),
    },
    "data under another name": {**without(observed(), "data"), "payload": SEEN},
    "data without its wrapping": {**without(observed(), "data"), **SEEN},
    "data inside the time": {**observed(), "time": SEEN},
    "data inside the source": {**observed(), "source": SEEN},
    "an extension that is a list": {**observed(), "time": "never", "phones": [RAW]},
    "an extension that is a text": {**observed(), "time": "never", "phone": RAW},
    "no time": without(observed(), "time"),
    "an unknown type": {**observed(), "type": "identity.seen"},
    "the wrong type": {**observed(), "type": "share.clicked"},
    "identifiers in the wrong type": event(
        "member.joined", "e-1", START, {"memberId": "m-1", "identifiers": [SEEN]}
    ),
    "an identifier with an extra field": paid(
        identifiers=[{"kind": "phone", "value": RAW, "note": RAW}]
    ),
    "an identifier of unknown kind": paid(identifiers=[{"kind": "fax", "value": RAW}]),
    "identifiers that are texts": paid(identifiers=[RAW]),
    "identifiers that are numbers": paid(identifiers=[NUMBER]),
    "identifiers that are one text": paid(identifiers=RAW),
    "identifiers that are an object": paid(identifiers={"phone": RAW}),
    "identifiers without a currency": paid(
        identifiers=[{"kind": "phone", "value": RAW}], currency=None
    ),
    "lines that hold a value": paid(lines=[{"value": RAW}, RAW]),
    "a text in place of an event": RAW,
    "a number in place of an event": NUMBER,
    "a list in place of an event": [[SEEN, RAW]],
}


def stored(database: Database) -> str:
    """Every property of every node and relationship, as text."""
    nodes = database.query("MATCH (n) RETURN labels(n) AS names, properties(n) AS properties")
    edges = database.query("MATCH ()-[r]->() RETURN type(r) AS name, properties(r) AS properties")
    return str([*nodes, *edges])


def traces(*texts: str) -> list[str]:
    return [trace for trace in TRACES for text in texts if trace in text]


@pytest.mark.parametrize("shape", GOOD)
async def test_a_valid_identifier_leaves_only_its_token(
    client: AsyncClient,
    database: Database,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    shape: str,
) -> None:
    caplog.set_level(logging.DEBUG)

    answer = await client.post("/v1/events?wait=true", json=[GOOD[shape]])

    assert answer.json()["accepted"] == 1
    assert "Identifier" in stored(database)
    assert traces(answer.text, stored(database), "".join(capfd.readouterr()), caplog.text) == []


@pytest.mark.parametrize("shape", BROKEN)
async def test_the_identifier_of_a_broken_event_is_nowhere(
    client: AsyncClient,
    database: Database,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    shape: str,
) -> None:
    caplog.set_level(logging.DEBUG)

    answer = await client.post("/v1/events?wait=true", json=[BROKEN[shape]])
    listed = await client.get("/v1/events/rejected")
    replayed = await client.post(
        f"/v1/events/rejected/{listed.json()['items'][0]['rejectedId']}/replay"
    )

    texts = (answer.text, listed.text, replayed.text)
    assert answer.json()["rejected"] == 1
    assert traces(*texts, stored(database), "".join(capfd.readouterr()), caplog.text) == []


@pytest.mark.parametrize("shape", BROKEN)
async def test_a_broken_event_that_is_replayed_stays_one_entry(
    client: AsyncClient, shape: str
) -> None:
    await client.post("/v1/events", json=[BROKEN[shape]])
    before = (await client.get("/v1/events/rejected")).json()["items"]

    await client.post(f"/v1/events/rejected/{before[0]['rejectedId']}/replay")

    assert (await client.get("/v1/events/rejected")).json()["items"] == before


async def test_an_identifier_in_a_refused_order_is_a_token(
    client: AsyncClient, database: Database
) -> None:
    numbers = [{"kind": "phone", "value": RAW}]
    events = [paid(), {**paid(identifiers=numbers), "id": "e-2"}]

    answer = await client.post("/v1/events", json=events)

    assert answer.json()["results"][1]["problem"]["code"] == "event_conflict"
    assert traces(answer.text, stored(database)) == []


async def test_an_atomic_request_answers_without_the_value(client: AsyncClient) -> None:
    answer = await client.post("/v1/events?atomic=true", json=[observed(), observed(kind="fax")])

    assert answer.status_code == 409
    assert traces(answer.text) == []


async def test_equal_values_of_one_kind_are_one_identifier(
    client: AsyncClient, database: Database
) -> None:
    events = [
        observed(),
        {**observed(value=f" {RAW.upper()}\t"), "id": "e-2"},
        {**paid(identifiers=[{"kind": "phone", "value": RAW}]), "id": "e-3"},
        {**observed(kind="device"), "id": "e-4"},
    ]

    await client.post("/v1/events?wait=true", json=events)

    found = database.query("MATCH (i:Identifier) RETURN i.token AS token ORDER BY token")
    tokens = [row["token"] for row in found]
    assert [token.partition(":")[0] for token in tokens] == ["device", "phone"]
    assert all(re.fullmatch(r"[a-z]+:[0-9a-f]{32}", token) for token in tokens)


def test_another_pepper_gives_another_token() -> None:
    tokens = {Tokeniser(pepper).token("phone", RAW) for pepper in (b"one", b"two", b"one")}

    assert len(tokens) == 2


def test_a_token_is_its_own_token() -> None:
    tokeniser = Tokeniser(b"pepper")
    token = tokeniser.token("phone", RAW)

    assert tokeniser.token("phone", token) == token
    assert tokeniser.token("device", token) != token


def test_the_pepper_is_made_once_for_the_owner_only(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data", pepper=None)

    first, second = read_pepper(settings), read_pepper(settings)

    file = tmp_path / "data" / "pepper"
    assert first == second == file.read_bytes().strip()
    assert len(first) >= 32
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in file.parent.iterdir()] == ["pepper"]


def test_a_pepper_that_a_killed_process_half_made_is_made_anew(tmp_path: Path) -> None:
    # In a container the next process often has the same id.
    (tmp_path / f"pepper.{os.getpid()}.part").write_text("half")

    pepper = read_pepper(Settings(data_dir=tmp_path, pepper=None))

    assert len(pepper) >= 32
