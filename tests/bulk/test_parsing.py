"""What workers make of events is what the online path makes of them."""

import gzip
import io
import json
import os
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph_service.bulk.parsing import (
    COLUMN,
    PLAIN,
    needed_mib,
    parsed_batches,
    plain_fact,
    record_of,
)
from graph_service.ingest.envelope import DATA
from graph_service.ingest.facts import Fact, parse_event
from graph_service.ingest.files import EventFile, EventList, event_files
from graph_service.ingest.tokens import Tokeniser
from tests.worlds import Event
from tests.worlds.random_mall import weibo_like

EXAMPLES = 20 * int(os.environ.get("GRAPH_SERVICE_TEST_EXAMPLES", "25"))
TOKENISER = Tokeniser(b"pepper")
TEXTS = st.sampled_from(
    [
        "m",
        "文 ü\u2028",
        'a"\\/',
        "\x7f",
        "\U0001f600",
        "",
        " ",
        "x" * 300,
        "a\nb",
        "device:" + "0" * 32,
    ]
)
NUMBERS = st.sampled_from([0, 1, 5, 10**15, 10**15 + 1, -1, 2**70, 1.0, 0.5, True])
KINDS = st.sampled_from(["device", "ip", "address", "payment", "phone", "other"])
TIMES = st.sampled_from(
    [
        "2026-01-02T03:04:05Z",
        "2026-01-02T03:04:05.000001+08:00",
        "2026-01-02",
        "1969-01-01T00:00:00Z",
    ]
)
WORDS: dict[str, st.SearchStrategy[Any]] = {
    "role": st.sampled_from(["member", "partner", "boss"]),
    "status": st.sampled_from(["active", "frozen", "gone"]),
    "kyc": st.sampled_from(["none", "verified", ""]),
    "currency": st.sampled_from(["CNY", "cny"]),
    "mode": st.sampled_from(["first", "override", "expiring"]),
    "subject": st.sampled_from(["product", "rule"]),
    "taxRegistered": st.sampled_from([True, False, 1]),
    "exclusive": st.sampled_from([True, False, "true"]),
    "level": st.sampled_from([1, 2**70, "town"]),
    "score": st.sampled_from([1, 5, 6]),
    "quantity": st.sampled_from([1, 0, 3]),
    "attributes": st.sampled_from([{}, {"a": [1.5, None, 10**20, {"b": "c"}]}]),
    "rules": st.sampled_from([{}, {"a": 1e22}]),
    "multiplier": st.sampled_from([1, "1.50", 1.5, 101]),
    "kind": KINDS,
    "identifiers": st.lists(st.fixed_dictionaries({"kind": KINDS, "value": TEXTS}), max_size=3),
    "lines": st.lists(
        st.fixed_dictionaries(
            {"productId": TEXTS, "quantity": st.just(1), "amountMinor": NUMBERS},
            optional={"categoryId": st.none() | TEXTS, "more": TEXTS},
        ),
        max_size=3,
    ),
}
for name in ("createdAt", "expiresAt", "from", "to"):
    WORDS[name] = TIMES
for name in ("amountMinor", "valueMinor", "priceMinor", "costMinor"):
    WORDS[name] = NUMBERS


@st.composite
def sent_events(draw: st.DrawFn) -> Any:
    """An event of any type, mostly valid: nulls, other types, odd texts and unknown fields too."""
    kind = draw(st.sampled_from([*DATA, "unknown"]))
    model = DATA.get(kind)
    data: dict[str, Any] = {}
    for field_name, field in model.model_fields.items() if model else ():
        name = field.alias or field_name
        if field.is_required() or draw(st.booleans()):
            plain = st.just(f"{name}-1")
            data[name] = draw(WORDS.get(name, plain | plain | plain | TEXTS))
        elif draw(st.integers(0, 9)) == 0:
            data[name] = None
    if draw(st.integers(0, 19)) == 0:
        data["unknown"] = draw(TEXTS | NUMBERS)
    event: Event = {
        "specversion": "1.0",
        "id": draw(st.just("e") | TEXTS),
        "source": "/mall",
        "type": kind,
        "time": draw(TIMES),
        "data": data,
    }
    if draw(st.integers(0, 9)) == 0:
        event[draw(st.sampled_from(["traceparent", "Bad", "subject"]))] = draw(TEXTS)
    return event


