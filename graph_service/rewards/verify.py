"""Do head counts and sales as kept equal a recount of everything?"""

from collections import defaultdict
from dataclasses import dataclass

from graph_service.attribution.touches import read_journeys
from graph_service.graph.session import Graph
from graph_service.plans.timeline import Plans, split_by_plan
from graph_service.referrals.sales import AMOUNTS, Sale, sales_changes
from graph_service.referrals.verify import Difference, compare_sales, recount_heads
from graph_service.rewards.orders import BOOKED_TOGETHER, journey_sales


@dataclass(frozen=True)
class Verification:
    """What was recounted, and every difference."""

    members: int
    orders: int
    months: int
    differences: tuple[Difference, ...]


async def verify_teams(graph: Graph, plans: Plans) -> Verification:
    """Recount every team and attribute every order anew; cost: reads the whole graph once."""
    members, differences = await recount_heads(graph)
    sums: defaultdict[str, list[int]] = defaultdict(lambda: [0] * len(AMOUNTS))
    orders, after = 0, ""
    while True:
        rows = await graph.read("attribution/list_orders", after=after, limit=BOOKED_TOGETHER)
        order_ids = rows[0]["orderIds"]
        if not order_ids:
            break
        orders, after = orders + len(order_ids), order_ids[-1]
        sales: list[Sale] = []
        for plan, under in await split_by_plan(graph.read, order_ids, plans):
            journeys = await read_journeys(graph.read, under, plan.program)
            for journey in journeys.values():
                sales += journey_sales(journey, plan)
        for row in await sales_changes(graph.read, [], sales):
            for i, name in enumerate(AMOUNTS):
                sums[row["salesMonthId"]][i] += row[name]
    months, of_sales = await compare_sales(graph, sums)
    return Verification(members, orders, months, (*differences, *of_sales))
