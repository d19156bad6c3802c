"""Credits add up to the order, and the allowance to no more than its pool, on any mall."""

from fractions import Fraction

from hypothesis import given

from graph_service.attribution.path import read_paths
from graph_service.attribution.touches import Journey, read_journeys
from graph_service.ledger.evidence import Then
from graph_service.ledger.lines import PLATFORM, order_lines
from graph_service.plans.document import Plan
from tests.properties.cases import cases, malls, plans
from tests.properties.memory_log import MemoryLog, at_once, facts_of
from tests.worlds import Event
from tests.worlds.settled import settled


def all_told(mall: list[Event]) -> tuple[list[str], Then]:
    """The mall's paid orders, and what is known of them in the end."""
    log = MemoryLog(facts_of(settled(mall)))
    orders = [one.data["orderId"] for one in log.facts if one.type == "order.paid"]
    shares = {one.data["shareId"] for one in log.facts if "shareId" in one.data}
    parents = {one.data["parentShareId"] for one in log.facts if "parentShareId" in one.data}
    return orders, log.then(orders, shares | parents)


def nobody_weighs(journey: Journey) -> Fraction:
    """The part of an order that nobody is credited with: touches whose creator is not known."""
    if journey.basis == "none":
        return Fraction(1)
    unknown = (one.weight for one in journey.touches if one.member_id is None)
    return sum(unknown, Fraction(0))


@cases
@given(mall=malls, plan=plans)
def test_credits_add_up_to_the_order(mall: list[Event], plan: Plan) -> None:
    orders, then = all_told(mall)

    journeys = at_once(read_journeys(then.read, orders, plan.program))

    assert journeys.keys() == set(orders)
    for journey in journeys.values():
        nobody = nobody_weighs(journey)
        weights = [one.weight for one in journey.credits]
        assert sum(weights, nobody) == 1
        for amount_minor in (journey.order.amount_minor, journey.order.net_minor):
            parts = journey.split(amount_minor)
            left = amount_minor - sum(parts)
            floored = amount_minor * nobody.numerator // nobody.denominator
            assert all(part >= 0 for part in parts)
            if journey.decider is None:
                # Nobody decides, so what the floors leave over is nobody's too.
                assert 0 <= left - floored <= len(parts)
            else:
                assert left == floored
        assert [one.amount_minor for one in journey.credits] == journey.split(
            journey.order.amount_minor
        )


@cases
@given(mall=malls, plan=plans)
def test_the_allowance_is_never_over_the_pool(mall: list[Event], plan: Plan) -> None:
    orders, then = all_told(mall)
    journeys = at_once(read_journeys(then.read, orders, plan.program))
    paths = at_once(read_paths(then.read, journeys))

    for order_id, journey in journeys.items():
        lines = order_lines(journey, paths[order_id], then.goods(order_id), plan, {})

        pool_minor = journey.order.net_minor * 17 // 1_000
        owed = [one for one in lines if one.basis == "influence"]
        barred = {step.member_id for step in paths[order_id].steps if step.excluded}
        assert all(one.amount_minor > 0 for one in owed)
        assert sum(one.amount_minor for one in owed) == pool_minor
        assert not barred & {one.payee_id for one in owed if one.payee_id != PLATFORM}
