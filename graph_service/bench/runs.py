"""What is asked, how often, and what is it compared with?"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from random import Random
from time import perf_counter, sleep

from graph_service.bench.bare import Bare
from graph_service.bench.figures import Timed
from graph_service.bench.stage import Service
from graph_service.errors import GraphUnavailable
from graph_service.ids import fact_key
from graph_service.worlds.diary import Event
from graph_service.worlds.showcase import PROMOTERS, SHOWCASE_ORDER

WARM_BATCH = 500
ORDERS_TOGETHER = 1_000
IDS_KEPT = 10_000
SETTLE_S = 0.1
# A ledger that takes longer to catch up with a load is waited for no more (s).
CATCH_UP_S_MAX = 7_200.0
MONTH = "2026-05"
# What the peer of a question is asked.
EMPTY_QUERY = "RETURN 1"
PATH_QUERY = "driver, paths only"

Progress = Callable[[str], None]
Request = tuple[str, str, object]


@dataclass(frozen=True)
class Effort:
    """How much is asked. ingest: events in one request, and requests of one repeat."""

    repeats: int = 3
    warm_events: int = 6_000
    ingest: tuple[tuple[int, int], ...] = ((1, 200), (100, 40), (2_000, 6))
    warm_questions: int = 30
    questions: int = 100
    batches: int = 10

    @property
    def ingested(self) -> int:
        """Events that time_ingest takes; each size is sent with and without waiting."""
        return self.warm_events + 2 * self.repeats * sum(
            size * count for size, count in self.ingest
        )


# Enough to see that everything runs, too little for a figure.
QUICK = Effort(1, 500, ((1, 3), (100, 2), (2_000, 1)), 2, 5, 1)


@dataclass(frozen=True)
class Subjects:
    """About whom and what is asked: a seeded sample of a world, and its showcase."""

    members: Sequence[str]
    orders: Sequence[str]


def subjects_of(events: Iterator[Event], seed: int) -> Subjects:
    """A sample of members and orders, every one as likely (reservoir sampling, Vitter 1985)."""
    dice = Random(seed)  # noqa: S311 (a sample keeps no secret)
    members, orders = _Sample(dice), _Sample(dice)
    for event in events:
        if event["type"] == "member.joined":
            members.see(event["data"]["memberId"])
        elif event["type"] == "order.paid":
            orders.see(event["data"]["orderId"])
    return Subjects([*PROMOTERS, *members.kept], [SHOWCASE_ORDER, *orders.kept])


class _Sample:
    def __init__(self, dice: Random) -> None:
        self.kept: list[str] = []
        self._dice = dice
        self._seen = 0

    def see(self, one: str) -> None:
        self._seen += 1
        if len(self.kept) < IDS_KEPT:
            self.kept.append(one)
        elif (place := int(self._dice.random() * self._seen)) < IDS_KEPT:
            self.kept[place] = one


def time_ingest(
    service: Service, bare: Bare, events: Iterator[Event], world: str, effort: Effort, say: Progress
) -> list[Timed]:
    """Batches of each size, waiting for what is derived or not, beside the driver alone.

    Consecutive events of a world, on a store that grows; the peer writes the same events as rows
    of strings, without any check. events: at least effort.ingested.
    """
    say("warming up")
    for batch in _batches(events, WARM_BATCH, effort.warm_events // WARM_BATCH):
        service.ask("POST", "/v1/events?wait=true", batch)
        bare.write(_rows(batch))
    found: list[Timed] = []
    for size, count in effort.ingest:
        for wait in (False, True):
            what = f"ingest {size:,}{', wait' if wait else ''}"
            say(what)
            path = f"/v1/events{'?wait=true' if wait else ''}"
            runs: list[list[float]] = []
            peer_runs: list[list[float]] = []
            for _ in range(effort.repeats):
                batches = list(_batches(events, size, count))
                runs.append([service.ask("POST", path, batch)[0] for batch in batches])
                _settle(bare)
                peer_runs.append([bare.write(_rows(batch)) for batch in batches])
            found.append(
                Timed(what, world, runs, size, peer="driver, rows only", peer_runs=peer_runs)
            )
    return found


def _settle(bare: Bare) -> None:
    """Wait until nothing is left to be booked, so that the next run does not pay for this one."""
    while bare.pending():
        sleep(SETTLE_S)


def _batches(events: Iterator[Event], size: int, count: int) -> Iterator[list[Event]]:
    for _ in range(count):
        yield list(islice(events, size))


def _rows(batch: Sequence[Event]) -> list[dict[str, str]]:
    return [
        {
            "key": fact_key(event["source"], event["id"]),
            "type": event["type"],
            "time": event["time"],
            "data": json.dumps(event["data"], ensure_ascii=False),
        }
        for event in batch
    ]


def catch_up(bare: Bare, say: Progress) -> tuple[int, float]:
    """How many facts the ledger had to follow, and the seconds until it had.

    Raises GraphUnavailable where it has not within CATCH_UP_S_MAX.
    """
    started, facts = perf_counter(), bare.behind()
    while behind := bare.behind():
        say(f"the ledger has {behind:,} facts to follow")
        if perf_counter() - started > CATCH_UP_S_MAX:
            raise GraphUnavailable(f"the ledger is {behind:,} facts behind its load")
        sleep(SETTLE_S)
    return facts, perf_counter() - started


def time_questions(
    service: Service, bare: Bare, subjects: Subjects, world: str, effort: Effort, say: Progress
) -> list[Timed]:
    """Team, team by level, upline and path, each beside an empty round trip; then batches."""
    members, orders = subjects.members, subjects.orders
    kinds: dict[str, Callable[[int], Request]] = {
        "team": lambda i: ("GET", f"/v1/members/{members[i]}/team?month={MONTH}", None),
        "team, 3 levels": lambda i: (
            "GET",
            f"/v1/members/{members[i]}/team?month={MONTH}&levels=3",
            None,
        ),
        "upline": lambda i: ("GET", f"/v1/members/{members[i]}/upline", None),
        "path and allowance": lambda i: ("GET", f"/v1/orders/{orders[i]}/attribution", None),
    }
    found: list[Timed] = []
    for what, request_of in kinds.items():
        say(what)
        for i in range(effort.warm_questions):
            service.ask(*request_of(i))
            bare.round_trip()
        numbers = range(effort.repeats * effort.questions)
        asked = [
            [request_of(i) for i in numbers[start : start + effort.questions]]
            for start in numbers[:: effort.questions]
        ]
        peers = [bare.round_trip] * effort.questions
        runs, peer_runs = _asked(service, asked, peers)
        found.append(Timed(what, world, runs, peer=EMPTY_QUERY, peer_runs=peer_runs))
    return [*found, _time_batches(service, bare, orders, world, effort, say)]


def _time_batches(
    service: Service,
    bare: Bare,
    orders: Sequence[str],
    world: str,
    effort: Effort,
    say: Progress,
) -> Timed:
    """Attribution of many orders in a call, beside the bare driver that reads their paths alone."""
    count = min(ORDERS_TOGETHER, len(orders))
    what = f"batch attribution, {count:,} orders"
    say(what)
    batches = [_some(orders, i) for i in range(effort.batches)]
    asked: list[Request] = [
        ("POST", "/v1/attributions:batch", {"orderIds": batch}) for batch in batches
    ]
    peers = [partial(bare.paths, batch) for batch in batches]
    # Once all: what is read for the first time comes from the disk.
    _asked(service, [asked], peers)
    runs, peer_runs = _asked(service, [asked] * effort.repeats, peers)
    return Timed(what, world, runs, count, PATH_QUERY, peer_runs)


def _asked(
    service: Service, asked: Sequence[Sequence[Request]], peers: Sequence[Callable[[], float]]
) -> tuple[list[list[float]], list[list[float]]]:
    """For each repeat the seconds of its requests, and what the peers took after them."""
    runs: list[list[float]] = []
    peer_runs: list[list[float]] = []
    for requests in asked:
        runs.append([service.ask(*one)[0] for one in requests])
        peer_runs.append([peer() for peer in peers])
    return runs, peer_runs


def _some(orders: Sequence[str], number: int) -> list[str]:
    start = number * ORDERS_TOGETHER % max(1, len(orders) - ORDERS_TOGETHER)
    return list(orders[start : start + ORDERS_TOGETHER])
