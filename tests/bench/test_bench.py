"""Does the bench measure what it says, and is its page made of its figures?"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from graph_service.bench.figures import Figures, Timed, machine_facts, peak_mib, quantile
from graph_service.bench.report import page_of, worlds_of
from graph_service.bench.runs import IDS_KEPT, subjects_of
from graph_service.errors import Invalid
from graph_service.worlds.showcase import PROMOTERS, SHOWCASE_ORDER
from graph_service.worlds.world import world_events, world_of

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


def test_peak_of_a_process_that_is_gone_is_unknown() -> None:
    assert peak_mib(2**30) is None


def test_page_shows_every_figure() -> None:
    figures = Figures(machine_facts())
    figures.rows.append(Timed("team", "S", [[0.001]], 1, "RETURN 1", [[0.0005]]).row())
    figures.loads.append({"world": "S", "events": 200_000, "seconds": 20.0})
    figures.memory.append({"what": "ingest", "world": "S", "serviceMib": 120.4, "neo4jMib": None})

    page = page_of(json.loads(json.dumps(figures.body())))

    assert "| S | team | 1.0 | 1.0 | 1,000 | 2.0 | RETURN 1 | 1 x 1 |" in page
    assert "| S | 200,000 | 20 | 10,000 |" in page
    assert "| S | ingest | 120 | unknown |" in page


def test_page_in_the_docs_is_one_that_the_bench_wrote() -> None:
    page = (ROOT / "docs" / "benchmarks.md").read_text("utf-8")
    head = page_of({"machine": {}, "requests": [], "loads": [], "memory": []})

    assert page.split("\n\n")[:2] == head.split("\n\n")[:2]
    for world in ("S", "M"):
        for what in ("team", "path and allowance", "batch attribution, 1,000 orders"):
            assert f"| {world} | {what} |" in page


def test_bench_runs_from_first_to_last_on_a_small_world(tmp_path: Path) -> None:
    code = "from graph_service.cli import main; main()"
    figures = tmp_path / "figures.json"
    arguments = ["bench", "--quick", "--members", "2000", "--json", str(figures)]

    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr
    body = json.loads(figures.read_text("utf-8"))
    kinds = {row["what"] for row in body["requests"]}
    assert {"ingest 1", "ingest 2,000, wait", "team", "path and allowance"} <= kinds
    assert all(row["p50Ms"] > 0 and row["ratio"] > 0 for row in body["requests"])
    assert all(one["serviceMib"] > 20 and one["neo4jMib"] > 100 for one in body["memory"])
    assert body["loads"][0]["events"] > 15_000
