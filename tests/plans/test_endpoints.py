"""Plans over HTTP."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from httpx2 import AsyncClient

from graph_service.plans.document import Plan, seed_plan
from graph_service.plans.versions import document_of
from graph_service.settings import Settings
from tests.conftest import client_of
from tests.worlds import NOW, START, event, order_data, spelled

pytestmark = pytest.mark.anyio
PLAN: dict[str, Any] = {"version": "launch", "title": "Launch", "ladder": {"steps": []}}
YAML = {"Content-Type": "application/yaml"}


async def test_a_plan_is_put_read_and_activated(client: AsyncClient) -> None:
    put = await client.put("/v1/plans/launch", json=PLAN)
    again = await client.put("/v1/plans/launch", json={**PLAN, "currency": "CNY"})
    before = await client.get("/v1/plans/launch")
    activated = await client.post("/v1/plans/launch:activate")
    twice = await client.post("/v1/plans/launch:activate", json={})

    assert [one.status_code for one in (put, again, before)] == [201, 200, 200]
    assert put.json() == again.json() == before.json()
    assert before.json()["document"] == document_of(Plan.model_validate(PLAN))
    assert (before.json()["activatedAt"], before.json()["inForce"]) == (None, False)
    assert activated.json()["inForce"]
    assert activated.json()["activatedAt"] == activated.json()["activeFrom"]
    assert activated.json() == twice.json()


async def test_a_document_read_can_be_put_again(client: AsyncClient) -> None:
    document = (await client.get("/v1/plans/seed-1")).json()["document"]

    answer = await client.put("/v1/plans/seed-2", json={**document, "version": "seed-2"})

    assert answer.status_code == 201
    assert {**answer.json()["document"], "version": "seed-1"} == document


async def test_yaml_is_taken_as_well(client: AsyncClient) -> None:
    text = "version: y\nteam: {rate: 0.02}"

    answer = await client.put("/v1/plans/y?lang=en", content=text, headers=YAML)

    assert answer.status_code == 201
    codes = [one["code"] for one in answer.json()["warnings"]]
    assert codes == ["pays_for_downline_sales", "pays_three_levels_or_more"]
    assert "article 7" in answer.json()["warnings"][0]["text"]


async def test_other_content_under_a_version_is_refused(client: AsyncClient) -> None:
    await client.put("/v1/plans/launch", json=PLAN)

    other = await client.put("/v1/plans/launch", json={**PLAN, "zone": "UTC"})
    seed = await client.put("/v1/plans/seed-1", json={"version": "seed-1"})

    assert (other.status_code, other.json()["code"]) == (409, "plan_exists")
    assert seed.status_code == 409


@pytest.mark.parametrize(
    ("body", "places"),
    [
        ({**PLAN, "version": "other"}, ["body.version"]),
        ({**PLAN, "base": {"otherRate": "2"}, "bonus": 1}, ["body.base.otherRate", "body.bonus"]),
        ({**PLAN, "team": {"depth": 0}}, ["body.team.depth"]),
        ([], ["body"]),
    ],
)
async def test_a_plan_is_refused_as_a_whole_with_every_place(
    client: AsyncClient, body: object, places: list[str]
) -> None:
    answer = await client.put("/v1/plans/launch", json=body)

    assert answer.status_code == 422
    assert [one["place"] for one in answer.json()["errors"]] == places
    assert (await client.get("/v1/plans/launch")).status_code == 404


async def test_another_media_type_is_refused(client: AsyncClient) -> None:
    text = {"Content-Type": "text/plain"}

    assert (await client.put("/v1/plans/x", content="x", headers=text)).status_code == 415
    assert (await client.put("/v1/plans/x", content="{", headers=YAML)).status_code == 400


async def test_only_admins_change_plans(client: AsyncClient) -> None:
    wanted = {"name": "reader", "scopes": ["read"]}
    key = (await client.post("/v1/keys", json=wanted)).json()["key"]
    reader = {"Authorization": f"Bearer {key}"}

    put = await client.put("/v1/plans/launch", json=PLAN, headers=reader)
    activate = await client.post("/v1/plans/seed-1:activate", headers=reader)
    read = await client.get("/v1/plans", headers=reader)

    assert [one.status_code for one in (put, activate, read)] == [403, 403, 200]


async def test_plans_are_listed_page_by_page(client: AsyncClient) -> None:
    for version in ("a", "t"):
        await client.put(f"/v1/plans/{version}", json={"version": version})

    first = (await client.get("/v1/plans?limit=2")).json()
    rest = (await client.get(f"/v1/plans?limit=2&cursor={first['nextCursor']}")).json()

    assert [one["version"] for one in first["items"] + rest["items"]] == ["a", "seed-1", "t"]
    assert [one["inForce"] for one in first["items"]] == [False, True]


async def test_a_second_process_and_one_that_restarts_follow(
    client: AsyncClient, settings: Settings
) -> None:
    await client.put("/v1/plans/launch", json=PLAN)

    async with client_of(settings, lambda: NOW) as other:
        await client.post("/v1/plans/launch:activate")
        for _ in range(40):
            if (await other.get("/v1/plans/launch")).json()["inForce"]:
                break
            await asyncio.sleep(0.05)
        followed = (await other.get("/v1/plans/launch")).json()
    async with client_of(settings, lambda: NOW) as restarted:
        found = (await restarted.get("/v1/plans/launch")).json()

    assert followed["inForce"]
    assert found == followed


async def test_an_order_is_answered_under_the_plan_of_its_time(client: AsyncClient) -> None:
    await client.put("/v1/plans/launch", json=PLAN)
    since = START + timedelta(days=10)
    events = [
        event("order.paid", f"o{day}", START + timedelta(days=day), order_data(f"o{day}", "m", 5))
        for day in (9, 11)
    ]
    await client.post("/v1/events?wait=true", json=events)

    await client.post("/v1/plans/launch:activate", json={"from": spelled(since)})

    found = (await client.post("/v1/attributions:batch", json={"orderIds": ["o9", "o11"]})).json()
    assert [one["planVersion"] for one in found["items"]] == ["seed-1", "launch"]


async def member_plan(client: AsyncClient, **headers: str) -> dict[str, Any]:
    answer = await client.get("/v1/members/inviter/plan", headers=headers)
    assert answer.status_code == 200
    return answer.json()


def sales(amount_minor: int) -> list[dict[str, Any]]:
    """An inviter who accepted to promote two months ago and sold so much this month."""
    joined = {"memberId": "inviter", "inviterId": "above"}
    promoter = {"memberId": "inviter", "role": "promoter"}
    bound = {"memberId": "buyer", "inviterId": "inviter"}
    return [
        event("member.joined", "j", START, joined),
        event("member.updated", "u", START + timedelta(days=5), promoter),
        event(
            "promoter.accepted",
            "a",
            START + timedelta(days=5),
            {"memberId": "inviter", "inviteId": "i"},
        ),
        event("member.joined", "b", START, bound),
        event("order.paid", "o", NOW - timedelta(hours=1), order_data("o", "buyer", amount_minor)),
    ]


async def test_a_member_hears_the_rules_and_what_the_next_step_brings(client: AsyncClient) -> None:
    await client.post("/v1/events?wait=true", json=sales(4_000_000))

    told = await member_plan(client)

    assert told["ladder"] == {
        "month": "2026-03",
        "promotedSalesMinor": 4_000_000,
        "rate": "0.05",
        "earnedMinor": 200_000,
        "nextAtMinor": 5_000_000,
        "nextRate": "0.08",
        "missingMinor": 1_000_000,
        "nextWouldBringMinor": 50_000,
    }
    assert told["startBonus"] == {"until": "2026-04-05T16:00:00Z", "active": True}
    texts = {one["code"]: one["text"] for one in told["rules"]}
    assert texts["ladder_next"] == (
        "本月已推广 40,000 元，再推广 10,000 元 就到下一档 8%，届时比现在多得 500 元。"
    )
    assert texts["start_bonus"].endswith("到 2026-04-06 为止。")
    assert texts["role_missing"] == "本月个人推广 40,000 元，还差 10,000 元。"
    assert "team_month" in texts
    assert "partner" not in texts
    assert (told["planVersion"], told["role"], told["lang"]) == (
        seed_plan().version,
        "promoter",
        "zh",
    )


@pytest.mark.parametrize(
    ("header", "lang"),
    [
        ("en", "en"),
        ("fr, en-GB;q=0.5", "en"),
        ("en;q=0.2, zh-CN;q=0.9", "zh"),
        ("fr", "zh"),
        ("en;q=odd, *", "zh"),
        ("en;q=0", "zh"),
    ],
)
async def test_the_language_follows_the_reader(client: AsyncClient, header: str, lang: str) -> None:
    await client.post("/v1/events?wait=true", json=sales(1))

    told = await member_plan(client, **{"Accept-Language": header})

    assert told["lang"] == lang


async def test_both_languages_tell_the_same_rules(client: AsyncClient) -> None:
    await client.post("/v1/events?wait=true", json=sales(9_000_000))

    zh, en = [
        (await client.get(f"/v1/members/inviter/plan?lang={lang}")).json() for lang in ("zh", "en")
    ]

    assert [one["code"] for one in zh["rules"]] == [one["code"] for one in en["rules"]]
    assert zh["ladder"] == en["ladder"]
    assert en["ladder"]["nextAtMinor"] is None
    assert "CNY 90,000" in next(one["text"] for one in en["rules"] if one["code"] == "ladder_top")
