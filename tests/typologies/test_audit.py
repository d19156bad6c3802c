"""Is the audit right, and does no simple feature give the planted frauds away?"""

from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph_service.typologies.audit import AUROC_MAX, audit, auroc
from graph_service.typologies.world import FraudWorld, fraud_world


@cache
def world(camouflage: float) -> FraudWorld:
    return fraud_world(5_000, 3, camouflage=camouflage)


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), max_size=30))
def test_auroc_is_the_part_of_pairs_that_are_in_order(cases: list[tuple[int, bool]]) -> None:
    above = [score for score, is_positive in cases if is_positive]
    below = [score for score, is_positive in cases if not is_positive]
    won = [(one > other) + (one == other) / 2 for one in above for other in below]

    found = auroc(
        np.array([score for score, _ in cases], np.float64),
        np.array([is_positive for _, is_positive in cases], np.bool_),
    )

    assert found == pytest.approx(sum(won) / len(won) if won else 0.5)


@pytest.mark.parametrize("camouflage", [0.0, 0.25, 0.75])
def test_no_simple_feature_gives_the_frauds_away(camouflage: float) -> None:
    found = audit(world(camouflage).events, world(camouflage).frauds)

    assert len(found) > 30
    telling = {name: value for name, value in found.items() if not is_weak(value)}
    assert telling == {}


def is_weak(value: float) -> bool:
    return abs(value - 0.5) <= AUROC_MAX - 0.5


def test_a_feature_that_gives_frauds_away_is_found() -> None:
    marked = [
        {**event, "data": {**event["data"], "role": "promoter"}}
        if event["type"] == "member.joined" and event["data"]["memberId"] in within()
        else {**event, "data": {**event["data"], "role": "member"}}
        if event["type"] == "member.joined"
        else event
        for event in world(0.25).events
    ]

    found = audit(marked, world(0.25).frauds)

    assert next(iter(found)) == "is promoter"
    assert found["is promoter"] == 1.0


def within() -> set[str]:
    return {one for group in world(0.25).frauds for one in group.member_ids}
