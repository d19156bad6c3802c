"""Whatever is given back, in whatever parts and order: what is booked is what the rates give."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from graph_service.ledger.affected import LogFact
from graph_service.plans.timeline import Plans
from tests.properties.cascade import PAID_AT, Cascade, cascades
from tests.properties.cases import arrivals, cases, limits, rules
from tests.properties.memory_log import MemoryLog, shuffled, sums_of

START_BONUS = Fraction("0.2")
cuts_of_amount = st.lists(st.fractions(0, 1, max_denominator=50), max_size=5)
endings = st.sampled_from(["", "whole", "cancelled", "revived", "cancelled early"])


@dataclass(frozen=True)
class Told:
    """A cascade's order and what became of it, in order of arrival."""

    facts: list[LogFact]

    def net_minor(self, count: int) -> int | None:
        """What is left of the order after so many facts; None while it is not known."""
        known = self.facts[:count]
        paid = [one.data["amountMinor"] for one in known if one.type == "order.paid"]
        if not paid:
            return None
        ends = [one for one in known if one.type in ("order.cancelled", "order.completed")]
        if ends and max(ends, key=lambda one: one.time).type == "order.cancelled":
            return 0
        back = [one.data["amountMinor"] for one in known if one.type == "order.refunded"]
        return paid[0] - sum(back)


def refunded(parts: Sequence[int]) -> Iterator[LogFact]:
    """A refund of each of these amounts that is one."""
    for place, amount_minor in enumerate(parts):
        data = {"orderId": "o", "refundId": f"r{place}", "amountMinor": amount_minor}
        if amount_minor:
            yield LogFact(0, "order.refunded", PAID_AT + place, data)


def cut(amount_minor: int, cuts: Sequence[Fraction]) -> list[int]:
    """An amount in parts; the cuts say how much of what is left comes next."""
    parts: list[int] = []
    for one in cuts:
        parts.append(int((amount_minor - sum(parts)) * one))
    return parts


def story(cascade: Cascade, cuts: Sequence[Fraction], ending: str, arrival: int) -> Told:
    """The order, refunds of it and how it ended, in some order of arrival."""
    parts = cut(cascade.amount_minor, cuts)
    if ending == "whole":
        parts.append(cascade.amount_minor - sum(parts))
    facts = [*cascade.facts(), *refunded(parts)]
    order = {"orderId": "o"}
    if ending.startswith("cancelled") or ending == "revived":
        at = PAID_AT + (-1 if ending == "cancelled early" else 100)
        facts.append(LogFact(0, "order.cancelled", at, order))
    if ending == "revived":
        facts.append(LogFact(0, "order.completed", PAID_AT + 200, order))
    return Told(shuffled(facts, arrival))


def rates_give(cascade: Cascade, net_minor: int) -> dict[str, int | Fraction]:
    """What the plan's rates come to by basis, floored for each rule; of the start bonus, the most.

    As `plan_of` in tests/properties/cases.py says.
    """
    sums: defaultdict[tuple[str, bool], int] = defaultdict(int)
    for product_id, category_id, amount_minor in cascade.goods:
        special = product_id == "product-3"
        rule = "special" if special else category_id if category_id in RATES else "other"
        sums[str(rule), category_id == "tea"] += amount_minor
    found: dict[str, int | Fraction] = {"own_sale": 0, "campaign": 0, "reward": Fraction(0)}
    for (rule, launched), amount_minor in sums.items():
        earned = Fraction(net_minor * amount_minor, cascade.amount_minor or 1) * RATES[rule]
        launch = earned / 2 if launched else Fraction(0)
        found["own_sale"] += int(earned)
        found["campaign"] += int(launch) + int((earned + launch) / 10)
        found["reward"] += earned * START_BONUS
    found["influence"] = net_minor * 17 // 1_000
    return found


RATES = {
    "tea": Fraction("0.08"),
    "phone": Fraction("0.03"),
    "special": Fraction("0.31"),
    "other": Fraction("0.013"),
}


@cases
@given(
    cascade=cascades,
    plan=rules,
    cuts=cuts_of_amount,
    ending=endings,
    arrival=arrivals,
    limits=limits,
)
def test_every_sequence_of_refunds_conserves(
    cascade: Cascade,
    plan: Plans,
    cuts: list[Fraction],
    ending: str,
    arrival: int,
    limits: list[int],
) -> None:
    told = story(cascade, cuts, ending, arrival)
    log = MemoryLog(told.facts)

    log.follow(plan, limits)

    booked: defaultdict[str, int] = defaultdict(int)
    entries = iter([*log.entries, None])
    following = next(entries)
    for count in range(1, len(told.facts) + 1):
        while following is not None and following["seq"] == count:
            booked[following["basis"]] += following["amountMinor"]
            following = next(entries)
        net_minor = told.net_minor(count)
        wanted = rates_give(cascade, net_minor or 0)
        assert 0 <= booked["reward"] <= wanted.pop("reward")
        assert {basis: booked[basis] for basis in wanted} == wanted
    assert following is None
    if not told.net_minor(len(told.facts)):
        assert sums_of(log.entries) == {}


@cases
@given(cascade=cascades, plan=rules, cuts=cuts_of_amount, seed=arrivals, limits=limits)
def test_refunds_in_any_parts_and_order_leave_the_same(
    cascade: Cascade, plan: Plans, cuts: list[Fraction], seed: int, limits: list[int]
) -> None:
    parts = cut(cascade.amount_minor, cuts)
    at_one_go = MemoryLog([*cascade.facts(), *refunded([sum(parts)])])
    Random(seed).shuffle(parts)
    in_parts = MemoryLog([*cascade.facts(), *refunded(parts)])

    at_one_go.follow(plan)
    in_parts.follow(plan, limits)

    assert sums_of(in_parts.entries) == sums_of(at_one_go.entries)
