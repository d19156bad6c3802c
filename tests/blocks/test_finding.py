"""Planted groups are found whole, and honest noise gives none."""

import numpy as np
import pytest

from graph_service.blocks import finding
from graph_service.blocks.finding import find_groups
from graph_service.blocks.growing import connected_parts, grow, layer_of, lift, window_layer
from graph_service.blocks.incidence import EdgesInvalid, Incidence
from graph_service.blocks.nulls import excess, naming_cost
from graph_service.blocks.synchrony import DAY_SECONDS
from tests.reference.incidences import incidence

ROWS, COLUMNS, DAYS = 1_500, 400, 400
Edges = list[tuple[int, ...]]


def honest(generator: np.random.Generator, orders: int = 2_500) -> Edges:
    rows = generator.integers(0, ROWS - 100, orders)
    columns = np.minimum(generator.pareto(1.2, orders) * 20, COLUMNS - 1).astype(int)
    days = generator.integers(0, DAYS, orders)
    return list(zip(rows.tolist(), columns.tolist(), days.tolist(), strict=True))


def ring(
    generator: np.random.Generator, first: int, size: int, goods: int, density: float, days: int
) -> Edges:
    """The last rows are kept for rings; days: how many the ring's orders take, from day 50."""
    columns = generator.choice(COLUMNS, goods, replace=False)
    mask = generator.random((size, goods)) < density
    return [
        (first + int(r), int(columns[c]), 50 + int(generator.integers(0, days)))
        for r, c in np.argwhere(mask)
    ]


@pytest.mark.parametrize("days", [5, 300])
@pytest.mark.parametrize("seed", [1, 2])
def test_two_rings_are_found_whether_they_burst_or_spread(days: int, seed: int) -> None:
    generator = np.random.default_rng(seed)
    one = ring(generator, ROWS - 100, 20, 10, 0.7, days)
    other = ring(generator, ROWS - 50, 12, 10, 0.8, days)

    found = find_groups(incidence([*honest(generator), *one, *other], ROWS, COLUMNS))

    assert {frozenset(group.rows.tolist()) for group in found.groups} == {
        frozenset(range(ROWS - 100, ROWS - 80)),
        frozenset(range(ROWS - 50, ROWS - 38)),
    }
    evidence = {"in_step"} if days == 5 else {"dense"}
    assert all(group.evidence == evidence for group in found.groups)


@pytest.mark.parametrize("seed", range(4))
def test_honest_orders_give_no_group(seed: int) -> None:
    edges = incidence(honest(np.random.default_rng(seed)), ROWS, COLUMNS)

    assert find_groups(edges).groups == ()


def test_a_window_finds_what_is_too_small_otherwise() -> None:
    generator = np.random.default_rng(3)
    noise = honest(generator, 12_000)
    small = ring(generator, ROWS - 30, 10, 5, 0.6, 3)
    late = [(r, c, int(generator.integers(0, DAYS))) for r, c, _ in small]

    bursting = find_groups(incidence([*noise, *small], ROWS, COLUMNS))
    spread = find_groups(incidence([*noise, *late], ROWS, COLUMNS))

    assert any(
        group.evidence == {"in_step"} and group.rows.min() >= ROWS - 30 for group in bursting.groups
    )
    assert bursting.groups[0].nats > max((one.nats for one in spread.groups), default=0)


def test_listings_of_one_thing_are_no_ring() -> None:
    generator = np.random.default_rng(4)
    variants = [(r, c, int(d)) for r, d in enumerate(range(10, 34)) for c in range(100, 106)]

    found = find_groups(incidence([*honest(generator), *variants], ROWS, COLUMNS))

    assert found.groups == ()


