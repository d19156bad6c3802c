"""What would be lost without a touchpoint: the removal effect in a Markov chain of journeys.

Source: Anderl, Becker, von Wangenheim and Schumann, "Mapping the customer journey: Lessons learned
from graph-based online attribution modeling", International Journal of Research in Marketing 33
(2016).
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from scipy import sparse as _sparse  # pyright: ignore[reportMissingTypeStubs]
from scipy.sparse import (  # pyright: ignore[reportMissingTypeStubs]
    csgraph as _csgraph,  # pyright: ignore[reportUnknownVariableType]
)
from scipy.sparse import (  # pyright: ignore[reportMissingTypeStubs]
    linalg as _linalg,  # pyright: ignore[reportUnknownVariableType]
)

from graph_service.errors import TooLarge

# scipy has no types.
sparse, csgraph, linalg = cast(Any, _sparse), cast(Any, _csgraph), cast(Any, _linalg)
Array = NDArray[np.float64]
Key = str | None
Touches = tuple[Key, ...]
ORDER_MAX = 4
# Right-hand sides that are solved together; they are dense.
COLUMNS_TOGETHER = 128
# From so many states on the chain is factorised anew without them: on world S that takes as long
# as 60 solutions do.
FACTORISED_FROM = 60
# On world S this order of columns fills in a tenth of what the default one does.
COLUMN_ORDER = "MMD_AT_PLUS_A"


class ChainTooLarge(TooLarge):
    """The journeys make more states than the chain may have; ask for a shorter time."""

    code = "chain_too_large"


@dataclass
class _Chain:
    """States of a chain while it is counted: `order` touchpoints, or all of a shorter journey."""

    order: int
    states: dict[Touches, int] = field(default_factory=dict[Touches, int])
    moves: defaultdict[tuple[int, int], int] = field(default_factory=lambda: defaultdict(int))
    starts: defaultdict[int, int] = field(default_factory=lambda: defaultdict(int))
    wins: defaultdict[int, int] = field(default_factory=lambda: defaultdict(int))
    leaves: defaultdict[int, int] = field(default_factory=lambda: defaultdict(int))

    def walk(self, touches: Touches, won: int, lost: int) -> None:
        """Count journeys that took this way."""
        before: int | None = None
        for i in range(max(1, len(touches) + 1 - self.order)):
            now = self.states.setdefault(touches[i : i + self.order], len(self.states))
            if before is None:
                self.starts[now] += won + lost
            else:
                self.moves[before, now] += won + lost
            self.leaves[now] += won + lost
            before = now
        if before is not None:
            self.wins[before] += won


def removal_effects(
    paths: Mapping[Touches, tuple[int, int]], *, order: int = 1, states_max: int = 20_000
) -> dict[Key, float]:
    """Per touchpoint the part of all conversions that is lost if nobody gets past it.

    paths: how many journeys of each sequence converted, and how many did not. A state is `order`
    touchpoints in a row (1 to 4; a shorter journey is a state of its own); who would step into
    one that holds the removed touchpoint is lost. The chain is solved, never walked at random:
    with N = (I - Q)^-1, b = N r the chance to convert from each state and S the states to be
    removed, what goes through S is f b_S, where f N_SS = (s N)_S gives the chances that S is
    first entered in each of its states; where S is large the chain without S is solved instead.
    Raises ChainTooLarge beyond states_max. Cost: a sparse factorisation, another for each key of
    many states, and a solution for each other state that a journey can come back to.
    """
    chain = _Chain(order)
    for touches, (won, lost) in paths.items():
        chain.walk(touches, won, lost)
        if len(chain.states) > states_max:
            raise ChainTooLarge(f"more than {states_max} states")
    groups: defaultdict[Key, list[int]] = defaultdict(list)
    for state, i in chain.states.items():
        for key in set(state):
            groups[key].append(i)
    total = sum(chain.wins.values())
    if total == 0:
        return dict.fromkeys(groups, 0.0)
    return _solved(chain, groups)


def _solved(chain: _Chain, groups: Mapping[Key, Sequence[int]]) -> dict[Key, float]:
    size = len(chain.states)
    leaves = np.array([chain.leaves[i] for i in range(size)], dtype=float)
    wins = np.array([chain.wins[i] for i in range(size)], dtype=float) / leaves
    starts = np.array([chain.starts[i] for i in range(size)], dtype=float)
    starts /= starts.sum()
    rows = np.array([a for a, _ in chain.moves], dtype=np.int64)
    columns = np.array([b for _, b in chain.moves], dtype=np.int64)
    counts = np.array(list(chain.moves.values()), dtype=float)
    chances = counts / leaves[rows] if len(rows) else counts
    moves = sparse.csc_matrix((chances, (rows, columns)), shape=(size, size))
    system = sparse.identity(size, format="csc") - moves
    solver = linalg.splu(system, permc_spec=COLUMN_ORDER)
    converts = solver.solve(wins)
    visits = solver.solve(starts, trans="T")
    total = float(starts @ converts)
    few = {key: states for key, states in groups.items() if len(states) < FACTORISED_FROM}
    through = {
        key: float(first @ converts[list(states)])
        for key, states, first in _first_entries(solver, moves, visits, few)
    }
    for key in groups.keys() - few.keys():
        kept = np.ones(size, dtype=np.bool_)
        kept[list(groups[key])] = False
        through[key] = total - _converted(system[kept][:, kept], wins[kept], starts[kept])
    return {key: min(1.0, max(0.0, lost / total)) for key, lost in through.items()}


def _converted(system: Any, wins: Array, starts: Array) -> float:
    """The chance to convert in a chain that may have no states."""
    if not len(wins):
        return 0.0
    return float(starts @ linalg.splu(system.tocsc(), permc_spec=COLUMN_ORDER).solve(wins))


def _first_entries(
    solver: Any, moves: Any, visits: Any, groups: Mapping[Key, Sequence[int]]
) -> list[tuple[Key, Sequence[int], Array]]:
    """Per group of states the chance that it is first entered in each of them."""
    found: list[tuple[Key, Sequence[int], Array]] = []
    waiting: list[tuple[Key, Sequence[int]]] = []
    _, parts = csgraph.connected_components(moves, directed=True, connection="strong")
    sizes = np.bincount(parts)
    loops = moves.diagonal()
    for key, states in groups.items():
        if len(states) == 1 and sizes[parts[states[0]]] == 1:
            # Nobody comes back but from the state itself.
            found.append((key, states, visits[list(states)] * (1 - loops[states[0]])))
        else:
            waiting.append((key, states))
    while waiting:
        together = [waiting.pop()]
        while waiting and sum(len(s) for _, s in together) < COLUMNS_TOGETHER:
            together.append(waiting.pop())
        columns = [state for _, states in together for state in states]
        unit = np.zeros((moves.shape[0], len(columns)))
        unit[columns, np.arange(len(columns))] = 1
        solved = solver.solve(unit)
        at = 0
        for key, states in together:
            block = solved[list(states), at : at + len(states)]
            first = cast(Array, np.linalg.solve(block.T, visits[list(states)]))
            found.append((key, states, first))
            at += len(states)
    return found
