"""Does the table say of each kind how much was found, and how sure that is?"""

import json

import pytest

from graph_service.evaluation.page import printed
from graph_service.examination.judging import Judged, Judgement, together, wilson
from graph_service.examination.report import answer_of, pooled_of, show_judgements

RING = "fake_order_ring"


def mall(hits: int, of: int, false: int = 0, accused: int = 0) -> Judgement:
    groups = tuple(Judged(RING, "plain", 5, place < hits, place < hits, ()) for place in range(of))
    return Judgement(groups, 9, false, 10_000, 10_000, accused)


FOUND = {
    0.0: together([mall(3, 3), mall(2, 3, false=2, accused=30)]),
    0.5: together([mall(1, 2), mall(1, 2)]),
    0.75: together([mall(0, 4, false=9), mall(0, 4)]),
}


def shown(found: dict[float, Judgement]) -> list[list[str]]:
    """The cells of each line."""
    lines = printed(lambda console: show_judgements(found, console)).splitlines()
    return [[cell for cell in line.strip().split("  ") if cell] for line in lines]


def test_camouflage_up_to_a_half_is_judged_as_one() -> None:
    pooled = pooled_of(FOUND)

    assert pooled is not None
    name, judgement = pooled
    assert name == "0 to 0.5"
    assert judgement.recall() == {RING: (7, 10)}
    assert (judgement.members, judgement.false_alerts) == (40_000, 2)


def test_the_table_has_counts_by_camouflage_and_intervals_of_all_together() -> None:
    head, ring, false, accused = shown(FOUND)[:4]

    low, high = wilson(7, 10)
    cells = [one.strip() for one in ring]
    assert [one.strip() for one in head][1:] == ["0", "0.5", "0.75", "0 to 0.5: right kind"]
    assert cells[1:4] == ["5 (5) of 6", "2 (2) of 4", "0 (0) of 8"]
    assert cells[4] == f"7 of 10: 70 % ({100 * low:.0f} to {100 * high:.0f})"
    # Means of 0 and 2, of 0 and 0, of 9 and 0, and by seed of 0 and 1.
    assert [one.strip() for one in false][1:] == [
        "1.0 ± 1.4",
        "0.0 ± 0.0",
        "4.5 ± 6.4",
        "0.5 ± 0.7",
    ]
    assert accused[1].strip() == "0.150 ± 0.212"


def test_a_kind_that_was_not_planted_has_no_figure() -> None:
    found = {0.0: mall(1, 1), 0.75: Judgement((), 0, 0, 100, 100, 0)}

    assert [one.strip() for one in shown(found)[1]] == [
        RING,
        "1 (1) of 1",
        "-",
        "1 of 1: 100 % (21 to 100)",
    ]


def test_one_mall_has_no_deviation() -> None:
    assert "±" not in printed(lambda console: show_judgements({0.5: mall(1, 2)}, console))


def test_where_all_is_hidden_better_nothing_is_judged_as_one() -> None:
    found = {0.75: mall(1, 2)}

    assert pooled_of(found) is None
    assert [one.strip() for one in shown(found)[0]] == ["found (any kind) of", "0.75"]
    assert set(answer_of(found)) == {"0.75"}


def test_the_answer_holds_each_camouflage_and_all_up_to_a_half() -> None:
    answer = json.loads(json.dumps(answer_of(FOUND)))

    assert set(answer) == {"0", "0.5", "0.75", "pooled"}
    assert answer["pooled"]["camouflages"] == [0, 0.5]
    assert answer["pooled"]["kinds"][RING]["found"] == 7
    assert answer["pooled"]["malls"] == 2
    assert answer["pooled"]["falseAlertsPer10000Sd"] == pytest.approx(0.71)


def test_malls_of_one_seed_count_as_one_where_all_is_judged_as_one() -> None:
    both = together([mall(1, 1, false=2), mall(1, 1)])

    pooled = pooled_of({0.0: both, 0.25: both, 0.5: both})

    assert pooled is not None
    assert [one.false_per_10_000 for one in pooled[1].each] == [2, 0]
