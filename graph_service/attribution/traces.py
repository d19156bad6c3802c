"""What the attribution of many orders rests on: read in one round trip, the rest is computed."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from graph_service.attribution.models import Program
from graph_service.attribution.path import Path, in_time, path_of
from graph_service.attribution.touches import (
    MICROS_PER_DAY,
    SECONDS_PER_DAY,
    Chain,
    Journey,
    Order,
    Standing,
    Step,
    journey_of,
)
from graph_service.graph.session import Read, Row

# As many reshares as cypher/attribution/read_traces walks.
RESHARES_MAX = 512


class Trace(NamedTuple):
    """An order's journey, and the path that follows its last touch."""

    journey: Journey
    path: Path


class _Share(NamedTuple):
    step: Step
    parent_id: str | None


async def read_traces(read: Read, order_ids: Sequence[str], window_days: int) -> Row:
    """What is stored about those of these orders that were paid; `traces_of` makes sense of it.

    window_days: the longest that any of them may be under.
    """
    rows = await read(
        "attribution/read_traces",
        orderIds=sorted(set(order_ids)),
        windowSeconds=window_days * SECONDS_PER_DAY,
    )
    return rows[0]


def traces_of(found: Row, rules_of: Callable[[Order], Program]) -> Iterator[Trace]:
    """The orders of what was read, each by its rules; the same as read_journeys, read_paths.

    rules_of: what an order is under; no window longer than what was read.
    """
    shares = {
        share_id: _Share(Step(share_id, created_at, member_id), parent_id)
        for share_id, created_at, member_id, parent_id in found["shares"]
    }
    creators = {share_id: share.step.member_id for share_id, share in shares.items()}
    standings = {
        member_id: Standing(person_id, status == "frozen")
        for member_id, person_id, status in found["standings"]
    }
    clicks = {share_id: in_time(times, people) for share_id, times, people in found["clicks"]}
    for row in found["orders"]:
        order = Order(*row[:-2])
        rules = rules_of(order)
        touched = _touched(order, row[-2], row[-1], rules)
        journey = journey_of(
            order,
            touched,
            rules=rules,
            creators=creators,
            chain=_chain(shares, touched[-1][1]) if touched else None,
            standings=standings,
        )
        yield Trace(journey, path_of(journey, clicks))


def _touched(
    order: Order, share_ids: Sequence[str], times: Sequence[Any], rules: Program
) -> list[tuple[int, str]]:
    """The touches in the window of these rules as (us, share), oldest first."""
    opens = order.paid_at - rules.window_days * MICROS_PER_DAY
    touched = [(at, one) for at, one in zip(times, share_ids, strict=True) if at > opens]
    if order.share_id is not None:
        touched.append((order.paid_at, order.share_id))
    touched.sort()
    return touched


def _chain(shares: Mapping[str, _Share], closer_id: str) -> Chain:
    steps: list[Step] = []
    current: str | None = closer_id
    while current is not None and len(steps) <= RESHARES_MAX:
        share = shares[current]
        steps.append(share.step)
        current = share.parent_id
    return Chain(tuple(steps), more=current is not None)
