"""The command that posts malls which nobody has seen to a service, and judges its alerts."""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote, urlencode

import httpcore2
import orjson
import typer
from rich.console import Console

from graph_service.errors import GraphTimeout, Invalid, NotFound, ServiceError
from graph_service.evaluation.page import printed, write_part
from graph_service.examination.judging import SCORE_MIN, FoundAlert, Judgement, judge, together
from graph_service.examination.report import answer_of, show_judgements
from graph_service.examination.unseen import unseen_world
from graph_service.worlds.diary import Event

# The contract takes 5,000 events and 10 MiB in one request; so many are 1 MB.
BATCH_EVENTS = 2_000
ALERTS_PER_PAGE = 500
MEMBERS_MIN, MEMBERS_MAX = 200, 20_000
SEEDS, CAMOUFLAGES = (1, 2, 3), (0.0, 0.25, 0.5, 0.75)
REQUEST_TIMEOUT_S, SCAN_TIMEOUT_S = 120.0, 3_600.0
# The service waits half a minute each time.
BOOKING_TRIES = 60
# A member of no world, whose visit is the last event of each.
BOOKKEEPER_ID = "last-of-all"
POLL_S = 1.0
OK, ACCEPTED, CONFLICT, BUSY, SLOW = 200, 202, 409, (429, 503), 504
RUNNING = "scan_running"
TRIES = 8
DONE, ENDED = "done", ("failed", "cancelled")
words = Console(stderr=True)


class ServiceRefused(ServiceError):
    """The service under examination answered something else than its contract says."""

    status, code = 502, "service_refused"


# Method, path with its query, and body; the status and what the answer holds.
Ask = Callable[[str, str, object], tuple[int, Any]]


@dataclass(frozen=True)
class Examinee:
    """A running service. ask: one request; pause: wait so many seconds."""

    ask: Ask
    pause: Callable[[float], None] = time.sleep
    timeout_s: float = SCAN_TIMEOUT_S

    def post(self, events: Sequence[Event]) -> None:
        """Send events in batches and wait until all are booked. Raises if one is rejected."""
        for begin in range(0, len(events), BATCH_EVENTS):
            answer = self._expect(OK, "POST", "/v1/events", events[begin : begin + BATCH_EVENTS])
            if answer["rejected"]:
                bad = next(one for one in answer["results"] if one["status"] == "rejected")
                raise ServiceRefused(f"an event was rejected: {json.dumps(bad)[:500]}")
        self._wait_until_booked(events[-1])

    def _wait_until_booked(self, last: Event) -> None:
        """Send one more event, waiting for it: the oldest facts are booked first, so it is last."""
        for attempt in range(BOOKING_TRIES):
            # A repeat would wait for nothing.
            visit = {"memberId": BOOKKEEPER_ID}
            event = {
                **last,
                "id": f"{last['id']}-{attempt}",
                "type": "member.active",
                "data": visit,
            }
            status, answer = self._patient("POST", "/v1/events?wait=true", [event])
            if status == OK:
                return
            if status != SLOW:
                raise ServiceRefused(f"POST /v1/events?wait=true answered {status}: {answer}")
        raise GraphTimeout("the events are stored, but not booked in time")

    def scan(self) -> None:
        """One full scan, to its end, after one that is under way. Raises if it does not end well.

        The other may have begun before all was booked. Both ends are waited for in one time.
        """
        polls = self._polls()
        path = f"/v1/fraud/scans/{quote(self._begun(polls), safe='')}"
        for _ in polls:
            state = self._expect(OK, "GET", path, None)
            if state["status"] == DONE:
                return
            if state["status"] in ENDED:
                raise ServiceRefused(f"the scan ended as {state['status']}: {json.dumps(state)}")
        raise GraphTimeout(f"the scan did not end within {self.timeout_s:.0f} s")

    def _begun(self, polls: Iterator[None]) -> str:
        """The id of a scan that this began, as soon as no other is under way."""
        for _ in polls:
            status, answer = self._patient("POST", "/v1/fraud/scans", {"mode": "full"})
            if status != CONFLICT or answer.get("code") != RUNNING:
                begun = _expected(ACCEPTED, "POST /v1/fraud/scans", status, answer)
                return str(begun["scanId"])
        raise GraphTimeout(f"another scan did not end within {self.timeout_s:.0f} s")

    def _polls(self) -> Iterator[None]:
        """At once and after each pause, until the time is over."""
        waited_s = 0.0
        while waited_s <= self.timeout_s:
            yield
            self.pause(POLL_S)
            waited_s += POLL_S

    def alerts(self) -> Iterator[FoundAlert]:
        """All alerts from the default threshold up."""
        query: dict[str, str] = {"minScore": str(SCORE_MIN), "limit": str(ALERTS_PER_PAGE)}
        while True:
            page = self._expect(OK, "GET", f"/v1/fraud/alerts?{urlencode(query)}", None)
            for one in page["items"]:
                yield FoundAlert(str(one["kind"]), tuple(one["memberIds"]), float(one["score"]))
            cursor = page.get("nextCursor")
            if not cursor:
                return
            query["cursor"] = str(cursor)

    def _expect(self, expected: int, method: str, path: str, content: object) -> Any:
        return _expected(expected, f"{method} {path}", *self._patient(method, path, content))

    def _patient(self, method: str, path: str, content: object) -> tuple[int, Any]:
        """What is answered, in the end, by a service that may be busy at first."""
        status, answer = self.ask(method, path, content)
        for attempt in range(TRIES):
            if status not in BUSY:
                break
            self.pause(0.2 * 2**attempt)
            status, answer = self.ask(method, path, content)
        return status, answer


