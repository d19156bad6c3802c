"""Rings are planted as said, published procedures do what is published, and files are checked."""

from io import StringIO
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from graph_service.blocks.incidence import Incidence
from graph_service.blocks.synchrony import in_step
from graph_service.errors import NotFound
from graph_service.evaluation.injection import (
    DAY_SECONDS,
    Cell,
    ReviewsInvalid,
    f1,
    inject,
    read_reviews,
    shared_tokens,
)
from graph_service.evaluation.injection_report import (
    evaluate_injection,
    report_json,
    report_table,
)
from graph_service.evaluation.published import copurchase_users, dense_users, peel
from tests.reference.incidences import incidences

BURST = Cell(30, 12, 0.5, "burst", "none")
HIDDEN = Cell(30, 12, 0.5, "spread", "random")


def reviews_table(seed: int = 0) -> np.ndarray:
    """Honest reviews: few per user, popular and rare products, whole days of three years."""
    generator = np.random.default_rng(seed)
    count = 3_000
    return np.column_stack(
        (
            generator.integers(0, 2_500, count) * 3 + 7,
            np.minimum(generator.pareto(1.2, count) * 30, 600).astype(int),
            generator.integers(1, 6, count),
            1_300_000_000 // DAY_SECONDS * DAY_SECONDS
            + generator.integers(0, 1_000, count) * DAY_SECONDS,
        )
    )


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "reviews.npz"
    np.savez(path, edges=reviews_table())
    return path


def test_users_and_products_are_numbered_anew_and_times_kept(file: Path) -> None:
    reviews = read_reviews(file)

    table = reviews_table()
    assert reviews.row_count == len(np.unique(table[:, 0]))
    assert reviews.seconds is not None
    assert reviews.seconds.tolist() == table[:, 3].tolist()


def test_separate_arrays_are_the_same_reviews(file: Path, tmp_path: Path) -> None:
    table = reviews_table()
    other = tmp_path / "other.npz"
    np.savez(other, user=table[:, 0], product=table[:, 1], rating=table[:, 2], time=table[:, 3])

    assert read_reviews(other).columns.tolist() == read_reviews(file).columns.tolist()


def test_a_burst_lies_within_five_days_and_has_its_density(file: Path) -> None:
    reviews = read_reviews(file)

    injected = inject(reviews, BURST, generator=np.random.default_rng(1))

    ring = injected.purchases.keep(injected.is_ring[injected.purchases.rows])
    assert ring.seconds is not None
    assert np.ptp(ring.seconds) <= 4 * DAY_SECONDS
    assert len(np.unique(ring.columns)) == 12
    assert len(ring) == len(ring.distinct())
    assert 0.35 < len(ring) / (30 * 12) < 0.65
    assert int(injected.is_ring.sum()) == 30


def test_camouflage_is_as_many_purchases_at_the_times_of_honest_ones(file: Path) -> None:
    reviews = read_reviews(file)

    injected = inject(reviews, HIDDEN, generator=np.random.default_rng(2))

    ring = injected.purchases.keep(injected.is_ring[injected.purchases.rows])
    in_block = np.bincount(ring.columns, minlength=reviews.column_count) >= 8
    assert len(np.unique(ring.columns)) > 60
    assert in_block[ring.columns].mean() == pytest.approx(0.5, abs=0.1)
    assert ring.seconds is not None
    assert reviews.seconds is not None
    assert set(ring.seconds.tolist()) <= set(reviews.seconds.tolist())


def test_the_same_seed_plants_the_same_ring(file: Path) -> None:
    reviews = read_reviews(file)

    once, twice = (
        inject(reviews, HIDDEN, generator=np.random.default_rng(3), identity=0.5) for _ in range(2)
    )

    assert once.purchases.columns.tolist() == twice.purchases.columns.tolist()
    assert once.tokens[0].columns.tolist() == twice.tokens[0].columns.tolist()


def test_tokens_are_shared_by_households_offices_and_the_asked_part_of_the_ring() -> None:
    is_ring = np.arange(3_000) >= 2_960

    devices, payments = shared_tokens(is_ring, 0.5, generator=np.random.default_rng(4))

    users = np.bincount(devices.columns)
    shared = users[devices.columns] > 1
    of_ring = shared & is_ring[devices.rows]
    assert 19 <= int(of_ring.sum()) <= 20
    assert set(users[devices.columns[of_ring]]) <= {2, 3, 4, 5, 6}
    assert int((users >= 50).sum()) == 4
    at_home = shared & ~is_ring[devices.rows] & (users[devices.columns] <= 4)
    assert int(at_home.sum()) == pytest.approx(0.3 * 2_960, abs=1)
    assert np.bincount(payments.columns).max() <= 6


@settings(max_examples=40)
@given(incidences(rows=7, columns=5))
def test_plain_peeling_has_at_least_half_of_the_greatest_density(edges: Incidence) -> None:
    once = edges.distinct()
    pairs = list(zip(once.rows.tolist(), once.columns.tolist(), strict=True))

    users, products = peel(pairs, weighted=False)

    inside = sum(user in users and product in products for user, product in pairs)
    greatest = max(
        (
            sum(sorted((sum((u, p) in pairs for u in some) for p in range(5)), reverse=True)[:many])
            / (len(some) + many)
        )
        for size in range(1, 8)
        for some in combinations(range(7), size)
        for many in range(1, 6)
    )
    assert inside / max(len(users) + len(products), 1) >= greatest / 2 - 1e-9


