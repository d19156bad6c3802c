"""How near are groups of accounts to the persons behind them?

Sources: Hassanzadeh et al., "Framework for Evaluating Clustering Algorithms in Duplicate
Detection", PVLDB 2(1) (2009), for pairs; Bagga and Baldwin, "Entity-Based Cross-Document
Coreferencing Using the Vector Space Model", COLING-ACL (1998), for B-cubed.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import comb

from graph_service.identity.persons import Link
from graph_service.identity.weights import STRONG

# Of a false pair that hangs together by more than one kind of noise.
SEVERAL = "several of these"
# Of one that no noise explains: a fault of the world.
UNKNOWN = "unknown"
Causes = frozenset[str]
NO_CAUSE: Causes = frozenset()


@dataclass(frozen=True)
class Agreement:
    """Pairs that are joined, those of one person, those both; and B-cubed, by account."""

    joined_pairs: int
    true_pairs: int
    right_pairs: int
    cubed_precision: float
    cubed_recall: float

    @property
    def precision(self) -> float:
        """Of the pairs that are joined the part that is of one person; 1 where none is."""
        return self.right_pairs / self.joined_pairs if self.joined_pairs else 1.0

    @property
    def recall(self) -> float:
        """Of the pairs of one person the part that is joined; 1 where there is none."""
        return self.right_pairs / self.true_pairs if self.true_pairs else 1.0

    @property
    def cubed_f1(self) -> float:
        """The harmonic mean of both."""
        both = self.cubed_precision + self.cubed_recall
        return 2 * self.cubed_precision * self.cubed_recall / both if both else 0.0


def agreement(groups: Mapping[str, Hashable], truth: Mapping[str, Hashable]) -> Agreement:
    """How groups of accounts agree with the truth. groups: the group of each account in truth."""
    joined = Counter(groups[one] for one in truth)
    persons = Counter(truth.values())
    cells = Counter((groups[one], truth[one]) for one in truth)
    accounts = len(truth) or 1
    return Agreement(
        joined_pairs=sum(comb(size, 2) for size in joined.values()),
        true_pairs=sum(comb(size, 2) for size in persons.values()),
        right_pairs=sum(comb(size, 2) for size in cells.values()),
        cubed_precision=sum(size**2 / joined[group] for (group, _), size in cells.items())
        / accounts,
        cubed_recall=sum(size**2 / persons[who] for (_, who), size in cells.items()) / accounts,
    )


def components(
    uses: Mapping[str, Iterable[str]], kinds: Mapping[str, str], joining: Collection[str]
) -> dict[str, str]:
    """Who hangs together by identifiers of these kinds, however many share them: a baseline."""
    above: dict[str, str] = {one: one for one in uses}

    def top(one: str) -> str:
        while above[one] != one:
            above[one] = above[above[one]]
            one = above[one]
        return one

    first: dict[str, str] = {}
    for member_id in sorted(uses):
        for token in uses[member_id]:
            if kinds[token] in joining:
                above[top(member_id)] = top(first.setdefault(token, member_id))
    return {one: top(one) for one in uses}


def false_pairs(
    links: Iterable[Link], truth: Mapping[str, str], noise: Mapping[tuple[str, str], str]
) -> Counter[str]:
    """Pairs of accounts that are joined and not of one person, by what made them so.

    links: a forest, as of links_of. noise: by account and token.
    """
    near: defaultdict[str, list[tuple[str, Causes]]] = defaultdict(list)
    for link in links:
        one, other = link.pair
        causes = NO_CAUSE if truth[one] == truth[other] else frozenset({_cause(link, noise)})
        near[one].append((other, causes))
        near[other].append((one, causes))
    found: Counter[str] = Counter()
    for start in near:
        for end, causes in _reached(near, start):
            if start < end and truth[start] != truth[end]:
                found[next(iter(causes)) if len(causes) == 1 else SEVERAL] += 1
    return found


def _cause(link: Link, noise: Mapping[tuple[str, str], str]) -> str:
    """The noise behind what joins two people, of what is strong first."""
    for reason in sorted(link.score.reasons, key=lambda one: one.kind not in STRONG):
        for member_id in link.pair:
            if reason.token is not None and (name := noise.get((member_id, reason.token))):
                return name
    return UNKNOWN


def _reached(
    near: Mapping[str, Sequence[tuple[str, Causes]]], start: str
) -> Iterator[tuple[str, Causes]]:
    """Every account of the same tree, with the causes on the way to it."""
    waiting = [(start, "", NO_CAUSE)]
    while waiting:
        place, before, causes = waiting.pop()
        yield place, causes
        for after, more in near[place]:
            if after != before:
                waiting.append((after, place, causes | more))


def joined_honest(
    groups: Mapping[str, Hashable], truth: Mapping[str, str], fraudsters: Collection[str]
) -> tuple[int, int]:
    """Honest persons with an account that is joined to another's, and of those to a fraudster's."""
    people: defaultdict[Hashable, set[str]] = defaultdict(set)
    for member_id, person in truth.items():
        people[groups[member_id]].add(person)
    wrong: set[str] = set()
    with_fraud: set[str] = set()
    for together in people.values():
        if len(together) > 1:
            honest = together.difference(fraudsters)
            wrong |= honest
            if len(honest) < len(together):
                with_fraud |= honest
    return len(wrong), len(with_fraud)


def joined_part(groups: Mapping[str, Hashable], truth: Mapping[str, str]) -> float:
    """The part of these accounts that is joined to at least one other of the same person."""
    cells = Counter((groups[one], who) for one, who in truth.items())
    together = sum(cells[groups[one], who] > 1 for one, who in truth.items())
    return together / len(truth) if truth else 1.0
