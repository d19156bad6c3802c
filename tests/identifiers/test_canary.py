"""No raw value is in the database, a log, an answer or a file, whichever way it came."""

import base64
import json
import logging
import re
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from httpx2 import AsyncClient, Response
from rich.console import Console

from graph_service.bulk.loading import bulk_load
from graph_service.graph.opening import open_graph, settings_for
from graph_service.identifiers.peppers import rotate_pepper
from graph_service.identifiers.values import normal_form
from graph_service.ingest.files import EventFile, EventList, event_files
from graph_service.ingest.tokens import open_tokeniser
from graph_service.loading import load_files
from graph_service.pipeline import Pipeline
from graph_service.plans.document import seed_plan
from tests.bulk.conftest import OwnGraph, settings_of
from tests.conftest import client_of
from tests.ingest.test_tokens import BROKEN
from tests.ingest.test_tokens import TRACES as SHAPE_TRACES
from tests.worlds import NOW, START, Event, event, order_data

pytestmark = pytest.mark.anyio
QUIET = Console(quiet=True)
# Kept by contract, and so to be found wherever the search looks: it sees what there is.
CONTROL = "control-member-that-is-kept-98765"
PIECE_BYTES, OVERLAP_BYTES = 2**18, 2**10
FEW_ZEROS = bytes(16)
ZEROS = re.compile(rb"\0{16,}")
SPELLINGS: dict[str, tuple[str, ...]] = {
    "phone": ("13987654321", "+86 139-8765-4321", "１３９８７６５４３２１"),
    "payment": ("6222 0299 8877 6655 443", "canary.payer@mail.example"),
    "address": ("上海市黄浦区金丝雀路98765号3单元501室", "上海 黄浦 金丝雀路98765號三单元501房"),
    "ip": ("203.0.113.177", "::ffff:203.0.113.177", "2001:db8:cafe:f00d::98:765"),
    "device": ("CA4A21E5-9876-4543-9BAD-C0FFEE98765F", "canary-device-98765"),
    "union": ("oCanaryUnion98765abcdefgh",),
}


def traces() -> list[str]:
    """Every spelling that was sent, its normal form, and its base64."""
    found = set(SHAPE_TRACES)
    for kind, values in SPELLINGS.items():
        for value in values:
            form = normal_form(kind, value)
            assert form is not None
            bare = base64.b64encode(value.encode()).decode().rstrip("=")
            found |= {value, value.lower(), value.upper(), form, form.removesuffix("::/64"), bare}
    return sorted(found)


def seen(key: str, kind: str, value: object, **who: str) -> Event:
    someone = who or {"memberId": CONTROL}
    return event("identity.observed", key, START, {**someone, "kind": kind, "value": value})


def linked(key: str, **changes: Any) -> Event:
    data = {"memberId": CONTROL, "channel": "wechat", "externalId": "openid-1"}
    return event(
        "account.linked", key, START, {**data, "unionId": SPELLINGS["union"][0], **changes}
    )


def paid(key: str, order: str, **changes: Any) -> Event:
    identifiers = [
        {"kind": kind, "value": value}
        for kind, values in SPELLINGS.items()
        if kind != "union"
        for value in values
    ]
    data = {**order_data(order, CONTROL, 10_000), "identifiers": identifiers, **changes}
    return event("order.paid", key, START, data)


def marked(prefix: str) -> list[Any]:
    """Events well formed, broken, of odd shape and in conflict, with values of every kind."""
    events: list[Any] = [event("member.joined", f"{prefix}-j", START, {"memberId": CONTROL})]
    for kind, values in SPELLINGS.items():
        for number, value in enumerate(values):
            key = f"{prefix}-{kind}-{number}"
            if kind != "union":
                events += [
                    seen(key, kind, value),
                    seen(f"{key}-v", kind, value, visitorId=f"{prefix}-visitor"),
                    # The same key with other content.
                    seen(key, kind, value, memberId=f"{prefix}-other"),
                ]
            events += [
                seen(f"{key}-b1", "fax", value),
                seen(f"{key}-b2", kind, [value]),
                seen(f"{key}-b3", kind, value * 60),
                {**seen(f"{key}-b4", kind, value), "time": "never"},
                {**seen(f"{key}-b5", kind, value), "data": value},
                {**seen(f"{key}-b6", kind, value), "type": "identity.seen"},
                {**seen(f"{key}-b7", kind, value), value: 1},
                event("identity.observed", f"{key}-b8", START, {value: value}),
                value,
                [value],
            ]
    events += [
        event(
            "visitor.identified",
            f"{prefix}-i",
            START,
            {"visitorId": f"{prefix}-visitor", "memberId": CONTROL},
        ),
        linked(f"{prefix}-a"),
        linked(f"{prefix}-a", externalId="openid-2"),
        linked(f"{prefix}-b1", memberId=None),
        linked(f"{prefix}-b2", unionId=[SPELLINGS["union"][0]]),
        linked(f"{prefix}-b3", union_id=SPELLINGS["union"][0]),
        linked(f"{prefix}-b4", unionId=SPELLINGS["union"][0] * 20),
        {**linked(f"{prefix}-b5"), "type": "member.joined"},
        paid(f"{prefix}-p", f"{prefix}-order"),
        paid(f"{prefix}-p", f"{prefix}-order", currency="XXX"),
        paid(f"{prefix}-q", f"{prefix}-order", amountMinor=1),
        paid(f"{prefix}-r", f"{prefix}-order-2", amountMinor=-1),
        *(
            {**one, "id": f"{prefix}-{place}"} if isinstance(one, dict) else one
            for place, one in enumerate(BROKEN.values())
        ),
    ]
    return events


