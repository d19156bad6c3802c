"""How long a decision takes, beside a bare question to the database.

uv run python -m tests.payouts.measure URL KEY [REQUESTS]

Against a service whose data folder is the one of the settings: it asks the graph for the heaviest
payees and for others at random, then the service to decide on each, alone and four at a time.
"""

import asyncio
import json
import sys
from random import Random
from time import perf_counter

from httpx2 import AsyncClient

from graph_service.graph.opening import open_graph, settings_for
from graph_service.graph.session import Graph
from graph_service.settings import Settings
from tests.conftest import Database

HEAVY, CALLERS = 50, 4
PAYEES = """
MATCH (p:LedgerPayee) WHERE NOT p.payeeId STARTS WITH '\\t'
RETURN p.payeeId AS id, p.number AS entries ORDER BY entries DESC
"""


def at(times: list[float], share: float) -> float:
    """The time (ms) within which this share of requests were answered."""
    return round(1_000 * sorted(times)[min(len(times) - 1, int(share * len(times)))], 1)


async def decided(client: AsyncClient, member_id: str) -> float:
    started = perf_counter()
    wanted = {"memberId": member_id, "amountMinor": 10_000, "currency": "CNY"}
    answer = await client.post("/v1/payouts:decide", json=wanted)
    assert answer.status_code == 200, answer.text
    return perf_counter() - started


async def asked_barely(graph: Graph, requests: int) -> list[float]:
    """What the way to the database takes by itself."""
    times = list[float]()
    for _ in range(requests):
        started = perf_counter()
        await graph.read("graph/check_health")
        times.append(perf_counter() - started)
    return times


async def measured(client: AsyncClient, member_ids: list[str], callers: int) -> dict[str, float]:
    waiting, times = list(member_ids), list[float]()

    async def call() -> None:
        while waiting:
            times.append(await decided(client, waiting.pop()))

    started = perf_counter()
    await asyncio.gather(*(call() for _ in range(callers)))
    spent = perf_counter() - started
    return {
        "requests": len(times),
        "callers": callers,
        "p50Ms": at(times, 0.5),
        "p99Ms": at(times, 0.99),
        "maxMs": at(times, 1),
        "perSecond": round(len(times) / spent, 1),
    }


async def main(url: str, key: str, requests: int) -> None:
    settings = Settings()
    async with open_graph(settings) as opened:
        await asked_barely(opened.graph, 200)
        for _ in range(2):
            times = await asked_barely(opened.graph, requests)
            told = {"bare": "RETURN 1", "p50Ms": at(times, 0.5), "p99Ms": at(times, 0.99)}
            sys.stdout.write(json.dumps(told) + "\n")
        named = settings_for(settings, opened.address) if opened.address else settings
        payees = await asyncio.to_thread(Database(named).query, PAYEES)
    heaviest = payees[:HEAVY]
    told = {
        "payees": len(payees),
        "heaviest": heaviest[0]["entries"],
        "50th": heaviest[-1]["entries"],
    }
    sys.stdout.write(json.dumps(told) + "\n")
    chance = Random(7)
    groups = {
        "at random": [one["id"] for one in chance.choices(payees, k=requests)],
        "heaviest 50": [one["id"] for one in chance.choices(heaviest, k=requests)],
    }
    headers = {"Authorization": f"Bearer {key}"}
    async with AsyncClient(base_url=url, headers=headers, timeout=60) as client:
        for name, members in groups.items():
            await measured(client, members[:200], CALLERS)
            for callers in (1, CALLERS):
                found = await measured(client, members, callers)
                sys.stdout.write(json.dumps({"members": name, **found}) + "\n")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 2_000))
