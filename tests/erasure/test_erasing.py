"""What says who a member is goes and does not come back; the books stay as they are."""

import json
from datetime import datetime
from typing import Any

import pytest
from httpx2 import AsyncClient

from graph_service.graph.session import Graph
from graph_service.ingest.tokens import Tokeniser
from graph_service.ledger.chain import prove_ledger
from graph_service.ledger.months import verify_months
from graph_service.pipeline import Pipeline
from graph_service.plans.document import seed_plan
from graph_service.rewards.verify import verify_teams
from tests.conftest import Database
from tests.scans.kept import alert, show_alone
from tests.worlds import NOW, START, Event, event, order_data

pytestmark = pytest.mark.anyio
TOKENISER = Tokeniser(b"pepper-of-the-tests")
PHONE, CARD, HOME = "13800138000", "6222021234567890123", "北京市朝阳区建国路88号"
PATH = "/v1/members/m-1/personal-data"
NOTHING = dict.fromkeys("uses orderLinks identifiers accounts visitors facts rejected".split(), 0)


def told(event_type: str, key: str, **data: Any) -> Event:
    return event(event_type, key, START, data)


def seen(key: str, value: str, kind: str = "phone", **who: str) -> Event:
    return told("identity.observed", key, **(who or {"memberId": "m-1"}), kind=kind, value=value)


def paid(key: str, order: str, **changes: Any) -> Event:
    identifiers = [{"kind": "payment", "value": CARD}, {"kind": "address", "value": HOME}]
    lines = [{"productId": "tea", "categoryId": "fmcg", "quantity": 1, "amountMinor": 10_000}]
    data = {**order_data(order, "m-1", 10_000), "shareId": "s-1", "identifiers": identifiers}
    data["lines"] = lines
    return event("order.paid", key, START, {**data, **changes})


def linked(key: str, external: str = "openid-1") -> Event:
    return told(
        "account.linked",
        key,
        memberId="m-1",
        channel="wechat",
        externalId=external,
        unionId="union-of-m-1",
    )


WORLD = [
    told("member.joined", "j-0", memberId="m-0", role="promoter"),
    told("member.joined", "j-1", memberId="m-1", inviterId="m-0"),
    told("share.created", "s", shareId="s-1", memberId="m-0"),
    told("share.clicked", "c-1", shareId="s-1", visitorId="cookie-1"),
    seen("v-1", "device-of-cookie", "device", visitorId="cookie-1"),
    told("visitor.identified", "v-2", visitorId="cookie-1", memberId="m-1"),
    told("visitor.identified", "v-3", visitorId="cookie-2", memberId="m-1"),
    {
        **told("visitor.identified", "v-4", visitorId="cookie-2", memberId="m-2"),
        "time": "2026-03-02T00:00:00Z",
    },
    seen("i-1", PHONE),
    seen("i-2", PHONE, memberId="m-2"),
    seen("i-3", "own-device-of-m-1", "device"),
    linked("a-1"),
    paid("p-1", "o-1"),
    told("feedback.given", "f-1", memberId="m-1", subject="service", text="call 13800138000"),
]
BROKEN = told("identity.observed", "b-1", memberId="m-1", kind="phone", value=PHONE, extra=1)
TRACES = [
    *(TOKENISER.token("device", one) for one in ("own-device-of-m-1", "device-of-cookie")),
    TOKENISER.token("payment", CARD),
    TOKENISER.token("address", HOME),
    TOKENISER.token("union", "union-of-m-1"),
    *("openid-1", "cookie-1", "call 13800138000"),
]


def stored(database: Database) -> str:
    nodes = database.query("MATCH (n) RETURN labels(n) AS names, properties(n) AS properties")
    edges = database.query("MATCH ()-[r]->() RETURN type(r) AS name, properties(r) AS properties")
    return str([*nodes, *edges])


def traces(database: Database) -> list[str]:
    """What is left of m-1; its phone is also m-2's."""
    phone = TOKENISER.token("phone", PHONE)
    mine = database.query(
        """
        MATCH (f:Fact|Rejected)
        WHERE coalesce(f.data, f.content) CONTAINS '"memberId":"m-1"'
          AND coalesce(f.data, f.content) CONTAINS $token
        RETURN count(*) AS n
        """,
        token=phone,
    )
    found = stored(database)
    return [one for one in TRACES if one in found] + ["phone"] * mine[0]["n"]


@pytest.fixture
async def world(client: AsyncClient) -> AsyncClient:
    """A mall in which m-1 left every kind of trace, all of it booked."""
    answer = await client.post("/v1/events?wait=true", json=[*WORLD, BROKEN])
    assert (answer.json()["accepted"], answer.json()["rejected"]) == (len(WORLD), 1)
    return client


async def test_nothing_says_who_the_member_is(world: AsyncClient, database: Database) -> None:
    assert set(traces(database)) == {*TRACES, "phone"}

    answer = await world.delete(PATH)

    assert answer.status_code == 200
    assert answer.json()["removed"] == {
        "uses": 6,
        "orderLinks": 2,
        "identifiers": 5,
        "accounts": 1,
        "visitors": 1,
        "facts": 8,
        "rejected": 1,
    }
    assert traces(database) == []


async def test_alerts_no_longer_name_what_the_member_was_seen_with(
    world: AsyncClient, graph: Graph, database: Database
) -> None:
    card = TOKENISER.token("payment", CARD)
    told = {"without": [{"kind": "token", "id": card}], "weights": {f"token:{card}": 1.0}}
    await show_alone(graph, [alert(["m-1", "m-2"], counterfactual=told)])
    named = "MATCH (v:AlertVersion) WHERE v.details CONTAINS $card RETURN v.reasons AS reasons"
    before = database.query(named, card=card)

    await world.delete(PATH)

    assert len(before) == 1
    assert database.query(named, card=card) == []
    assert database.query("MATCH (v:AlertVersion) RETURN v.reasons AS reasons") == before