@hypothesis.settings(max_examples=EXAMPLES, deadline=None)
@given(sent_events())
def test_the_short_way_gives_the_fact_that_the_long_way_gives(raw: Any) -> None:
    expected = parse_event(raw, 3, TOKENISER)

    found = plain_fact(raw, 3, TOKENISER)

    assert found is None or found == expected
    if isinstance(expected, Fact):
        assert (found is not None) == (expected.type in PLAIN)
        assert found is None or list(found.data) == list(expected.data)
        text = json.dumps(expected.data, ensure_ascii=False, separators=(",", ":"))
        assert record_of(expected)[7].split(COLUMN)[5] == text


@pytest.mark.parametrize("raw", [None, 5, "text", [], {}, {"type": 1}, {"id": float("nan")}])
def test_what_is_no_event_is_left_to_the_long_way(raw: Any) -> None:
    assert plain_fact(raw, 0, TOKENISER) is None


def test_workers_pack_what_the_online_path_parses() -> None:
    events: list[Any] = [*weibo_like(1, 40), {"id": 3}, "text", 5]

    (batch,) = parsed_batches([EventList("events", events)], 10_000, TOKENISER)

    parsed = [parse_event(raw, i, TOKENISER) for i, raw in enumerate(events)]
    assert batch.records == [record_of(one) for one in parsed if isinstance(one, Fact)]
    assert batch.rejections == [one for one in parsed if not isinstance(one, Fact)]


def test_files_are_cut_as_the_online_path_cuts_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [json.dumps(one).encode() for one in weibo_like(1, 20)]
    long_line = b'{"id": "' + b"x" * 2**20 + b'"}'
    plain, zipped = tmp_path / "a.jsonl", tmp_path / "b.jsonl.gz"
    plain.write_bytes(b"\r\n \n".join([*lines[:30], long_line, b"\xff no JSON", *lines[30:50]]))
    zipped.write_bytes(gzip.compress(b"\n".join(lines[50:])))
    files = event_files([str(plain), str(zipped)])

    found = list(parsed_batches(files, 16, TOKENISER))

    expected = [batch for file in files for batch in file.batches(16)]
    for cut, batch in zip(found, expected, strict=True):
        parsed = [parse_event(raw, i, TOKENISER) for i, raw in enumerate(batch)]
        assert cut.records == [record_of(one) for one in parsed if isinstance(one, Fact)]
        assert cut.rejections == [one for one in parsed if not isinstance(one, Fact)]
    assert found[-1].reached == sum(file.size_bytes or 0 for file in files)


def test_standard_input_is_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [json.dumps(one).encode() for one in weibo_like(1, 10)]
    monkeypatch.setattr(
        "sys.stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(b"\n".join(lines))))
    )  # pyright: ignore[reportArgumentType]

    (batch,) = parsed_batches([EventFile("-", None)], 10_000, TOKENISER)

    assert len(batch.records) == len(lines)


def test_room_is_asked_for_by_what_the_files_hold_unzipped(tmp_path: Path) -> None:
    plain, zipped = tmp_path / "a.jsonl", tmp_path / "b.jsonl.gz"
    plain.write_bytes(b" " * 2**20)
    zipped.write_bytes(gzip.compress(os.urandom(2**20)))

    rooms = [needed_mib(event_files([str(one)])) for one in (plain, zipped)]

    assert rooms[0] == 1_024 + 6
    assert rooms[1] >= 1_024 + 96
