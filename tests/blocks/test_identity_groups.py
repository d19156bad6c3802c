"""Groups of shared tokens against all pairs in plain Python."""

from collections import defaultdict
from itertools import combinations
from math import log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph_service.blocks.identity_groups import identity_groups
from graph_service.blocks.incidence import EdgesInvalid, Incidence
from graph_service.blocks.synchrony import DAY_SECONDS
from tests.reference.incidences import Pair, connected, incidence, incidences

NOW = 30


def _weights(parts: list[Incidence], degree_max: int) -> dict[Pair, float]:
    weights: defaultdict[Pair, float] = defaultdict(float)
    for part in parts:
        assert part.seconds is not None
        last: defaultdict[int, dict[int, int]] = defaultdict(dict)
        for row, column, at in zip(part.rows, part.columns, part.seconds, strict=True):
            users = last[int(column)]
            users[int(row)] = max(int(at), users.get(int(row), 0))
        for users in last.values():
            if len(users) > degree_max:
                continue
            for one, other in combinations(sorted(users), 2):
                rested = (NOW * DAY_SECONDS - min(users[one], users[other])) / DAY_SECONDS
                weights[one, other] += part.weight / log(5 + len(users)) * 0.5 ** (rested / 10)
    return weights


@given(
    st.lists(incidences(timed=True), min_size=1, max_size=2),
    st.integers(2, 6),
    st.sampled_from([0.0, 0.21, 0.43]),
)
def test_groups_are_those_of_all_pairs(
    parts: list[Incidence], degree_max: int, least: float
) -> None:
    expected = {p: w for p, w in _weights(parts, degree_max).items() if w > least}

    found = identity_groups(
        parts,
        weight_least=least,
        degree_max=degree_max,
        now_seconds=NOW * DAY_SECONDS,
        half_life_days=10,
    )

    assert {frozenset(one.rows.tolist()) for one in found.groups} == connected(list(expected), 2)
    for group in found.groups:
        for pair, weight in zip(group.pairs.tolist(), group.weights, strict=True):
            assert weight == pytest.approx(expected[pair[0], pair[1]])


def test_a_crowded_token_joins_nobody_and_is_told() -> None:
    office = incidence([(r, 0) for r in range(60)] + [(0, 1), (1, 1)], 60, 2)

    found = identity_groups([office])

    assert [group.rows.tolist() for group in found.groups] == [[0, 1]]
    assert set(found.crowd.tolist()) == {60}


def test_tokens_of_other_rows_are_refused() -> None:
    with pytest.raises(EdgesInvalid, match="same rows"):
        identity_groups([incidence([(0, 0)], 1, 1), incidence([(0, 0)], 2, 1)])