@asynccontextmanager
async def listening(own: OwnGraph, said: list[str]) -> AsyncGenerator[AsyncClient]:
    """A client of the app on the own graph; whatever is answered is kept."""

    async def keep(response: Response) -> None:
        await response.aread()
        said.extend([response.text, str(response.headers)])

    address = own.server.status()
    assert address is not None
    async with client_of(settings_for(own.settings, address), lambda: NOW) as client:
        client.event_hooks = {"response": [keep]}
        yield client


async def ask_everything(client: AsyncClient) -> None:
    """Store over HTTP, whole and in part, replay what was rejected, and read what there is."""
    events = marked("http")
    await client.post("/v1/events?wait=true", json=events)
    await client.post("/v1/events?atomic=true", json=events[:9])
    await client.post("/v1/events", content=json.dumps(events)[:-9])
    await client.post("/v1/events", json=events, headers={"content-type": "text/plain"})
    await client.post("/v1/events?wait=true", json=events)
    listed: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        page = await client.get(
            "/v1/events/rejected", params={"limit": 500, **({"cursor": cursor} if cursor else {})}
        )
        listed += page.json()["items"]
        cursor = page.json()["nextCursor"]
    assert len(listed) > 100
    for one in listed[::9]:
        await client.post(f"/v1/events/rejected/{one['rejectedId']}/replay")
    for path in (
        *(f"/v1/orders/http-order/{one}" for one in ("attribution", "commission", "explain")),
        *(
            f"/v1/members/{CONTROL}{one}"
            for one in ("", "/team", "/upline", "/statement?month=2026-01")
        ),
        *("/metrics", "/openapi.json", "/v1/ledger/verify", "/readyz", "/v1/compliance/report"),
    ):
        await client.get(path)


def places(needles: list[str], texts: Iterator[tuple[str, bytes]]) -> list[tuple[str, str]]:
    """Which of these are where, in UTF-8 or UTF-16."""
    found: list[tuple[str, str]] = []
    for name, content in texts:
        for needle in needles:
            spelled = (needle.encode(), needle.encode("utf-16-le"), needle.encode("utf-16-be"))
            if any(one in content for one in spelled):
                found.append((name, needle))
    return found


def files(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Every file in pieces that overlap; of the zeros that Neo4j fills files with few are left."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            with path.open("rb") as file:
                before = b""
                while piece := file.read(PIECE_BYTES):
                    dense = before + ZEROS.sub(FEW_ZEROS, piece)
                    if len(dense) > len(before) + len(FEW_ZEROS):
                        yield str(path.relative_to(folder)), dense
                    before = dense[-OVERLAP_BYTES:]


async def test_a_marked_value_is_nowhere(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    own, said = OwnGraph(settings_of(tmp_path / "data")), list[str]()
    sent = tmp_path / "events.jsonl"
    lines = [json.dumps(one, ensure_ascii=False) for one in marked("bulk")]
    sent.write_text("\n".join([*lines, lines[0][:-7], *lines]), encoding="utf-8")
    inputs: list[EventFile | EventList] = [*event_files([str(sent)])]
    own.server.start()

    try:
        await bulk_load(own.settings, inputs, QUIET, clock=lambda: NOW)
        async with listening(own, said) as client:
            await ask_everything(client)
        rotate_pepper(own.settings, NOW.isoformat())
        async with open_graph(own.settings) as opened:
            tokeniser = open_tokeniser(own.settings)
            pipeline = Pipeline(opened.graph, tokeniser, seed_plan(), clock=lambda: NOW)
            await load_files(pipeline, [*inputs, EventList("file", marked("file"))], QUIET)
        async with listening(own, said) as client:
            await client.post("/v1/events?wait=true", json=marked("later"))
            await client.delete(f"/v1/members/{CONTROL}/personal-data")
            await client.post("/v1/events?wait=true", json=marked("erased"))
        nodes = own.database.query("MATCH (n) RETURN labels(n) AS names, properties(n) AS all")
        edges = own.database.query("MATCH ()-[r]->() RETURN type(r) AS name, properties(r) AS all")
    finally:
        own.server.stop()

    logged = "".join([*capfd.readouterr(), caplog.text])
    texts = {"answers": "".join(said), "logs": logged, "database": str([*nodes, *edges])}
    whole = [(name, text.encode("utf-8", "replace")) for name, text in texts.items()]
    looked_at = [*whole, *files(own.settings.data_dir)]
    controls = {name for name, _ in places([CONTROL], iter(looked_at))}
    assert {"answers", "database"} < controls
    assert any("transactions/neo4j" in name for name in controls)
    assert any("databases/neo4j" in name for name in controls)
    assert places(traces(), iter(looked_at)) == []
