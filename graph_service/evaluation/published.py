"""What do the published procedures find? Plain re-implementations, to compare with.

Nothing here shares code with what it is compared with. Sources: Hooi et al., "FRAUDAR", KDD
(2016); Charikar, APPROX (2000); Cao et al., "SynchroTrap", CCS (2014).
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from heapq import heapify, heappop, heappush
from math import log

Edge = tuple[int, int]
DAY_SECONDS = 86_400


def dense_users(edges: Sequence[Edge], *, weighted: bool, blocks: int) -> Iterator[set[int]]:
    """The users of the densest block of user and product, then of the rest without its edges.

    weighted: FRAUDAR's 1 / log(5 + degree of the product); else each edge weighs 1.
    """
    left = list(edges)
    for _ in range(blocks):
        if not left:
            return
        users, products = peel(left, weighted=weighted)
        yield users
        left = [edge for edge in left if edge[0] not in users or edge[1] not in products]


def peel(edges: Sequence[Edge], *, weighted: bool) -> tuple[set[int], set[int]]:
    """Remove the lightest user or product again and again; the densest set on the way."""
    degrees = Counter(product for _, product in edges)
    numbers: dict[tuple[str, int], int] = {}
    near: list[list[tuple[int, float]]] = []
    for user, product in edges:
        weight = 1 / log(5 + degrees[product]) if weighted else 1.0
        ends = [numbers.setdefault(end, len(numbers)) for end in (("u", user), ("p", product))]
        near.extend([] for _ in range(len(numbers) - len(near)))
        near[ends[0]].append((ends[1], weight))
        near[ends[1]].append((ends[0], weight))
    order, best = _fallen([sum(weight for _, weight in ends) for ends in near], near)
    kept = set(order[best:])
    inside = [end for end, number in numbers.items() if number in kept]
    return {end for kind, end in inside if kind == "u"}, {
        end for kind, end in inside if kind == "p"
    }


def _fallen(
    weights: list[float], near: Sequence[Sequence[tuple[int, float]]]
) -> tuple[list[int], int]:
    """All nodes, the lightest of what is left first, and how many fall before the densest set."""
    heap = [(weight, node) for node, weight in enumerate(weights)]
    heapify(heap)
    gone = [False] * len(weights)
    total, best, best_density = sum(weights) / 2, 0, -1.0
    order: list[int] = []
    while len(order) < len(weights):
        density = total / (len(weights) - len(order))
        # Rounding must not make a later set of the same density denser.
        if density > best_density + 1e-9:
            best, best_density = len(order), density
        weight, node = heappop(heap)
        while gone[node] or weight != weights[node]:
            weight, node = heappop(heap)
        gone[node] = True
        order.append(node)
        total -= weight
        for other, lighter in near[node]:
            if not gone[other]:
                weights[other] -= lighter
                heappush(heap, (weights[other], other))
    return order, best


def copurchase_users(
    purchases: Sequence[tuple[int, int, int]], *, common: int, days: int = 7, members: int = 5
) -> set[int]:
    """Users in components of pairs that bought so many same products, each within these days.

    purchases: user, product, unix second.
    """
    bought: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
    for user, product, second in purchases:
        bought[product].append((second, user))
    counts: Counter[Edge] = Counter()
    for events in bought.values():
        events.sort()
        pairs: set[Edge] = set()
        for i, (second, user) in enumerate(events):
            for then, other in events[i + 1 :]:
                if then - second > days * DAY_SECONDS:
                    break
                if other != user:
                    pairs.add((min(user, other), max(user, other)))
        counts.update(pairs)
    return _components([pair for pair, number in counts.items() if number >= common], members)


def _components(pairs: Sequence[Edge], members: int) -> set[int]:
    near: defaultdict[int, set[int]] = defaultdict(set)
    for one, other in pairs:
        near[one].add(other)
        near[other].add(one)
    found: set[int] = set()
    seen: set[int] = set()
    for start in near:
        if start in seen:
            continue
        group, waiting = {start}, [start]
        while waiting:
            fresh = near[waiting.pop()] - group
            group |= fresh
            waiting.extend(fresh)
        seen |= group
        if len(group) >= members:
            found |= group
    return found
