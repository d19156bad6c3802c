"""What the OpenAPI document says of answers is what the running app answers."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from httpx2 import AsyncClient, Response
from jsonschema import Draft202012Validator

from graph_service.access.rates import TooManyWrongKeys
from graph_service.access.ring import KeysUnknown
from graph_service.answers import codes_of
from graph_service.app import create_app
from graph_service.errors import ServiceError
from graph_service.frame import BodyTimeout
from graph_service.graph.session import Graph
from graph_service.ingest.envelope import DATA
from graph_service.openapi import openapi_of, operations, scopes_of
from graph_service.settings import Settings
from tests.scans.kept import alert, show_alone
from tests.worlds import NOW, START, event, spelled
from tests.worlds.named import five_levels

pytestmark = pytest.mark.anyio
DOCUMENT = openapi_of(create_app(Settings.model_construct()))
# The member page asks for a signed link in place of a key.
OPEN = {
    *("/healthz", "/readyz", "/m/{token}", "/m/{token}/orders/{orderId}"),
    *("/browser/guide.html", "/browser/guide.adoc", "/browser/style.grass"),
    # Platforms sign what they send here.
    "/v1/channels/{channel}/callbacks",
}
# Where what is asked of every request is judged.
DOOR = {"graph_service.frame", "graph_service.access.rates", "graph_service.access.ring"}
CLOUD_EVENT = "application/cloudevents+json"
BATCH = "/v1/attributions:batch"
# A case about the alert that is there by then.
OF_THE_ALERT: dict[str, Any] = {"json": {"alertIds": ["{alertId}"]}}


def closed(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    """The schema of a component that lets no field through which it does not name."""
    if name == "Problem" or "allOf" in schema or "properties" not in schema:
        return schema
    return {"additionalProperties": False, **schema}


COMPONENTS = {
    "schemas": {
        name: closed(name, schema) for name, schema in DOCUMENT["components"]["schemas"].items()
    }
}


def faults(schema: dict[str, Any], content: object) -> list[str]:
    """Where content does not fit a schema of the document."""
    validator: Any = Draft202012Validator({**schema, "components": COMPONENTS})
    return [f"{one.json_path}: {one.message}" for one in validator.iter_errors(content)]


def answer_faults(method: str, path: str, answer: Response) -> list[str]:
    """Where an answer is not what the document says of its route and status."""
    documented = DOCUMENT["paths"][path][method.lower()]["responses"]
    place = f"{method} {path} {answer.status_code}"
    if answer.status_code == 204:
        return [] if "204" in documented and not answer.content else [f"{place}: has content"]
    media = answer.headers["content-type"].partition(";")[0]
    content = documented.get(str(answer.status_code), {}).get("content", {})
    if media not in content:
        return [f"{place}: {media} is not documented"]
    told = answer.json() if media.endswith("json") else answer.text
    return [f"{place}: {fault}" for fault in faults(content[media]["schema"], told)]


def questions() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Method, path and what is sent: each route, its options, and most of its errors."""
    paid = {"orderIds": ["order-1", "none"]}
    lone = event("member.joined", "lone", START, {"memberId": "lone"})
    yield "GET", "/healthz", {}
    yield "GET", "/readyz", {}
    yield "GET", "/metrics", {}
    yield "GET", "/browser/guide.html", {}
    yield "GET", "/browser/guide.adoc", {}
    yield "GET", "/browser/style.grass", {}
    yield "POST", "/v1/events?wait=true", {"json": five_levels()}
    yield "POST", "/v1/events", {"json": [lone, lone, {**lone, "time": "never"}, None, 5]}
    yield "POST", "/v1/events?atomic=true", {"json": [{**lone, "id": ""}]}
    yield "POST", "/v1/events", {"json": "text", "headers": {"Content-Type": CLOUD_EVENT}}
    yield "POST", "/v1/events", {"content": b"{"}
    yield "POST", "/v1/events", {"content": b"[", "headers": {"Content-Type": CLOUD_EVENT}}
    yield "POST", "/v1/events?wait=maybe", {"json": []}
    yield "POST", "/v1/events", {"json": [lone] * 5_001}
    yield "GET", "/v1/events/rejected?limit=1", {}
    yield "GET", "/v1/events/rejected?cursor=odd", {}
    yield "POST", "/v1/events/rejected/{rejectedId}/replay", {}
    yield "POST", "/v1/events/rejected/none/replay", {}
    for member in ("step-3", "nobody"):
        yield "GET", f"/v1/members/{member}", {}
        yield "GET", f"/v1/members/{member}/upline", {}
        yield "GET", f"/v1/members/{member}/downline", {}
        yield "GET", f"/v1/members/{member}/team", {}
    yield "GET", "/v1/members/step-3/upline?asOf=2026-02-01T00:00:00Z", {}
    yield "GET", "/v1/members/step-3/upline?asOf=then", {}
    yield "GET", "/v1/members/step-1/downline?level=2&limit=1", {}
    yield "GET", "/v1/members/step-1/downline?cursor=odd", {}
    yield "GET", "/v1/members/step-1/team?levels=3&month=2026-01", {}
    yield "GET", "/v1/members/step-1/team?levels=3&asOf=2026-02-01T00:00:00%2B08:00", {}
    yield "GET", "/v1/members/step-1/team?levels=11", {}
    yield "GET", "/v1/orders/order-1/attribution", {}
    yield "GET", "/v1/orders/order-1/attribution?windowDays=1&model=last_touch", {}
    yield "GET", "/v1/orders/order-1/attribution?model=magic", {}
    yield "GET", "/v1/orders/none/attribution", {}
    yield "GET", "/v1/orders/order-1/commission", {}
    yield "GET", "/v1/orders/none/commission", {}
    for asked in ("order-1/explain?lang=en", "order-1/explain?format=html", "none/explain"):
        yield "GET", f"/v1/orders/{asked}", {}
    yield "GET", "/v1/orders/order-1/explain?format=odd", {}
    yield "POST", "/v1/members/step-3/page-links", {}
    yield "POST", "/v1/members/step-3/page-links", {"json": {"expiresInS": 0}}
    yield "POST", "/v1/members/nobody/page-links", {}
    yield "GET", "/m/{token}", {}
    yield "GET", "/m/{token}/orders/order-1", {}
    yield "GET", "/m/{token}/orders/none", {}
    yield "GET", "/m/none", {}
    yield "GET", "/v1/members/step-3/statement?month=2026-01", {}
    yield "GET", "/v1/members/nobody/statement", {}
    yield "GET", "/v1/members/step-3/statement?month=then", {}
    yield "GET", "/v1/ledger/verify", {}
    for model in ("linear", "markov", "shapley", "magic"):
        yield "GET", f"/v1/attribution/report?by=member&model={model}", {}
    yield "GET", "/v1/attribution/report?by=member&from=2026-01-01&to=2026-03-01&limit=1", {}
    yield "GET", "/v1/attribution/report?by=member&cursor=odd", {}
    yield "GET", "/v1/members/step-1/influence?month=2026-01", {}
    yield "GET", "/v1/members/nobody/influence", {}
    yield "GET", "/v1/compliance/report?limit=1&lang=en", {}
    yield "GET", "/v1/compliance/report?flag=amber&asOf=2026-02-01", {}
    yield "GET", "/v1/compliance/report?asOf=then", {}
    yield "GET", "/v1/compliance/report?memberId=nobody", {}
    yield "GET", "/v1/compliance/report?cursor=odd", {}
    yield "POST", BATCH, {"json": paid}
    yield "POST", BATCH, {"json": {"orderIds": []}}
    yield "POST", BATCH, {"json": {"orderIds": ["o"] * 1_001}}
    plan = {"version": "new", "campaigns": [{"name": "launch", "multiplier": "1.5"}]}
    yield "PUT", "/v1/plans/new", {"json": plan}
    yield "PUT", "/v1/plans/new", {"json": plan}
    yield "PUT", "/v1/plans/new", {"json": {**plan, "currency": "USD"}}
    yield "PUT", "/v1/plans/other", {"json": plan}
    yield "PUT", "/v1/plans/new", {"json": {**plan, "bonus": 1}}
    yield "PUT", "/v1/plans/new", {"content": b"{"}
    yield "POST", "/v1/plans/new:activate", {}
    yield "POST", "/v1/plans/new:activate", {"json": {"from": "never"}}
    yield "POST", "/v1/plans/none:activate", {}
    time = {"from": "2026-01-01", "to": "2026-03-01T00:00:00Z"}
    yield "POST", "/v1/plans:simulate", {"json": {"plan": plan, **time}}
    yield "POST", "/v1/plans:simulate", {"json": {"plan": "none", **time}}
    yield "POST", "/v1/plans:simulate", {"json": {"plan": {"version": ""}, **time}}
    yield "GET", "/v1/plans/new", {}
    yield "GET", "/v1/plans/none", {}
    yield "GET", "/v1/plans?limit=1", {}
    yield "GET", "/v1/plans?cursor=odd", {}
    yield "GET", "/v1/members/step-3/plan?lang=en", {}
    yield "GET", "/v1/members/nobody/plan", {}
    yield "POST", "/v1/keys", {"json": {"name": "reader", "scopes": ["read"]}}
    yield "POST", "/v1/keys", {"json": {"name": "", "scopes": []}}
    yield "GET", "/v1/keys", {}
    yield "GET", "/v1/keys", {"headers": {"X": "x" * 70_000}}
    yield "GET", "/v1/keys/{keyId}", {}
    yield "GET", "/v1/keys/none", {}
    yield "POST", "/v1/keys/{keyId}:rotate", {}
    yield "POST", "/v1/keys/{keyId}:revoke", {}
    yield "POST", "/v1/keys/none:revoke", {}
    hook = {"url": "https://shop.example/hook", "events": ["commission.booked"]}
    yield "POST", "/v1/webhooks", {"json": hook}
    yield "POST", "/v1/webhooks", {"json": {**hook, "url": "http://shop.example/"}}
    yield "POST", "/v1/webhooks", {"json": {**hook, "events": ["all"]}}
    yield "GET", "/v1/webhooks?limit=1", {}
    yield "GET", "/v1/webhooks?cursor=odd", {}
    yield "GET", "/v1/webhooks/{webhookId}", {}
    yield "GET", "/v1/webhooks/none", {}
    yield "POST", "/v1/webhooks/{webhookId}:rotate-secret", {}
    yield "POST", "/v1/webhooks/none:rotate-secret", {}
    yield "POST", "/v1/webhooks/{webhookId}:ping", {}
    yield "POST", "/v1/webhooks/none:ping", {}
    yield "GET", "/v1/webhooks/{webhookId}/deliveries?status=pending", {}
    yield "GET", "/v1/webhooks/{webhookId}/deliveries?limit=1", {}
    yield "GET", "/v1/webhooks/{webhookId}/deliveries?cursor=odd", {}
    yield "GET", "/v1/webhooks/none/deliveries", {}
    yield "GET", "/v1/webhooks/deliveries/{deliveryId}", {}
    yield "GET", "/v1/webhooks/deliveries/none", {}
    yield "POST", "/v1/webhooks/deliveries/{deliveryId}:replay", {}
    yield "POST", "/v1/webhooks/deliveries/none:replay", {}
    yield "POST", "/v1/webhooks/{webhookId}:replay", {"json": {"from": "2026-01-01T00:00:00Z"}}
    yield "POST", "/v1/webhooks/{webhookId}:replay", {"json": {"from": "then"}}
    yield "PATCH", "/v1/webhooks/{webhookId}", {"json": {"enabled": False}}
    yield "PATCH", "/v1/webhooks/none", {"json": {}}
    yield "POST", "/v1/webhooks/{webhookId}:ping", {}
    yield "POST", "/v1/webhooks/deliveries/{deliveryId}:replay", {}
    yield "POST", "/v1/channels/wechat/callbacks", {"json": {}}
    yield "GET", "/v1/channels/wechat/callbacks", {}
    yield "GET", "/v1/channels/suspects?limit=1", {}
    yield "GET", "/v1/channels/suspects?cursor=odd", {}
    yield "GET", "/v1/orders/order-1/channels", {}
    yield "GET", "/v1/orders/none/channels", {}
    paid = {"memberId": "step-3", "amountMinor": 10_000, "currency": "CNY"}
    once = {"Idempotency-Key": "once"}
    yield "GET", "/v1/payouts/rules", {}
    yield "POST", "/v1/payouts:decide", {"json": paid}
    yield "POST", "/v1/payouts:decide", {"json": {**paid, "amountMinor": 0}}
    yield "POST", "/v1/payouts:decide", {"json": {**paid, "memberId": "nobody"}}
    yield "POST", "/v1/payouts", {"json": paid, "headers": once}
    yield "POST", "/v1/payouts", {"json": {**paid, "amountMinor": 1}, "headers": once}
    yield "POST", "/v1/payouts", {"json": {**paid, "account": "6222021234567890"}}
    yield "GET", "/v1/payouts?state=sent&limit=1", {}
    yield "GET", "/v1/payouts?cursor=odd", {}
    yield "GET", "/v1/payouts/none", {}
    yield "POST", "/v1/payouts/none:approve", {"json": {"reason": "r"}}
    yield "POST", "/v1/payouts/none:cancel", {"json": {"reason": "r"}}
    yield "POST", "/v1/payouts:send", {}
    yield "POST", "/v1/payouts:reconcile", {}
    yield "DELETE", "/v1/webhooks/{webhookId}", {}
    yield "DELETE", "/v1/webhooks/{webhookId}", {}
    yield "GET", "/v1/members/step-3/person", {}
    yield "GET", "/v1/members/nobody/person", {}
    yield "GET", "/v1/persons/suggestions", {}
    yield "GET", "/v1/persons/suggestions?cursor=odd", {}
    yield "DELETE", "/v1/members/step-3/personal-data", {}
    yield "DELETE", "/v1/members/nobody/personal-data", {}
    yield from risk_questions()


