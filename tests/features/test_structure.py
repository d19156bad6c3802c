"""Places in graphs, against networkx and plain loops."""

# networkx tells few types.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from graph_service.features import structure
from graph_service.features.mall import STEP_DAYS, both_ways, in_step
from graph_service.features.structure import DAMPING
from graph_service.worlds.world import World, world_events
from tests.features.malls import facts_of, scene_of

SEEDS = st.integers(0, 100_000)


def random_graph(seed: int, size: int = 14) -> csr_array:
    dice = np.random.default_rng(seed)
    edges = int(dice.integers(0, 40))
    one, other = dice.integers(0, size, edges), dice.integers(0, size, edges)
    apart = one != other
    return both_ways(one[apart], other[apart], dice.uniform(0.5, 2, int(apart.sum())), size)


@given(SEEDS)
@settings(max_examples=40, deadline=None)
def test_ego_nets_and_cores_are_those_of_networkx(seed: int) -> None:
    graph = random_graph(seed)
    plain = nx.Graph(graph.toarray())

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(structure, "BLOCK_STEPS", 20)
        nodes, edges, weight = structure.ego_of(graph)

    core = nx.core_number(plain)
    for member in plain:
        ego = nx.ego_graph(plain, member)
        assert nodes[member] == len(ego) - 1
        assert edges[member] == ego.number_of_edges() - (len(ego) - 1)
        np.testing.assert_allclose(weight[member], ego.size(weight="weight"))
        assert structure.cores_of(graph)[member] == core[member]


@given(SEEDS)
@settings(max_examples=30, deadline=None)
def test_who_is_confirmed_is_not_near_by_the_own_label(seed: int) -> None:
    graph, dice = random_graph(seed), np.random.default_rng(seed)
    seeds = (dice.random(14) < 0.4).astype(np.float64)
    step = structure.normalised(graph).toarray()

    found = structure.nearness(graph, seeds)

    for member in range(14):
        others = seeds.copy()
        others[member] = 0
        once = step @ others
        expected = DAMPING * once + DAMPING**2 * (step @ once)
        np.testing.assert_allclose(found[member], expected[member], atol=1e-12)


def test_a_clique_that_is_heavier_than_stars_of_its_size_is_odd() -> None:
    stars = [(hub, 200 + hub * 6 + leaf) for hub in range(30) for leaf in range(hub % 5 + 2)]
    clique = [(150 + one, 150 + other) for one in range(8) for other in range(one)]
    one, other = np.array(stars + clique).T
    graph = both_ways(one, other, np.ones(len(one)), 400)
    nodes, edges, _ = structure.ego_of(graph)

    odd = structure.oddity(nodes + 1, nodes + edges, nodes > 0)

    assert odd[150:158].min() > np.nanmax(odd[:30])


def test_rank_does_not_depend_on_members_who_have_no_edges() -> None:
    graph = random_graph(5)
    wide = csr_array(
        (graph.data, graph.indices, np.append(graph.indptr, [graph.nnz] * 3)), (17, 17)
    )

    np.testing.assert_allclose(structure.rank(wide)[:14], structure.rank(graph))


def test_in_step_are_those_who_meet_twice_in_plain_loops() -> None:
    scene = scene_of(facts_of(world_events(World("small", 220, 2_200))))
    shot = scene.snapshot
    bought: list[tuple[tuple[str, int], int, int]] = []
    for order in np.flatnonzero(scene.paid):
        day = int(shot.orders.paid[order] // 86_400_000_000)
        buyer = int(shot.orders.buyer[order])
        things = [("product", int(one)) for one in shot.lines.product[shot.lines.order == order]]
        if shot.orders.shop[order] >= 0:
            things.append(("shop", int(shot.orders.shop[order])))
        bought += [(thing, day, buyer) for thing in things]

    found = in_step(scene).toarray()

    meetings: dict[tuple[int, int], set[int]] = {}
    for thing, day, buyer in bought:
        for other_thing, other_day, other in bought:
            if thing == other_thing and buyer < other and abs(day - other_day) < STEP_DAYS:
                when = max(day, other_day) // STEP_DAYS
                meetings.setdefault((buyer, other), set()).add(when)
    expected = np.zeros_like(found)
    for (one, other), when in meetings.items():
        if len(when) >= 2:
            expected[one, other] = expected[other, one] = len(when)
    np.testing.assert_array_equal(found, expected)
