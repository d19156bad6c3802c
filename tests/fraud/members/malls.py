"""Members with numbers of which some are telling, and small fraud worlds."""

from functools import cache

import numpy as np

from graph_service.fraud.members.labelled import Labelled, of_world, together
from graph_service.fraud.members.training import Trained, train
from graph_service.typologies.world import FraudWorld, fraud_world


@cache
def small_world(seed: int, camouflage: float = 0.25) -> FraudWorld:
    """1,000 members of whom one in ten is in a fraud."""
    return fraud_world(1_000, seed, camouflage=camouflage, prevalence=0.1)


@cache
def trained_on_worlds() -> Trained:
    """What is learnt from these."""
    return train(learnt(), folds=2)


@cache
def learnt() -> Labelled:
    """Three small worlds."""
    return together([of_world(small_world(seed), at=seed) for seed in (1, 2, 3)])


def made_up(seed: int, rows: int = 1_200) -> Labelled:
    """Rings of five of whom one column tells much, one little, and one knows the ring only."""
    dice = np.random.default_rng(seed)
    ring = np.arange(rows) // 5
    false = (dice.random(rows // 5 + 1) < 0.1)[ring]
    values = np.stack(
        [
            false * 2.0 + dice.normal(size=rows),
            false * 0.3 + dice.normal(size=rows),
            dice.normal(size=rows // 5 + 1)[ring],
            np.full(rows, np.nan),
        ],
        axis=1,
    ).astype(np.float32)
    names = ("refunded_part", "orders", "age_days", "levels")
    at = (ring * 7) % (rows // 5)
    kinds = np.where(false, np.where(ring % 2, "odd", "even"), "honest").astype("<U24")
    alike = np.ones(len(false))
    return Labelled(names, values, false, ring.astype(np.int64), at.astype(np.int64), kinds, alike)