def risk_questions() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """The same of holds, scores and cases."""
    hold = {"memberId": "step-3", "reason": "a tip", "expiresAt": "2099-01-01T00:00:00Z"}
    once = {"headers": {"Idempotency-Key": "ticket"}}
    yield "POST", "/v1/holds", {"json": hold, **once}
    yield "POST", "/v1/holds", {"json": {**hold, "reason": "a hunch"}, **once}
    yield "POST", "/v1/holds", {"json": {**hold, "memberId": "nobody"}}
    yield "POST", "/v1/holds", {"json": {**hold, "expiresAt": "2020-01-01T00:00:00Z"}}
    yield "POST", "/v1/holds", {"json": {**hold, "expiresAt": "never"}}
    yield "GET", "/v1/holds?memberId=step-3&active=true&limit=1", {}
    yield "GET", "/v1/holds?memberId=nobody", {}
    yield "GET", "/v1/holds?cursor=odd", {}
    yield "GET", "/v1/holds/{holdId}", {}
    yield "GET", "/v1/holds/none", {}
    yield "POST", "/v1/holds/{holdId}:lift", {"json": {"reason": "a mistake"}}
    yield "POST", "/v1/holds/{holdId}:lift", {"json": {"reason": "another"}}
    yield "POST", "/v1/holds/none:lift", {"json": {"reason": "a mistake"}}
    yield "GET", "/v1/risk/rules", {}
    reasons = [{"feature": "devices", "value": 3, "text": "3 devices"}]
    score = {"score": 0.95, "source": "model", "reasons": reasons, "idempotencyId": "run"}
    yield "GET", "/v1/members/step-4/risk", {}
    yield "POST", "/v1/members/step-4/risk", {"json": score}
    yield "POST", "/v1/members/step-4/risk", {"json": {**score, "score": "0.1"}}
    yield "POST", "/v1/members/step-4/risk", {"json": {**score, "score": "much"}}
    yield "POST", "/v1/members/nobody/risk", {"json": score}
    yield "GET", "/v1/members/nobody/risk", {}
    yield "GET", "/v1/cases?state=open&limit=1", {}
    yield "GET", "/v1/cases?memberId=nobody", {}
    yield "GET", "/v1/cases?cursor=odd", {}
    yield "GET", "/v1/cases/{caseId}", {}
    yield "GET", "/v1/cases/none", {}
    yield from desk_questions()
    yield "POST", "/v1/fraud/scans", {"json": {"mode": "full"}}
    yield "POST", "/v1/fraud/scans", {"json": {"mode": "some"}}
    yield "POST", "/v1/fraud/scans", {"json": {"mode": "full"}}
    yield "GET", "/v1/fraud/scans?limit=1", {}
    yield "GET", "/v1/fraud/scans?cursor=odd", {}
    yield "GET", "/v1/fraud/scans/{scanId}", {}
    yield "GET", "/v1/fraud/scans/none", {}
    yield "POST", "/v1/fraud/scans/{scanId}:cancel", {}
    yield "POST", "/v1/fraud/scans/none:cancel", {}
    yield "GET", "/v1/fraud/alerts?limit=1", {}
    yield "GET", "/v1/fraud/alerts?cursor=odd", {}
    yield "GET", "/v1/fraud/alerts?memberId=nobody", {}
    yield "GET", "/v1/fraud/alerts/{alertId}", {}
    yield "GET", "/v1/fraud/alerts/none", {}
    yield "GET", "/v1/fraud/alerts/{alertId}/graph", {}
    yield "GET", "/v1/fraud/alerts/none/graph", {}
    decision = {"conclusion": "cleared", "reason": "sisters", "actions": ["lift_holds"]}
    yield "POST", "/v1/cases/{caseId}/decisions", {"json": decision}
    yield "POST", "/v1/cases/{caseId}/decisions", {"json": {**decision, "reason": "no"}}
    yield "POST", "/v1/cases/none/decisions", {"json": decision}
    yield "POST", "/v1/cases/{caseId}/decisions", {"json": {**decision, "actions": [{"type": 1}]}}
    yield "POST", "/v1/cases/{caseId}/approve", {}
    yield "POST", "/v1/cases/{caseId}/approve", {"json": {"approve": False, "reason": "why?"}}
    yield "POST", "/v1/cases/none/approve", {}
    undecided = {"conclusion": "inconclusive", "reason": "nobody knows"}
    yield "POST", "/v1/cases/{caseId}/decisions", {"json": undecided}
    yield "GET", "/v1/cases/{caseId}", {}
    yield "POST", "/v1/cases", OF_THE_ALERT
    yield "POST", "/v1/cases", {"json": {"alertIds": ["none"]}}
    yield "POST", "/v1/cases", {"json": {"alertIds": []}}


