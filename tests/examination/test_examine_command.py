import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpcore2
import pytest
import typer
from typer.testing import CliRunner

from graph_service.errors import GraphTimeout, Invalid, NotFound
from graph_service.examination.unseen import unseen_world
from graph_service.examine_command import (
    BATCH_EVENTS,
    POLL_S,
    Examinee,
    ServiceRefused,
    examine,
    examine_over_http,
    http_ask,
    seed_at,
)

MEMBERS, SEED = 300, 7
PAGE = 2


class FakeService:
    """A service by the contract whose detectors know the truth of every world it may be sent.

    It also accuses, falsely, one honest member of each world. refuses: statuses to answer first.
    """

    def __init__(self, worlds: list[tuple[int, float]], refuses: tuple[int, ...] = ()) -> None:
        self.worlds = [unseen_world(MEMBERS, seed, camouflage=at) for seed, at in worlds]
        self.refuses = list(refuses)
        self.events: dict[str, dict[str, Any]] = {}
        self.batches: list[int] = []
        self.scans: list[int] = []
        self.waited = 0
        self.outcome = "done"
        self.others_scan_asks = 0
        self.alerts: list[dict[str, Any]] = []
        self.rejects = ""

    def ask(self, method: str, path: str, content: Any) -> tuple[int, Any]:
        if self.refuses:
            return self.refuses.pop(0), {"code": "busy"}
        parts = urlsplit(path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if (method, parts.path) == ("POST", "/v1/events"):
            return self._take(content, query)
        if (method, parts.path) == ("POST", "/v1/fraud/scans"):
            assert content == {"mode": "full"}
            if self.others_scan_asks:
                self.others_scan_asks -= 1
                return 409, {"code": "scan_running", "detail": "scan 1 is under way"}
            self.scans.append(0)
            self._scan()
            return 202, {"scanId": f"scan/{len(self.scans)}"}
        if (method, parts.path) == ("GET", f"/v1/fraud/scans/scan%2F{len(self.scans)}"):
            self.scans[-1] += 1
            status = ("queued", "running", self.outcome)[min(self.scans[-1], 3) - 1]
            return 200, {"scanId": "", "status": status, "stage": "", "progress": 0}
        if (method, parts.path) == ("GET", "/v1/fraud/alerts"):
            return self._page(query)
        return 404, {"code": "not_found"}

    def _take(self, events: list[dict[str, Any]], query: dict[str, str]) -> tuple[int, Any]:
        self.batches.append(len(events))
        self.waited += query.get("wait") == "true"
        results = [
            {"id": one["id"], "status": "rejected" if one["type"] == self.rejects else "accepted"}
            for one in events
        ]
        rejected = sum(one["status"] == "rejected" for one in results)
        self.events |= {one["id"]: one for one in events}
        return 200, {"results": results, "accepted": len(events) - rejected, "rejected": rejected}

    def _scan(self) -> None:
        known = {one["data"].get("memberId") for one in self.events.values()}
        self.alerts = []
        for world in self.worlds:
            if world.members[0] in known:
                planted = {one for plot in world.planted for one in plot.member_ids}
                honest = next(one for one in world.members if one not in planted)
                found = [(plot.kind, list(plot.member_ids)) for plot in world.planted]
                for kind, members in [*found, ("sleeper", [honest])]:
                    self.alerts.append({"kind": kind, "score": 0.7, "memberIds": members})

    def _page(self, query: dict[str, str]) -> tuple[int, Any]:
        assert float(query["minScore"]) == 0.5
        begin = int(query.get("cursor", "0"))
        more = begin + PAGE < len(self.alerts)
        items = self.alerts[begin : begin + PAGE]
        return 200, {"items": items, "nextCursor": str(begin + PAGE) if more else None}


def examinee_of(service: FakeService) -> Examinee:
    return Examinee(service.ask, pause=lambda _: None)


def test_worlds_follow_each_other_and_only_the_newest_is_judged() -> None:
    at = [(seed_at(seed, hidden), hidden) for hidden in (0.0, 0.5) for seed in (SEED, SEED + 1)]
    service = FakeService(at)

    found = examine_over_http(
        examinee_of(service), members=MEMBERS, seeds=[SEED, SEED + 1], camouflages=[0.0, 0.5]
    )

    assert list(found) == [0.0, 0.5]
    for judged in found.values():
        assert all(group.found for group in judged.groups)
        assert (judged.members, judged.false_alerts, judged.accused) == (2 * MEMBERS, 2, 2)
    assert len(service.scans) == 4
    assert max(service.batches) == BATCH_EVENTS


def test_everything_is_sent_and_booked_before_the_scan() -> None:
    world = unseen_world(MEMBERS, SEED, camouflage=0.0)
    service = FakeService([])

    examinee_of(service).post(world.events)

    assert [service.events[one["id"]] for one in world.events] == world.events
    assert len(service.events) == len(world.events) + 1
    assert service.waited == 1
    assert service.batches[-1] == 1


def test_a_busy_service_is_asked_again() -> None:
    service = FakeService([], refuses=(429, 503))
    pauses: list[float] = []

    Examinee(service.ask, pauses.append).post(unseen_world(200, 1, camouflage=0.0).events)

    assert len(pauses) == 2


def test_a_booking_that_takes_long_is_waited_for_with_another_event() -> None:
    service = FakeService([])
    events = unseen_world(200, 1, camouflage=0.0).events[:3]
    slow = iter([504, 504])

    def ask(method: str, path: str, content: Any) -> tuple[int, Any]:
        answer = service.ask(method, path, content)
        return (next(slow, 200), answer[1]) if "wait" in path else answer

    Examinee(ask, lambda _: None).post(events)

    assert len(service.events) == 3 + 3


def test_a_rejected_event_is_said() -> None:
    service = FakeService([])
    service.rejects = "member.joined"

    with pytest.raises(ServiceRefused, match="rejected"):
        examinee_of(service).post(unseen_world(200, 1, camouflage=0.0).events)


@pytest.mark.parametrize("outcome", ["failed", "cancelled"])
def test_a_scan_that_fails_is_said(outcome: str) -> None:
    service = FakeService([])
    service.outcome = outcome

    with pytest.raises(ServiceRefused, match=outcome):
        examinee_of(service).scan()


def test_a_scan_that_does_not_end_is_given_up() -> None:
    service = FakeService([])
    service.outcome = "running"

    with pytest.raises(GraphTimeout):
        Examinee(service.ask, lambda _: None, timeout_s=5).scan()


def test_a_scan_that_is_under_way_is_waited_for() -> None:
    service = FakeService([])
    service.others_scan_asks = 3
    pauses: list[float] = []

    Examinee(service.ask, pauses.append).scan()

    # Three times the other's, once for each look at its own.
    assert (service.others_scan_asks, service.scans) == (0, [3])
    assert pauses == [POLL_S] * 6


def test_both_scans_are_waited_for_in_one_time() -> None:
    service = FakeService([])
    service.others_scan_asks = 4

    with pytest.raises(GraphTimeout, match="the scan did not end within 5 s"):
        Examinee(service.ask, lambda _: None, timeout_s=5).scan()

    service.others_scan_asks = 10
    with pytest.raises(GraphTimeout, match="another scan did not end within 5 s"):
        Examinee(service.ask, lambda _: None, timeout_s=5).scan()


def test_another_conflict_is_not_waited_for() -> None:
    def ask(_method: str, _path: str, _content: Any) -> tuple[int, Any]:
        return 409, {"code": "idempotency_in_progress"}

    with pytest.raises(ServiceRefused, match="answered 409, not 202"):
        Examinee(ask, lambda _: None).scan()


def test_a_service_that_holds_alerts_is_not_examined() -> None:
    service = FakeService([])
    service.alerts = [{"kind": "sleeper", "score": 0.9, "memberIds": ["somebody"]}]

    with pytest.raises(Invalid, match="empty graph"):
        examine_over_http(examinee_of(service), members=MEMBERS, seeds=[1], camouflages=[0.0])


@pytest.fixture
def served() -> Iterator[tuple[FakeService, str, list[str | None]]]:
    service = FakeService([(seed_at(SEED, 0.25), 0.25)])
    keys: list[str | None] = []

    class Door(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            keys.append(self.headers["Authorization"])
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, answer = service.ask(
                self.command, self.path, json.loads(body) if body else None
            )
            told = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(told)))
            self.end_headers()
            self.wfile.write(told)

        do_GET = do_POST = _answer  # noqa: N815 (the names of http.server)

        def log_message(self, format: str, *args: object) -> None: ...  # noqa: A002

    with ThreadingHTTPServer(("127.0.0.1", 0), Door) as server:
        server.daemon_threads = True
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield service, f"http://127.0.0.1:{server.server_port}/", keys
        server.shutdown()
        thread.join()


