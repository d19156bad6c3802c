"""Are pairs, circles and pools those of looking at each click, and who sells nothing?"""

import numpy as np

from graph_service.fraud.clicking import clicking_of
from graph_service.fraud.crowds.clickers import (
    DEVOTED_PART,
    DEVOTED_SHARES,
    circles,
    mutual_rows,
    pairs_of,
    pools,
    sales_of,
    selling,
    unsold,
)
from graph_service.fraud.scene import Scene
from tests.worlds import errands
from tests.worlds.malls import DAY_S, Mall, names_of


def pairs_in(mall: Mall) -> tuple[Scene, dict[tuple[int, int], int]]:
    """The scene of a mall, and where each pair of a member and a promoter is."""
    scene = mall.scene()
    pairs = pairs_of(scene, clicking_of(scene, pause_seconds=300, burst_clicks=10))
    places = zip(pairs.member.tolist(), pairs.promoter.tolist(), strict=True)
    return scene, {pair: place for place, pair in enumerate(places)}


def test_pairs_are_counted_as_by_looking_at_each_click() -> None:
    mall = Mall(5, members=120)
    errands.circle(mall)
    scene, places = pairs_in(mall)
    clicking = clicking_of(scene, pause_seconds=300, burst_clicks=10)
    pairs = pairs_of(scene, clicking)

    shares: dict[tuple[int, int], set[int]] = {}
    times: dict[tuple[int, int], list[int]] = {}
    for row in np.flatnonzero(clicking.member >= 0).tolist():
        pair = int(clicking.member[row]), int(clicking.promoter[row])
        if not clicking.again[row]:
            shares.setdefault(pair, set()).add(int(clicking.share[row]))
            times.setdefault(pair, []).append(int(clicking.at[row]))

    assert shares.keys() == places.keys()
    told = scene.snapshot.shares
    for pair, place in places.items():
        assert pairs.shares[place] == len(shares[pair])
        assert (pairs.first[place], pairs.last[place]) == (min(times[pair]), max(times[pair]))
        since = min(times[pair]) // 1_000_000 - 3 * DAY_S
        at = told.at[told.member == pair[1]] // 1_000_000
        posted = int(((at >= since) & (at <= max(times[pair]) // 1_000_000)).sum())
        enough = len(shares[pair]) >= DEVOTED_SHARES
        assert pairs.devoted[place] == (enough and len(shares[pair]) >= DEVOTED_PART * posted)


def test_a_circle_is_its_members_and_sells_nothing() -> None:
    mall = Mall(6)
    planted = errands.circle(mall)
    scene, _ = pairs_in(mall)
    pairs = pairs_of(scene, clicking_of(scene, pause_seconds=300, burst_clicks=10))

    [found] = circles(pairs, mutual_rows(pairs))

    assert names_of(scene, found.members.tolist()) == planted
    assert unsold(pairs, found.rows, selling(sales_of(pairs), found.members)) > 10


def test_a_pool_is_the_promoter_and_who_clicks_on_most_of_it() -> None:
    mall = Mall(7)
    planted = errands.pool(mall)
    scene, _ = pairs_in(mall)
    pairs = pairs_of(scene, clicking_of(scene, pause_seconds=300, burst_clicks=10))

    found = max(pools(pairs), key=lambda one: len(one.members))

    assert names_of(scene, found.members.tolist()) == planted


def test_of_an_honest_mall_nobody_clicks_in_a_circle() -> None:
    scene, _ = pairs_in(Mall(8))
    pairs = pairs_of(scene, clicking_of(scene, pause_seconds=300, burst_clicks=10))

    assert circles(pairs, mutual_rows(pairs)) == []