def desk_questions() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """What is asked of the work on a case."""
    steps: dict[str, dict[str, Any]] = {
        "assign": {"assignee": None},
        "triage": {"priority": 2, "note": "two phones"},
        "snooze": {"until": spelled(NOW + timedelta(days=1)), "reason": "later"},
        "comments": {"text": "I called."},
        "attachments": {"name": "a.txt", "mediaType": "text/plain", "content": "YQ=="},
        "appeal": {"reason": "no"},
        "reopen": {"reason": "new evidence"},
    }
    for name, body in steps.items():
        yield "POST", f"/v1/cases/{{caseId}}/{name}", {"json": body}
        yield "POST", f"/v1/cases/none/{name}", {"json": body}
        yield "POST", f"/v1/cases/{{caseId}}/{name}", {"json": {**body, "more": 1}}
    stale = {"json": steps["triage"], "headers": {"If-Match": '"1"'}}
    yield "POST", "/v1/cases/{caseId}/triage", stale
    yield "POST", "/v1/cases:next", {}
    yield "POST", "/v1/cases/{caseId}/assign", {"json": {"assignee": None}}
    yield "GET", "/v1/cases/{caseId}/events?cursor=odd", {}
    for what in ("events", "verify", "effect?reverse=true", "report", "report?format=pdf"):
        yield "GET", f"/v1/cases/{{caseId}}/{what}", {}
    for what in ("events", "verify", "effect", "report", "attachments/none"):
        yield "GET", f"/v1/cases/none/{what}", {}
    yield "GET", "/v1/cases/{caseId}/attachments/{attachmentId}", {}
    silence = {"code": "score_freeze", "until": spelled(NOW + timedelta(days=1)), "reason": "known"}
    yield "POST", "/v1/members/step-4/silences", {"json": silence}
    yield "POST", "/v1/members/nobody/silences", {"json": silence}
    yield "POST", "/v1/members/step-4/silences", {"json": {**silence, "until": spelled(START)}}
    yield "POST", "/v1/members/step-4/silences", {"json": {**silence, "code": "luck"}}
    yield "GET", "/v1/members/step-4/silences", {}
    yield "DELETE", "/v1/members/step-4/silences/score_freeze", {}
    yield "DELETE", "/v1/members/step-4/silences/score_freeze", {}


