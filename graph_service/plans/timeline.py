"""Which plan was in force when an order was paid?

An activation says: from this time on this plan, whatever was activated before. So of the
activations that begin at or before a moment the one of the greatest seq speaks, and an order keeps
the plan that was in force when it was paid, also where a late fact has it credited anew.
"""

import asyncio
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from graph_service.clock import from_micros, micros_of
from graph_service.graph.session import Read, Row, Transaction
from graph_service.ingest.facts import Fact
from graph_service.plans.document import Plan

ACTIVATED = "plan.activated"
# Orders that one booking can credit anew because of an activation.
REBOOKED_MAX = 1_000_000


@dataclass(frozen=True)
class Activation:
    """A version and from when on it holds; times in us. seq: None while it is not booked."""

    number: int
    version: str
    starts_at: int
    activated_at: int
    seq: int | None


@dataclass(frozen=True)
class Plans:
    """The plans of all times. activations: those that are booked, in order of seq."""

    seed: Plan
    activations: tuple[tuple[Activation, Plan], ...] = ()

    @cached_property
    def _steps(self) -> tuple[list[int], list[Plan]]:
        """From when on (us) which plan; before the first it is the seed plan."""
        starts, plans = list[int](), list[Plan]()
        for activation, plan in self.activations:
            kept = bisect_right(starts, activation.starts_at - 1)
            starts = [*starts[:kept], activation.starts_at]
            plans = [*plans[:kept], plan]
        return starts, plans

    def known(self, seq: int) -> "Plans":
        """The plans as they were after fact `seq`."""
        if all((one.seq or 0) <= seq for one, _ in self.activations):
            return self
        return Plans(
            self.seed, tuple(pair for pair in self.activations if (pair[0].seq or 0) <= seq)
        )

    def at(self, paid_at: int) -> Plan:
        """The plan in force at a moment (us)."""
        starts, plans = self._steps
        place = bisect_right(starts, paid_at)
        return plans[place - 1] if place else self.seed

    @cached_property
    def holding_rows(self) -> Sequence[Row]:
        """From when on how many days what an order earned is held, for queries; in order."""
        starts, plans = self._steps
        steps = [(0, self.seed), *zip(starts, plans, strict=True)]
        return [{"from": from_micros(at), "days": plan.holding_days} for at, plan in steps]

    @cached_property
    def all(self) -> Sequence[Plan]:
        """Every plan that some order may be under, the seed plan first."""
        return [self.seed, *self._steps[1]]

    @cached_property
    def widest(self) -> Plan:
        """The plan whose touches reach back furthest."""
        return max(self.all, key=lambda plan: plan.window_days_max)


async def read_plans(read: Read, known: Plans) -> Plans:
    """The plans as booked by now. known: what was read before; versions never change."""
    rows = await read("plans/list_activations")
    booked = sorted(
        (
            Activation(
                row["number"], row["version"], row["startsAt"], row["activatedAt"], row["seq"]
            )
            for row in rows
            if row["seq"] is not None
        ),
        key=lambda one: one.seq or 0,
    )
    if booked == [activation for activation, _ in known.activations]:
        return known
    plans = {plan.version: plan for _, plan in known.activations}
    for version in sorted({one.version for one in booked} - plans.keys()):
        document = (await read("plans/read_version", version=version))[0]["document"]
        plans[version] = await asyncio.to_thread(Plan.model_validate_json, document)
    return Plans(known.seed, tuple((one, plans[one.version]) for one in booked))


async def split_by_plan(
    read: Read, order_ids: Iterable[str], plans: Plans
) -> list[tuple[Plan, list[str]]]:
    """These orders by the plan in force when they were paid; reads nothing where there is one."""
    asked = sorted(set(order_ids))
    if len(plans.all) == 1:
        return [(plans.seed, asked)]
    row = (await read("plans/read_paid_times", orderIds=asked))[0]
    groups: dict[str, tuple[Plan, list[str]]] = {}
    for order_id, paid_at in zip(row["orderIds"], row["times"], strict=True):
        plan = plans.at(paid_at)
        groups.setdefault(plan.version, (plan, []))[1].append(order_id)
    return list(groups.values())


async def orders_under_new_plans(transaction: Transaction, facts: Sequence[Fact]) -> set[str]:
    """Orders that these facts may have put under another plan."""
    starts = [micros_of(fact.data["from"]) for fact in facts if fact.type == ACTIVATED]
    if not starts:
        return set()
    rows = await transaction.run(
        "plans/find_orders_since", since=from_micros(min(starts)), limit=REBOOKED_MAX
    )
    return set(rows[0]["orderIds"])