def test_shared_tokens_join_who_buy_too_little_in_common() -> None:
    generator = np.random.default_rng(5)
    orders = [*honest(generator), *ring(generator, ROWS - 20, 12, 12, 0.25, 300)]
    purchases = incidence(orders, ROWS, COLUMNS)
    own = [(r, r) for r in range(ROWS)]
    households = [(r, ROWS + r // 3) for r in range(400)]
    office = [(int(r), 2 * ROWS) for r in generator.choice(ROWS - 100, 200, replace=False)]
    shared = [(ROWS - 20 + r, 2 * ROWS + 1 + r // 4) for r in range(12)]
    tokens = incidence([*own, *households, *office, *shared], ROWS, 2 * ROWS + 10)

    found = find_groups(purchases, tokens=[tokens])

    members = {int(row) for group in found.groups for row in group.rows}
    assert members
    assert members <= set(range(ROWS - 20, ROWS - 8))
    assert len(members) >= 9
    assert all("shared_identity" in group.evidence for group in found.groups)
    assert find_groups(incidence(honest(generator), ROWS, COLUMNS), tokens=[tokens]).groups == ()


def test_a_found_block_is_worth_its_excess_less_its_naming() -> None:
    edges = incidence(
        [*((r, c) for r in range(6) for c in range(5)), *((r, 5 + r % 20) for r in range(6, 900))],
        900,
        25,
    )
    layer = layer_of(edges.distinct())

    found = grow([layer], np.array([0, 1, 2]))

    assert found is not None
    assert found.rows.tolist() == [0, 1, 2, 3, 4, 5]
    assert found.columns[0].tolist() == [0, 1, 2, 3, 4]
    expected = 30 * 30 / len(edges)
    assert found.expected == pytest.approx((expected,))
    assert found.nats == pytest.approx(
        excess(30, expected) - naming_cost(6, 900) - naming_cost(5, 25)
    )


def test_strangers_are_told_apart() -> None:
    blocks: Edges = [(5 * b + r, 4 * b + c) for b in range(2) for r in range(5) for c in range(4)]
    others = ((r, 8 + r % 30) for r in range(10, 2_000))
    layer = layer_of(incidence([*blocks, *others], 2_000, 38))
    both = grow([layer], np.arange(10))
    assert both is not None

    parts = connected_parts([layer], both)

    assert {frozenset(part.rows.tolist()) for part in parts} == {
        frozenset(range(5)),
        frozenset(range(5, 10)),
    }


def test_lift_compares_the_parts_of_edges_that_go_to_the_columns() -> None:
    # Two rows put 4 of 5 edges on columns 0 and 1; of 8 others' edges 1 goes there.
    mine = [(0, 0), (0, 1), (1, 0), (1, 1), (1, 2)]
    layer = layer_of(incidence([*mine, (2, 0), *((r, 2) for r in range(3, 10))], 10, 3))

    found = lift(layer, np.array([0, 1]), np.array([0, 1]))

    assert found == pytest.approx((4 / 5) / (2 / 9))


def test_a_taste_that_many_share_is_no_group(monkeypatch: pytest.MonkeyPatch) -> None:
    generator = np.random.default_rng(6)
    # What these members buy is mostly among 40 things that others buy, too.
    columns = np.where(generator.random(2_000) < 0.8, generator.integers(60, 100, 2_000), 340)
    rows, days = generator.integers(1_000, 1_100, 2_000), generator.integers(0, DAYS, 2_000)
    fans: Edges = list(zip(rows.tolist(), columns.tolist(), days.tolist(), strict=True))
    edges = incidence([*honest(generator, 6_000), *fans], ROWS, COLUMNS)

    found = find_groups(edges)

    monkeypatch.setattr(finding, "LIFT_LEAST", 0.0)
    assert found.groups == ()
    assert find_groups(edges).groups


def test_what_others_buy_in_the_window_too_is_expected_there() -> None:
    # Column 0 is new: others buy it in the same week; column 1 sells all year.
    others = [(10 + r, 0, 3) for r in range(40)] + [(50 + r, 1, 5 * r) for r in range(40)]
    mine = [(r, c, 3) for r in range(4) for c in range(2)]
    whole = layer_of(incidence([*others, *mine], 100, 2))

    layer = window_layer(whole, np.arange(4), 0, 7 * DAY_SECONDS)

    assert layer.shares[0] > 0.9 * whole.shares[0]
    assert layer.shares[1] == whole.shares[1] * len(layer.edges) / len(whole.edges)


def test_no_edges_are_no_groups_and_other_rows_are_refused() -> None:
    empty = np.zeros(0, np.int64)
    nothing = Incidence(empty, empty, 4, 4, empty)

    assert find_groups(nothing).groups == ()
    with pytest.raises(EdgesInvalid, match="same rows"):
        find_groups(nothing, tokens=[incidence([(0, 0)], 9, 1)])
