"""The order in which facts arrive and how the log is cut change no net line and no balance."""

from hypothesis import given

from graph_service.plans.timeline import Plans
from tests.properties.cases import arrivals, cases, limits, malls, rules
from tests.properties.memory_log import MemoryLog, facts_of, shuffled, sums_of
from tests.worlds import NOW, Event, event
from tests.worlds.settled import settled


@cases
@given(mall=malls, rules=rules, one=arrivals, other=arrivals, cuts=limits)
def test_another_order_of_arrival_gives_equal_balances(
    mall: list[Event], rules: Plans, one: int, other: int, cuts: list[int]
) -> None:
    facts = facts_of(settled(mall))
    ledgers = [MemoryLog(shuffled(facts, seed)) for seed in (one, other)]

    for log in ledgers:
        log.follow(rules, cuts)

    assert sums_of(ledgers[0].entries) == sums_of(ledgers[1].entries)


@cases
@given(mall=malls, rules=rules, arrival=arrivals, batches=limits, cuts=limits)
def test_any_cut_of_the_log_gives_the_same_entries(
    mall: list[Event], rules: Plans, arrival: int, batches: list[int], cuts: list[int]
) -> None:
    facts = shuffled(facts_of(settled(mall)), arrival)
    online, replay = MemoryLog(), MemoryLog(facts)
    sizes = batches.copy()

    # One sees only what is stored so far, the other all that comes later.
    while len(online.facts) < len(facts):
        sizes.append(sizes.pop(0))
        online.add(facts[len(online.facts) : len(online.facts) + sizes[-1]])
        online.follow(rules)
    replay.follow(rules, cuts)

    assert online.entries == replay.entries


@cases
@given(mall=malls, rules=rules, arrival=arrivals, cuts=limits)
def test_entries_of_a_cancelled_order_add_up_to_nothing(
    mall: list[Event], rules: Plans, arrival: int, cuts: list[int]
) -> None:
    orders = {one["data"]["orderId"] for one in mall if one["type"] == "order.paid"}
    ended = [
        event("order.cancelled", f"end {order_id}", NOW, {"orderId": order_id})
        for order_id in sorted(orders)
    ]
    log = MemoryLog(shuffled(facts_of([*settled(mall), *ended]), arrival))

    log.follow(rules, cuts)

    assert sums_of(log.entries) == {}
