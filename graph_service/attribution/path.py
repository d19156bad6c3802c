"""The propagation path: step by step from the origin to the one who closed the order."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from graph_service.attribution.touches import (
    MICROS_PER_DAY,
    Journey,
    Order,
    Step,
)
from graph_service.clock import from_micros
from graph_service.graph.session import Read

# Of a share, when it was clicked (us), oldest first, and by whom.
Clicked = tuple[Sequence[int], Sequence[str]]
Clicks = Mapping[str, Clicked]
NO_CLICKS: Clicked = ((), ())
# In the place of everybody who is held; the same mark as in cypher/attribution/read_clicks.
HELD = "\x02"


@dataclass(frozen=True)
class PathStep:
    """One step of a person. times in us.

    share_ids: the step's shares, nearest to the closer last. clicks: click events on them in the
    window. cleared: distinct people whose first click on the path was on them.
    """

    position: int
    member_id: str
    person_id: str
    share_ids: tuple[str, ...]
    shared_at: int | None
    clicks: int
    cleared: int
    excluded: Literal["buyer", "frozen"] | None


@dataclass(frozen=True)
class Path:
    """The steps, origin first; truncated: what came before the first is not known."""

    steps: tuple[PathStep, ...]
    truncated: bool


@dataclass(frozen=True)
class KeyNode:
    """A step that mattered, and why in words."""

    member_id: str
    position: int
    why: str


async def read_paths(read: Read, journeys: Mapping[str, Journey]) -> dict[str, Path]:
    """The paths of these journeys, by order id; the clicks on a share are read once for all."""
    share_ids = {
        share.share_id
        for journey in journeys.values()
        for step in _group(journey)
        for share in step
    }
    clicks: dict[str, Clicked] = {}
    if share_ids:
        spans = [_window(journey) for journey in journeys.values()]
        rows = await read(
            "attribution/read_clicks",
            shareIds=sorted(share_ids),
            opens=from_micros(min(opens for opens, _ in spans)),
            closes=from_micros(max(closes for _, closes in spans)),
        )
        clicks = {row["shareId"]: in_time(row["times"], row["people"]) for row in rows}
    return {order_id: path_of(journey, clicks) for order_id, journey in journeys.items()}


def in_time(times: Sequence[int], people: Sequence[str]) -> Clicked:
    """The clicks on a share, oldest first."""
    order = sorted(range(len(times)), key=times.__getitem__)
    return [times[i] for i in order], [people[i] for i in order]


def _window(journey: Journey) -> tuple[int, int]:
    paid_at = journey.order.paid_at
    return paid_at - journey.program.window_days * MICROS_PER_DAY, paid_at


def _group(journey: Journey) -> list[list[Step]]:
    """The chain from the origin on, neighbouring shares of one person together."""
    groups: list[list[Step]] = []
    before: str | None = None
    for share in reversed(journey.chain.shares) if journey.chain else ():
        if share.member_id is None:
            continue
        person_id = journey.standings[share.member_id].person_id
        if person_id == before:
            groups[-1].append(share)
        else:
            groups.append([share])
        before = person_id
    return groups


def path_of(journey: Journey, clicks: Clicks) -> Path:
    """The path of a journey. clicks: on the shares of its chain, at least those in its window."""
    chain = journey.chain
    if chain is None:
        return Path(_single_step(journey), truncated=False)
    groups = _group(journey)
    counts, cleared = _count(groups, clicks, _window(journey), _people(journey, groups))
    if journey.order.held:
        # The order itself is not cleared: nobody was brought to it, until the hold is lifted.
        cleared = [0] * len(groups)
    steps = tuple(
        PathStep(
            position=i + 1,
            member_id=_member(group),
            person_id=journey.standings[_member(group)].person_id,
            share_ids=tuple(share.share_id for share in group),
            shared_at=group[-1].created_at,
            clicks=counts[i],
            cleared=cleared[i],
            excluded=journey.excluded(_member(group)),
        )
        for i, group in enumerate(groups)
    )
    return Path(steps, truncated=chain.more or chain.shares[-1].member_id is None)


def _member(group: Sequence[Step]) -> str:
    member_id = group[-1].member_id
    assert member_id is not None, "shares without a creator are left out of groups"
    return member_id


def _people(journey: Journey, groups: list[list[Step]]) -> set[str]:
    """Whose clicks never count: the buyer's, those of steps, and of everybody who is held."""
    steps = {journey.standings[_member(group)].person_id for group in groups}
    return steps | {journey.order.person_id, HELD}


def _count(
    groups: list[list[Step]], clicks: Clicks, window: tuple[int, int], never: set[str]
) -> tuple[list[int], list[int]]:
    """Per step, the click events in the window, and the people who came first through it."""
    opens, closes = window
    counts, cleared = [0] * len(groups), [0] * len(groups)
    found: list[tuple[str, int, Clicked]] = []
    for i, group in enumerate(groups):
        for share in group:
            times, people = clicks.get(share.share_id, NO_CLICKS)
            start, end = bisect_right(times, opens), bisect_right(times, closes)
            if start < end:
                counts[i] += end - start
                found.append((share.share_id, i, (times[start:end], people[start:end])))
    if len(found) == 1:
        _, i, (_, people) = found[0]
        cleared[i] = len(set(people).difference(never))
        return counts, cleared
    first: dict[str, tuple[int, int]] = {}
    # Of clicks at one moment the one on the share of the least id was first.
    for _, i, (times, people) in sorted(found):
        # Backwards, so that a person's earliest click on the share is what stays.
        for person_id, at in dict(zip(reversed(people), reversed(times), strict=True)).items():
            before = first.get(person_id)
            if before is None or at < before[0]:
                first[person_id] = (at, i)
    for person_id, (_, i) in first.items():
        cleared[i] += person_id not in never
    return counts, cleared


def _single_step(journey: Journey) -> tuple[PathStep, ...]:
    """Without a touch the path is the coupon's owner or the inviter, who shared nothing."""
    if not journey.credits:
        return ()
    member_id = journey.credits[0].member_id
    standing = journey.standings.get(member_id)
    return (
        PathStep(
            position=1,
            member_id=member_id,
            person_id=member_id if standing is None else standing.person_id,
            share_ids=(),
            shared_at=None,
            clicks=0,
            cleared=0,
            excluded=journey.excluded(member_id),
        ),
    )


def key_nodes(order: Order, path: Path) -> list[KeyNode]:
    """The origin, the closer and the step that brought most people, each with its reason."""
    steps = path.steps
    if not steps:
        return []
    total = sum(step.cleared for step in steps)
    reasons: dict[int, list[str]] = {1: ["first known step"], len(steps): []}
    reasons[len(steps)].append(f"closed order {order.order_id}")
    best = max(steps, key=lambda step: (step.cleared, -step.position))
    if best.cleared:
        reasons.setdefault(best.position, []).append(
            f"brought {best.cleared} of {total} people, more than any other step"
        )
    return [
        KeyNode(steps[position - 1].member_id, position, "; ".join(reasons[position]))
        for position in sorted(reasons)
    ]