def template(method: str, path: str) -> str:
    """The path of the document that a path is one of."""
    asked = path.partition("?")[0].replace(":", "/:").split("/")
    for known in DOCUMENT["paths"]:
        parts = known.replace(":", "/:").split("/")
        fits = all(p == a or p.startswith("{") for p, a in zip(parts, asked, strict=False))
        if fits and len(parts) == len(asked) and method.lower() in DOCUMENT["paths"][known]:
            return known
    raise LookupError(f"{method} {path}")


def ids_in(method: str, known: str, answer: Response) -> dict[str, str]:
    """The ids in an answer that later questions name."""
    if not answer.is_success:
        return {}
    if known == "/v1/events/rejected":
        return {"rejectedId": answer.json()["items"][0]["rejectedId"]}
    if known.endswith("/page-links") and answer.status_code == 201:
        return {"token": answer.json()["url"].removeprefix("/m/")}
    if (known, method) == ("/v1/cases", "GET"):
        return {"caseId": answer.json()["items"][0]["caseId"]}
    if known.endswith("/attachments"):
        return {"attachmentId": answer.json()["attachments"][0]["attachmentId"]}
    if known == "/v1/fraud/alerts" and answer.json()["items"]:
        return {"alertId": answer.json()["items"][0]["alertId"]}
    made = {
        "/v1/keys": ("keyId", 201),
        "/v1/webhooks": ("webhookId", 201),
        "/v1/holds": ("holdId", 201),
        "/v1/fraud/scans": ("scanId", 202),
        "/v1/webhooks/{webhookId}:ping": ("deliveryId", answer.status_code),
    }
    name, status = made.get(known, ("", 0))
    return {name: answer.json()[name]} if answer.status_code == status else {}


