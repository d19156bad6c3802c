"""Does the bench measure what it says, and is its page made of its figures?"""

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest
from rich.console import Console

from graph_service.bench.figures import Figures, Timed, machine_facts, peak_mib, quantile
from graph_service.bench.report import page_of, run_bench, worlds_of
from graph_service.bench.runs import IDS_KEPT, Effort, subjects_of
from graph_service.errors import Invalid
from graph_service.signals import SIGNALS
from graph_service.worlds.showcase import PROMOTERS, SHOWCASE_ORDER
from graph_service.worlds.world import world_events, world_of
from tests.faults.places import PATIENCE_S, until
from tests.test_cli import command

ROOT = Path(__file__).resolve().parents[2]


def test_quantiles_are_values_that_were_measured() -> None:
    values = [float(value) for value in range(100, 0, -1)]

    assert [quantile(values, part) for part in (0, 0.5, 0.99, 1)] == [1, 51, 100, 100]
    assert quantile([7.0], 0.99) == 7


def test_row_holds_medians_over_the_repeats_and_the_ratio_to_the_peer() -> None:
    timed = Timed("w", "S", [[0.1, 0.1], [0.3, 0.1], [0.2, 0.2]], 100, "p", [[0.05], [0.1], [0.1]])

    row = timed.row()

    assert row["p50Ms"] == pytest.approx(200)
    assert row["perSecond"] == pytest.approx(500)
    assert row["ratio"] == pytest.approx(2)
    assert (row["repeats"], row["requests"]) == (3, 6)


def test_without_a_peer_there_is_no_ratio() -> None:
    assert Timed("w", "S", [[0.1]]).row()["ratio"] is None


def test_subjects_are_a_sample_of_the_world_and_its_showcase() -> None:
    world = world_of("S", members=600)

    subjects = subjects_of(world_events(world), 1)

    assert subjects == subjects_of(world_events(world), 1)
    assert subjects.orders[0] == SHOWCASE_ORDER
    assert list(subjects.members[: len(PROMOTERS)]) == list(PROMOTERS)
    assert len(subjects.members) <= IDS_KEPT + len(PROMOTERS)


def test_unknown_world_is_refused() -> None:
    with pytest.raises(Invalid, match="no world X"):
        worlds_of(["S", "X"], None)


def test_worlds_are_measured_in_the_order_asked_for() -> None:
    assert [world.name for world in worlds_of(["M", "S", "M"], None)] == ["M", "S"]


def test_more_repeats_than_the_world_has_events_for_are_refused_before_anything_starts() -> None:
    with pytest.raises(Invalid, match="larger world or fewer repeats"):
        run_bench(worlds_of([], 2_000), Effort(3), Console(quiet=True))


def test_file_without_a_folder_is_refused_before_anything_is_measured(tmp_path: Path) -> None:
    arguments = ["bench", "--json", str(tmp_path / "nowhere" / "figures.json")]

    ended = subprocess.run(
        command(*arguments), capture_output=True, text=True, timeout=60, check=False
    )

    assert ended.returncode == 1
    assert ended.stderr.strip() == f"error: there is no folder {tmp_path / 'nowhere'}"


@pytest.mark.parametrize("told", SIGNALS)
def test_bench_that_is_told_to_end_leaves_no_process_and_no_folder(
    told: signal.Signals, tmp_path: Path
) -> None:
    with subprocess.Popen(
        command("bench", "--quick", "--members", "2000"),
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stdout=subprocess.DEVNULL,
        process_group=0,
    ) as begun:
        pid = until(lambda: neo4j_pid(tmp_path))
        os.killpg(begun.pid, told)
        code = begun.wait(PATIENCE_S)

    assert code == 128 + told
    assert not Path(f"/proc/{pid}").exists()
    assert list(tmp_path.iterdir()) == []


def neo4j_pid(folder: Path) -> int | None:
    """The Neo4j of a bench whose stage is in this folder; None while there is none."""
    states = [*folder.glob("*/neo4j/state.json")]
    return json.loads(states[0].read_text("utf-8"))["pid"] if states else None


def test_peak_of_a_process_that_is_gone_is_unknown() -> None:
    assert peak_mib(2**30) is None


def test_page_shows_every_figure() -> None:
    figures = Figures(machine_facts())
    figures.rows.append(Timed("team", "S", [[0.001]], 1, "RETURN 1", [[0.0005]]).row())
    figures.loads.append({"world": "S", "events": 200_000, "seconds": 20.0})
    figures.followed.append({"world": "S", "facts": 100_000, "seconds": 50.0})
    figures.memory.append({"what": "ingest", "world": "S", "serviceMib": 120.4, "neo4jMib": None})

    page = page_of(json.loads(json.dumps(figures.body())))

    assert "| S | team | 1.0 | 1.0 | 1,000 | 2.0 | RETURN 1 | 1 x 1 |" in page
    assert "| S | 200,000 | 20 | 10,000 |" in page
    assert "| S | 100,000 | 50 | 2,000 |" in page
    assert "| S | ingest | 120 | unknown |" in page


def test_page_in_the_docs_is_one_that_the_bench_wrote() -> None:
    page = (ROOT / "docs" / "benchmarks.md").read_text("utf-8")
    head = page_of({"machine": {}, "requests": [], "loads": [], "followed": [], "memory": []})

    assert page.split("\n\n")[:2] == head.split("\n\n")[:2]
    for world in ("S", "M"):
        for what in ("team", "path and allowance", "batch attribution, 1,000 orders"):
            assert f"| {world} | {what} |" in page


def test_bench_runs_from_first_to_last_on_a_small_world(tmp_path: Path) -> None:
    """Whatever the environment says of a service that is to be seen by others."""
    figures = tmp_path / "figures.json"
    arguments = ["bench", "--quick", "--members", "2000", "--json", str(figures)]

    others = {
        "GRAPH_SERVICE_HOST": "0.0.0.0",
        "GRAPH_SERVICE_BOOTSTRAP_API_KEY_FILE": str(tmp_path / "secret"),
        "GRAPH_SERVICE_RATE_STORAGE": "redis://192.0.2.1",
        "NEO4J_URI": "bolt://192.0.2.1",
    }
    (tmp_path / "secret").write_text("key-of-another-service")

    done = subprocess.run(
        command(*arguments), env=os.environ | others, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr
    body = json.loads(figures.read_text("utf-8"))
    kinds = {row["what"] for row in body["requests"]}
    assert {"ingest 1", "ingest 2,000, wait", "team", "path and allowance"} <= kinds
    assert all(row["p50Ms"] > 0 and row["ratio"] > 0 for row in body["requests"])
    assert all(one["serviceMib"] > 20 and one["neo4jMib"] > 100 for one in body["memory"])
    assert body["loads"][0]["events"] > 15_000
    assert body["followed"][0]["facts"] > 0
    assert body["requests"][-1]["peer"] == "driver, paths only"
