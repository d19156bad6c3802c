"""Which stretch of each line of accounts speaks most for one hand, and by which of its signs?"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import log
from typing import Final

import numpy as np

from graph_service.fraud.crowds.invited import TOKENS, Families
from graph_service.fraud.lines import Lines, best_stretches
from graph_service.fraud.scene import Floats
from graph_service.snapshot.log import Ints
from graph_service.snapshot.resolving import Flags

# Whether a farm shows in a family of signs or hides in it is even before it is seen.
CHOICE_NATS: Final = log(2)
# A farm's accounts say at least so much each (nats): a little of very many is how lines differ.
MEAN_LEAST: Final = 0.15
# How often signs and stretch are chosen again, each by the other.
ROUNDS: Final = 2


@dataclass(frozen=True)
class Stretches:
    """By line: its first row and the row after its last, the families that speak, and their sum.

    speaking: family × line, in the order of the families. gain: nats, less the choice of families.
    """

    starts: Ints
    ends: Ints
    speaking: Flags
    gain: Floats


def speaking_stretches(families: Families, lines: Lines, most: Mapping[str, float]) -> Stretches:
    """The best stretch of each line where a farm may hide in any family of signs.

    most: what a family says at most (nats). Cost: rows × families × a dozen.
    """
    names = list(families)
    rows = np.array([families[name] for name in names])
    caps = np.array([most[name] for name in names])[:, None]
    is_token = np.array([name in TOKENS for name in names])
    best: Stretches | None = None
    for begin in (np.ones(len(names), np.bool_), is_token, ~is_token):
        speaking = np.repeat(begin[:, None], len(lines.leader), axis=1)
        for _ in range(ROUNDS):
            found = _stretches(rows, lines, speaking, caps)
            best = found if best is None else _better(best, found)
            speaking = found.speaking
    assert best is not None
    return best


def _stretches(rows: Floats, lines: Lines, speaking: Flags, caps: Floats) -> Stretches:
    """The best stretches by these families, and which families speak there."""
    weights = (rows * speaking[:, lines.line]).sum(axis=0)
    starts, ends, _ = best_stretches(weights, lines)
    sums = np.concatenate([np.zeros((len(rows), 1)), np.cumsum(rows, axis=1)], axis=1)
    whole = sums[:, ends] - sums[:, starts]
    said = np.minimum(whole, caps) - CHOICE_NATS
    speaking = (said > 0) & (whole >= MEAN_LEAST * (ends - starts))
    return Stretches(starts, ends, speaking, np.where(speaking, said, 0).sum(axis=0))


def _better(one: Stretches, other: Stretches) -> Stretches:
    """By line, the stretch that says more."""
    more = other.gain > one.gain
    return Stretches(
        np.where(more, other.starts, one.starts),
        np.where(more, other.ends, one.ends),
        np.where(more, other.speaking, one.speaking),
        np.where(more, other.gain, one.gain),
    )