async def test_every_route_answers_in_the_shape_that_is_published(
    client: AsyncClient, graph: Graph
) -> None:
    found: list[str] = []
    asked: set[tuple[str, str]] = set()
    names: dict[str, str] = {}

    for method, path, given in questions():
        for name, value in names.items():
            path = path.replace(f"{{{name}}}", value)  # noqa: PLW2901
        sent: dict[str, Any] = given
        if given is OF_THE_ALERT:
            sent = {"json": {"alertIds": [names["alertId"]]}}
        answer = await client.request(method, path, **sent)
        known = template(method, path)
        asked.add((known, method))
        found += answer_faults(method, known, answer)
        names |= ids_in(method, known, answer)
        if "scanId" in ids_in(method, known, answer):
            await show_alone(graph, [alert(["step-3"])])

    assert found == []
    assert asked == {(path, method) for path, method, _ in operations(DOCUMENT)}


async def test_without_a_key_the_answer_is_a_published_problem(client: AsyncClient) -> None:
    del client.headers["Authorization"]

    found = [
        fault
        for path, method, _ in operations(DOCUMENT)
        if path not in OPEN
        for fault in answer_faults(method, path, await client.request(method, path))
    ]

    assert found == []


def test_every_route_but_the_probes_and_signed_links_names_its_scope() -> None:
    app = create_app(Settings.model_construct())

    named = {path for _, path in scopes_of(app)}

    assert named >= set(DOCUMENT["paths"]) - OPEN
    assert not named & OPEN
    assert [
        path for path, _, op in operations(DOCUMENT) if ("security" in op) == (path in OPEN)
    ] == []


