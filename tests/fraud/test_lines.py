"""Are lines of invitations, and their heaviest stretches, those of looking at each?"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph_service.fraud.lines import Lines, best_stretches, chains, stars, trees
from graph_service.fraud.scene import Scene
from tests.worlds.malls import Mall


def test_stars_are_the_invitees_of_each_by_time() -> None:
    scene = Mall(6, members=120).scene()
    members = scene.snapshot.members

    lines = stars(scene, least=4)

    assert len(lines.leader) > 3
    for place, leader in enumerate(lines.leader):
        rows = lines.rows[lines.starts[place] : lines.starts[place + 1]]
        assert sorted(rows) == sorted(np.flatnonzero(members.inviter == leader))
        assert (np.diff(members.joined[rows]) >= 0).all()


def test_chains_follow_the_longest_line_below_each() -> None:
    scene = Mall(7, members=120).scene()
    inviter = scene.snapshot.members.inviter

    lines = chains(scene, least=3)

    assert len(lines.leader) > 3
    assert len(np.unique(lines.rows)) == len(lines.rows)
    for place, leader in enumerate(lines.leader):
        before = int(leader)
        for row in lines.rows[lines.starts[place] : lines.starts[place + 1]]:
            assert inviter[row] == before
            siblings = np.flatnonzero(inviter == before)
            assert height(scene, int(row)) == max(height(scene, int(one)) for one in siblings)
            before = int(row)
        assert not (inviter == before).any()


def test_trees_are_all_who_joined_some_levels_below_by_time() -> None:
    scene = Mall(8, members=120).scene()
    members = scene.snapshot.members

    lines = trees(scene, least=5, levels=3)

    found = {
        int(leader): lines.rows[lines.starts[place] : lines.starts[place + 1]]
        for place, leader in enumerate(lines.leader)
    }
    assert len(found) > 3
    for leader in range(scene.people):
        levels = [np.array([leader])]
        for _ in range(3):
            levels.append(np.flatnonzero(np.isin(members.inviter, levels[-1])))
        below = np.concatenate(levels[1:])
        is_told = len(below) >= 5 and len(levels[2]) > 0
        assert (leader in found) == is_told
        if is_told:
            assert sorted(found[leader]) == sorted(below)
            assert (np.diff(members.joined[found[leader]]) >= 0).all()


def height(scene: Scene, member: int) -> int:
    below = np.flatnonzero(scene.snapshot.members.inviter == member)
    return max((1 + height(scene, int(one)) for one in below), default=0)


@given(
    st.lists(st.lists(st.integers(-9, 9), min_size=1, max_size=8), min_size=1, max_size=6),
)
@settings(max_examples=60)
def test_best_stretches_are_those_of_trying_all(weights: list[list[int]]) -> None:
    sizes = [len(own) for own in weights]
    starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    lines = Lines(starts, np.arange(int(starts[-1])), np.arange(len(weights)))

    first, end, gain = best_stretches(np.concatenate(weights).astype(np.float64), lines)

    for place, own in enumerate(weights):
        tries = [sum(own[i:j]) for i in range(len(own)) for j in range(i + 1, len(own) + 1)]
        assert gain[place] == pytest.approx(max(tries))
        found = own[first[place] - starts[place] : end[place] - starts[place]]
        assert sum(found) == pytest.approx(max(tries))