@given(incidences(timed=True), st.integers(1, 3), st.integers(2, 4))
def test_plain_copurchase_names_whom_the_rooms_own_does(
    edges: Incidence, common: int, members: int
) -> None:
    assert edges.seconds is not None
    purchases = list(
        zip(edges.rows.tolist(), edges.columns.tolist(), edges.seconds.tolist(), strict=True)
    )

    plain = copurchase_users(purchases, common=common, members=members)

    own = in_step(edges, window_days=7, common_least=common, members_least=members)
    assert plain == {int(row) for group in own.groups for row in group.rows}


def test_peeling_names_the_block_first_and_then_the_next() -> None:
    big = [(user, product) for user in range(8) for product in range(8)]
    small = [(10 + user, 10 + product) for user in range(5) for product in range(5)]
    loose = [(20 + user, 20 + user % 3) for user in range(9)]

    for weighted in (True, False):
        first, second = dense_users([*loose, *small, *big], weighted=weighted, blocks=2)

        assert first == set(range(8))
        assert second == set(range(10, 15))


def test_the_report_holds_every_procedure_and_the_same_seed_the_same_numbers(file: Path) -> None:
    told: list[tuple[int, int]] = []
    runs = [
        report_json(
            evaluate_injection(
                file,
                identity=0.5,
                trials=2,
                cells=(BURST, HIDDEN),
                progress=lambda done, of: told.append((done, of)),
            )
        )
        for _ in range(2)
    ]

    assert runs[0]["cells"] == runs[1]["cells"]
    assert told[:4] == [(1, 4), (2, 4), (3, 4), (4, 4)]
    burst = runs[0]["cells"][0]
    assert (burst["users"], burst["products"], burst["density"]) == (30, 12, 0.5)
    assert (burst["timing"], burst["camouflage"]) == ("burst", "none")
    assert burst["ours"]["mean"] > 0.9
    assert burst["ours"]["mean"] >= burst["copurchase"]["mean"] - 0.03
    assert {"fraudar", "unweighted"} <= burst.keys()
    assert runs[0]["identity"] == 0.5
    assert runs[0]["trials"] == 2
    assert runs[0]["honestUsersNamed"] == 0
    assert runs[0]["peakMib"] > 0


def test_zeros_are_printed(file: Path) -> None:
    tiny = Cell(6, 30, 0.05, "spread", "random")

    report = evaluate_injection(file, trials=1, cells=(tiny,))

    shown = StringIO()
    Console(width=160, file=shown).print(report_table(report))
    assert report.cells[0].ours.mean == 0
    assert "0.00 ± 0.00" in shown.getvalue()


@pytest.mark.parametrize(
    ("arrays", "text"),
    [
        ({"x": np.zeros(3)}, "neither edges nor user"),
        ({"edges": np.zeros((5, 3))}, r"\(n, 4\)"),
        ({"edges": np.array([["a", "b", "c", "d"]])}, "not numbers"),
        ({"edges": np.full((5, 4), np.nan)}, "finite"),
        ({"edges": np.ones((5, 4))}, "too few"),
        ({"user": np.zeros(3), "product": np.zeros(2), "time": np.zeros(3)}, "no npz file"),
        ({"edges": np.array([{}], dtype=object)}, "no npz file"),
    ],
)
def test_another_file_is_refused_in_words(
    tmp_path: Path, arrays: dict[str, np.ndarray], text: str
) -> None:
    path = tmp_path / "other.npz"
    np.savez(path, allow_pickle=True, **arrays)

    with pytest.raises(ReviewsInvalid, match=text):
        read_reviews(path)


def test_no_file_and_no_archive_are_refused(tmp_path: Path) -> None:
    (tmp_path / "text.npz").write_text("user,product")

    with pytest.raises(NotFound, match="no file"):
        read_reviews(tmp_path / "none.npz")
    with pytest.raises(ReviewsInvalid, match="no npz"):
        read_reviews(tmp_path / "text.npz")


def test_a_part_of_the_ring_is_between_none_and_all() -> None:
    with pytest.raises(ReviewsInvalid, match="between 0 and 1"):
        shared_tokens(np.zeros(9, bool), 1.5, generator=np.random.default_rng(0))


def test_f1_weighs_both_errors() -> None:
    assert f1({1, 2}, {2, 3}) == 0.5
    assert f1(set(), {1}) == 0
    assert f1(set(), set()) == 0


def test_published_numbers_are_reproduced(shared_data: Path) -> None:
    reviews = read_reviews(shared_data / "amazon_art.npz")
    found: list[float] = []

    for cell in (Cell(50, 20, 0.5, "burst", "none"), Cell(20, 8, 0.5, "burst", "none")):
        injected = inject(reviews, cell, generator=np.random.default_rng(5))
        bought = injected.purchases
        assert bought.seconds is not None
        columns = (bought.rows, bought.columns, bought.seconds)
        events = list(zip(*(one.tolist() for one in columns), strict=True))
        truth = set(np.flatnonzero(injected.is_ring).tolist())
        found.append(f1(copurchase_users(events, common=3), truth))

    assert found == pytest.approx([0.86, 0.61], abs=0.05)