def test_the_command_examines_over_http_and_writes_its_part_of_the_page(
    served: tuple[FakeService, str, list[str | None]], tmp_path: Path
) -> None:
    _, url, keys = served
    app = typer.Typer()
    app.command()(examine)
    options = ["--url", url, "--key", "secret", "--members", str(MEMBERS), "--seed", str(SEED)]

    page = tmp_path / "page.md"
    page.write_text("# Page\n\n<!-- begin unseen -->\nkept\n<!-- end unseen -->\n")
    options += ["--camouflage", "0.25", "--json", "--write", str(page)]

    ran = CliRunner().invoke(app, options)

    assert ran.exit_code == 0, ran.output
    told = json.loads(ran.stdout)["0.25"]
    assert told["falseAlerts"] == told["honestAccused"] == 1
    assert all(row["found"] == row["groups"] for row in told["kinds"].values())
    assert set(keys) == {"Bearer secret"}
    before, part = page.read_text().split("<!-- begin examine -->")
    assert "kept" in before
    told = f"graph-service examine --url URL --members {MEMBERS} --seed {SEED} --camouflage 0.25"
    assert told in part
    assert url not in part
    assert "0.25: right kind" in part
    assert part.endswith("<!-- end examine -->\n")


def test_a_page_in_no_folder_is_refused_before_anything_is_sent(
    served: tuple[FakeService, str, list[str | None]], tmp_path: Path
) -> None:
    service, url, _ = served
    app = typer.Typer()
    app.command()(examine)

    ran = CliRunner().invoke(
        app, ["--url", url, "--key", "secret", "--write", str(tmp_path / "none" / "page.md")]
    )

    assert isinstance(ran.exception, NotFound)
    assert not service.batches


def test_a_service_that_does_not_answer_is_said() -> None:
    with httpcore2.ConnectionPool() as pool:
        ask = http_ask(pool, "http://127.0.0.1:9", "key")

        with pytest.raises(ServiceRefused, match="does not answer"):
            ask("GET", "/healthz", None)
