"""The log as columns: on disk, in parts, and as it was at a time."""

from pathlib import Path

import pytest

from graph_service.ingest.tokens import Tokeniser
from graph_service.snapshot.files import load_log, save_log
from graph_service.snapshot.log import CONCLUSIONS, NONE, Log, LogWriter, log_of
from graph_service.snapshot.snapshot import snapshot_of
from tests.snapshot.worlds import log_in_memory, mall, tables_of

SEEDS = range(6)
TOKENISER = Tokeniser(b"pepper")


@pytest.mark.parametrize("seed", SEEDS)
def test_a_log_on_disk_is_the_same_again(seed: int, tmp_path: Path) -> None:
    log = log_in_memory(mall(seed), TOKENISER)

    save_log(tmp_path, log)
    again = load_log(tmp_path)

    assert again is not None
    assert again.names == log.names
    assert (again.seq, again.now) == (log.seq, log.now)
    assert tables_of(again) == tables_of(log)
    assert {one.dtype for table in again.tables.values() for one in table.values()} == {
        one.dtype for table in log.tables.values() for one in table.values()
    }


def test_an_empty_log_has_a_place_on_disk(tmp_path: Path) -> None:
    save_log(tmp_path, log_in_memory([], TOKENISER))

    again = load_log(tmp_path)

    assert again is not None
    assert (again.rows, again.now) == (0, NONE)
    assert len(snapshot_of(again).members) == 0


def test_a_folder_that_was_cut_short_is_passed_over(tmp_path: Path) -> None:
    folder = save_log(tmp_path, log_in_memory(mall(1), TOKENISER))
    (folder / "orders.parquet").write_bytes(b"PAR1")

    assert load_log(tmp_path) is None


@pytest.mark.parametrize("more", [5, -5])
def test_only_what_was_written_last_stays_on_disk(tmp_path: Path, more: int) -> None:
    log = log_in_memory(mall(1), TOKENISER)
    save_log(tmp_path, Log(log.names, log.tables, log.seq + 9, log.now))

    folder = save_log(tmp_path, Log(log.names, log.tables, log.seq + 9 + more, log.now, "its"))
    again = load_log(tmp_path)

    assert list(tmp_path.iterdir()) == [folder]
    assert again is not None
    assert (again.seq, again.mark) == (log.seq + 9 + more, "its")


@pytest.mark.parametrize("seed", SEEDS)
def test_what_was_known_at_a_time_is_the_log_of_the_events_up_to_it(seed: int) -> None:
    events = mall(seed)
    log = log_in_memory(events, TOKENISER)
    times = sorted({one for table in log.tables.values() for one in table["at"].tolist()})
    at = times[len(times) // 2]
    from graph_service.clock import micros_of

    early = [one for one in events if micros_of(one["time"]) <= at]

    assert tables_of(log.until(at)) == tables_of(log_in_memory(early, TOKENISER))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_log_written_in_parts_is_the_log_of_all(seed: int) -> None:
    from graph_service.clock import to_micros
    from graph_service.ingest.facts import Rejection, parse_event

    events = mall(seed)
    parsed = [parse_event(one, place, TOKENISER) for place, one in enumerate(events)]
    facts = [one for one in parsed if not isinstance(one, Rejection)]
    base = None
    for start in range(0, len(facts), 17):
        writer = LogWriter() if base is None else LogWriter(base)
        for one in facts[start : start + 17]:
            writer.add_fact(one.type, to_micros(one.time), one.data)
        base = writer.log()

    whole = log_in_memory(events, TOKENISER)

    assert base is not None
    assert base.names == whole.names
    assert tables_of(base) == tables_of(whole)
    assert base.now == whole.now


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("confirmed", "confirmed"),
        ("confirmed_fraud", "confirmed"),
        ("policy_abuse", "confirmed"),
        ("cleared", "cleared"),
        ("false_positive", "cleared"),
        ("inconclusive", "inconclusive"),
    ],
)
def test_a_verdict_is_what_the_decision_meant(said: str, meant: str) -> None:
    told = {"caseId": "c", "memberIds": ["ada"], "conclusion": said}

    log = log_of([("case.decided", 1_000_000, told)])

    assert CONCLUSIONS[int(log.tables["verdicts"]["conclusion"][0])] == meant