def all_faults(root: type[ServiceError] = ServiceError) -> Iterator[type[ServiceError]]:
    """Every class of the error tree."""
    yield root
    for below in root.__subclasses__():
        yield from all_faults(below)


def test_every_route_of_the_api_names_the_errors_of_the_door() -> None:
    door = {fault.code for fault in all_faults() if fault.__module__ in DOOR}

    missing: list[tuple[str, str, str]] = []
    for path, method, op in operations(DOCUMENT):
        published = {code for one in op["responses"].values() for code in codes_of(one)}
        expected = door if "requestBody" in op else door - {BodyTimeout.code}
        if path in OPEN:
            expected = expected - {KeysUnknown.code, TooManyWrongKeys.code}
        if path.startswith("/v1/"):
            missing += [(method, path, code) for code in sorted(expected - published)]

    assert len(door) >= 6
    assert missing == []


def test_every_event_type_has_a_schema_that_tells_it_from_the_others() -> None:
    joined = event("member.joined", "e", START, {"memberId": "m"})

    mapping = DOCUMENT["components"]["schemas"]["Event"]["discriminator"]["mapping"]

    assert set(mapping) == set(DATA)
    reference = {"$ref": "#/components/schemas/Event"}
    assert faults(reference, joined) == []
    assert faults(reference, {**joined, "type": "order.paid"}) != []
    assert faults(reference, {**joined, "data": {}}) != []


def test_the_comparison_sees_a_field_that_is_not_published_and_one_that_is_missing() -> None:
    reference = {"$ref": "#/components/schemas/Health"}

    assert faults(reference, {"status": "ok"}) == []
    assert faults(reference, {"status": "ok", "more": 1}) != []
    assert faults(reference, {}) != []


def test_every_reference_of_the_document_leads_somewhere() -> None:
    def references(content: object) -> Iterator[str]:
        if isinstance(content, dict):
            for name, value in content.items():  # pyright: ignore[reportUnknownVariableType]
                if name == "$ref":
                    yield str(value)  # pyright: ignore[reportUnknownArgumentType]
                yield from references(value)  # pyright: ignore[reportUnknownArgumentType]
        elif isinstance(content, list):
            for value in content:  # pyright: ignore[reportUnknownVariableType]
                yield from references(value)  # pyright: ignore[reportUnknownArgumentType]

    known = {f"#/components/schemas/{name}" for name in DOCUMENT["components"]["schemas"]}

    assert set(references(DOCUMENT)) <= known