def _expected(expected: int, asked: str, status: int, answer: Any) -> Any:
    if status == expected:
        return answer
    raise ServiceRefused(f"{asked} answered {status}, not {expected}: {json.dumps(answer)[:500]}")


def examine_over_http(
    examinee: Examinee,
    *,
    members: int,
    seeds: Sequence[int],
    camouflages: Sequence[float],
    told: Callable[[str], None] = lambda _: None,
) -> dict[float, Judgement]:
    """The judgement at each camouflage of a service whose graph is empty.

    A service has one graph, so each world comes on top of those before: no two share a member, an
    order, a share, a shop or a token, all end on one day, and only alerts that name members of the
    newest are judged. What the service compares with is then all worlds so far; for one world in
    its own graph, give one seed and one camouflage to a new service.
    """
    _expect_empty(examinee)
    found: dict[float, Judgement] = {}
    for camouflage in camouflages:
        judged: list[Judgement] = []
        for seed in seeds:
            # Another seed at each camouflage: a seed's ids are in the graph only once.
            world = unseen_world(members, seed_at(seed, camouflage), camouflage=camouflage)
            told(f"camouflage {camouflage}, seed {seed}: {len(world.events):,} events")
            examinee.post(world.events)
            told("scanning")
            examinee.scan()
            judged.append(judge(world, examinee.alerts()))
        found[camouflage] = together(judged)
    return found


def _expect_empty(examinee: Examinee) -> None:
    if next(examinee.alerts(), None) is not None:
        raise Invalid("the service holds alerts already; examine one with an empty graph")


def seed_at(seed: int, camouflage: float) -> int:
    """The seed of the world that is posted for this one at this camouflage."""
    return seed * 1_009 + round(camouflage * 1_000)


def http_ask(pool: httpcore2.ConnectionPool, url: str, key: str) -> Ask:
    """Requests to a service at an address, with an API key."""
    base = url.rstrip("/")
    timeout = dict.fromkeys(("connect", "read", "write", "pool"), REQUEST_TIMEOUT_S)

    def ask(method: str, path: str, content: object) -> tuple[int, Any]:
        headers: dict[str | bytes, str | bytes] = {
            "Authorization": f"Bearer {key}",
            "Content-Type": "application/json",
        }
        body = None if content is None else orjson.dumps(content)
        try:
            answer = pool.request(
                method,
                base + path,
                headers=headers,
                content=body,
                extensions={"timeout": timeout},
            )
        except (httpcore2.NetworkError, httpcore2.TimeoutException) as fault:
            raise ServiceRefused(f"{base} does not answer: {fault}") from fault
        try:
            return answer.status, orjson.loads(answer.content)
        except orjson.JSONDecodeError:
            return answer.status, {"detail": answer.content[:200].decode("utf-8", "replace")}

    return ask


def examine(
    *,
    url: Annotated[str, typer.Option(help="Where the service listens; its graph is empty.")],
    key: Annotated[
        str,
        typer.Option(
            envvar="GRAPH_SERVICE_BOOTSTRAP_API_KEY",
            help="An API key with events:write and risk:decide.",
        ),
    ],
    members: Annotated[
        int, typer.Option(min=MEMBERS_MIN, max=MEMBERS_MAX, help="Members of each world.")
    ] = 10_000,
    seeds: Annotated[
        list[int] | None, typer.Option("--seed", help="A world; several may be.")
    ] = None,
    camouflages: Annotated[
        list[float] | None, typer.Option("--camouflage", min=0.0, max=1.0, help="0 to 1.")
    ] = None,
    write: Annotated[
        Path | None,
        typer.Option(metavar="PAGE", help="Page to put this part into: docs/fraud-quality.md."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Post malls that nobody has seen to a running service, and judge its alerts.

    Of what is planted, how much is found, by the right kind and by any; how many alerts are false;
    how many honest members are accused. A scan that is under way is waited for.
    """
    if write is not None and not write.parent.is_dir():
        raise NotFound(f"there is no folder {write.parent}")
    seeds, camouflages = seeds or list(SEEDS), camouflages or list(CAMOUFLAGES)
    with httpcore2.ConnectionPool() as pool:
        found = examine_over_http(
            Examinee(http_ask(pool, url, key)),
            members=members,
            seeds=seeds,
            camouflages=camouflages,
            told=words.print,
        )
    if as_json:
        typer.echo(json.dumps(answer_of(found)))
    else:
        show_judgements(found, Console())
    if write is not None:
        worlds = [f"--seed {one}" for one in seeds]
        worlds += [f"--camouflage {one:g}" for one in camouflages]
        write_part(
            write,
            "examine",
            "Malls by another hand, over HTTP",
            f"graph-service examine --url URL --members {members} {' '.join(worlds)}",
            printed(lambda console: show_judgements(found, console)),
        )