async def test_the_member_is_closed_and_the_log_says_why(
    world: AsyncClient, database: Database
) -> None:
    answer = await world.delete(PATH)

    member = (await world.get("/v1/members/m-1")).json()
    rows = database.query(
        "MATCH (f:Fact) WHERE f.source STARTS WITH '\\t' RETURN f.type AS type, f.data AS data"
    )
    facts = {row["type"]: json.loads(row["data"]) for row in rows}
    assert (member["memberId"], member["status"]) == ("m-1", "closed")
    assert datetime.fromisoformat(answer.json()["erasedAt"]) == NOW
    assert facts["member.erased"] == {"memberId": "m-1"}


async def test_a_frozen_member_stays_frozen(world: AsyncClient) -> None:
    await world.post(
        "/v1/events", json=[told("member.updated", "u", memberId="m-1", status="frozen")]
    )

    await world.delete(PATH)

    assert (await world.get("/v1/members/m-1")).json()["status"] == "frozen"


async def test_erasing_again_removes_nothing_and_answers_the_same_time(world: AsyncClient) -> None:
    first = (await world.delete(PATH)).json()

    second = (await world.delete(PATH)).json()

    assert second == {**first, "removed": NOTHING}


async def test_what_others_have_stays(world: AsyncClient, database: Database) -> None:
    await world.delete(PATH)

    rows = database.query("MATCH (m)-[:USES]->(i) RETURN m.memberId AS who, i.token AS token")
    visits = database.query(
        "MATCH (v)-[:IDENTIFIED_AS]->(m) RETURN v.visitorId AS v, m.memberId AS m ORDER BY m"
    )
    assert rows == [{"who": "m-2", "token": TOKENISER.token("phone", PHONE)}]
    assert visits[1] == {"v": "cookie-2", "m": "m-2"}


async def test_repeats_do_not_bring_anything_back(world: AsyncClient, database: Database) -> None:
    await world.delete(PATH)

    answer = await world.post("/v1/events?wait=true", json=[*WORLD, BROKEN])

    assert answer.json()["duplicates"] == len(WORLD)
    assert [one for one in traces(database) if one != "cookie-1"] == []


async def test_what_says_anew_who_the_member_is_is_refused_and_not_kept(
    world: AsyncClient, database: Database
) -> None:
    await world.delete(PATH)
    events = [
        seen("n-1", "own-device-of-m-1", "device"),
        linked("n-2"),
        told("visitor.identified", "n-3", visitorId="cookie-1", memberId="m-1"),
        {**seen("i-1", "own-device-of-m-1", "device")},
    ]

    answer = await world.post("/v1/events?wait=true", json=events)

    codes = [one["problem"]["code"] for one in answer.json()["results"]]
    assert codes == ["member_erased"] * 3 + ["event_conflict"]
    assert traces(database) == []


async def test_a_later_order_counts_and_says_nothing_of_who_paid(
    world: AsyncClient, database: Database
) -> None:
    await world.delete(PATH)

    answer = await world.post("/v1/events?wait=true", json=[paid("n-1", "o-2"), paid("n-2", "o-2")])

    statuses = [one["status"] for one in answer.json()["results"]]
    commission = (await world.get("/v1/orders/o-2/commission")).json()
    assert statuses == ["accepted", "duplicate"]
    assert commission["totalMinor"] > 0
    assert traces(database) == []


async def test_the_books_are_what_they_were(
    world: AsyncClient, graph: Graph, database: Database
) -> None:
    before = [
        (await world.get(f"/v1/orders/o-1/{one}")).json() for one in ("attribution", "commission")
    ]

    await world.delete(PATH)
    await world.post("/v1/events?wait=true", json=[told("order.completed", "d-1", orderId="o-1")])

    after = [
        (await world.get(f"/v1/orders/o-1/{one}")).json() for one in ("attribution", "commission")
    ]
    pipeline = Pipeline(graph, TOKENISER, seed_plan(), clock=lambda: NOW, quiet_s=0)
    await pipeline.follow_plans()
    teams = await verify_teams(graph, pipeline.plans)
    ledger = await prove_ledger(graph)
    months = await verify_months(graph.read, pipeline.plans)
    assert [one.get("credits") for one in after] == [one.get("credits") for one in before]
    assert after[1]["totalMinor"] == before[1]["totalMinor"] > 0
    assert (teams.differences, ledger.first_broken, months.differing) == ((), None, ())


async def test_an_erasure_that_was_cut_short_is_finished_by_the_next(
    world: AsyncClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def cut(*_: object) -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as patched:
        patched.setattr("graph_service.erasure.erasing._replace_in_log", cut)
        assert (await world.delete(PATH)).status_code == 500

    answer = await world.delete(PATH)

    assert answer.status_code == 200
    assert traces(database) == []


async def test_a_member_that_never_was_is_not_found(
    client: AsyncClient, database: Database
) -> None:
    answer = await client.delete("/v1/members/nobody/personal-data")

    assert (answer.status_code, answer.json()["code"]) == (404, "member_not_found")


async def test_only_an_admin_may_erase(world: AsyncClient) -> None:
    made = await world.post("/v1/keys", json={"name": "reader", "scopes": ["read", "risk:decide"]})

    answer = await world.delete(PATH, headers={"Authorization": f"Bearer {made.json()['key']}"})

    assert answer.status_code == 403
