"""Which of these accounts are one person? From what is known of them alone, with no database.

Accounts are joined by what they share, the strongest first, unless somebody said that they are
not one person. So the answer depends on what is known and not on the order in which it came.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Literal, NamedTuple

from graph_service.identity.weights import (
    RECYCLED_AFTER_DAYS,
    SAID_BITS,
    STRONG,
    Reason,
    Score,
    score_of,
    token_bits,
)

MICROS_PER_DAY = 86_400_000_000
# Pairs of accounts that are looked at one by one (some 10 us each).
PAIRS_MAX = 50_000
Said = Literal["merged", "apart"]
# The lesser id first.
Pair = tuple[str, str]


class Seen(NamedTuple):
    """How an account was seen with an identifier. first, last: us.

    owned: often enough, or otherwise than by an order that somebody else may have paid.
    """

    first: int
    last: int
    owned: bool


class Token(NamedTuple):
    """An identifier. reach: how many are seen with it, at most; 0: too many to say anything."""

    kind: str
    reach: int


class Word(NamedTuple):
    """What the staff said of two accounts: that they are one person, or that this was wrong."""

    time: int
    seq: int
    merged: bool


class Link(NamedTuple):
    """Why two accounts of a person are one; of all such the strongest that hold it together."""

    pair: Pair
    score: Score


@dataclass
class Known:
    """What is known of some accounts. uses: by account and token. words: by pair."""

    uses: dict[str, dict[str, Seen]] = field(default_factory=dict[str, dict[str, Seen]])
    tokens: dict[str, Token] = field(default_factory=dict[str, Token])
    words: dict[Pair, list[Word]] = field(default_factory=dict[Pair, list[Word]])

    def said(self, pair: Pair) -> Said | None:
        """What stands of what was said of two accounts.

        A merge is taken back by one unmerge after it: then stands what stood before. An unmerge of
        what was not merged says that the two are not one person.
        """
        merges, apart = 0, False
        for word in sorted(self.words.get(pair, ())):
            if word.merged:
                merges += 1
            elif merges:
                merges -= 1
            else:
                apart = True
        return "merged" if merges else "apart" if apart else None


def pair_of(one: str, other: str) -> Pair:
    """Two accounts, the lesser id first."""
    return (one, other) if one < other else (other, one)


def score_pair(known: Known, pair: Pair) -> Score:
    """What two accounts share, and what that says; not what was said of them."""
    mine, others = (known.uses.get(one, {}) for one in pair)
    reasons: list[Reason] = []
    for token in mine.keys() & others.keys():
        kind, reach = known.tokens[token]
        one, other = mine[token], others[token]
        if kind == "payment" and not (one.owned and other.owned):
            kind = "paid"
        apart = max(one.first, other.first) - min(one.last, other.last)
        recycled = kind == "phone" and apart >= RECYCLED_AFTER_DAYS * MICROS_PER_DAY
        bits = token_bits(kind, reach, recycled=recycled)
        reasons.append(Reason(kind, token, bits, reach, recycled))
    return score_of(reasons)


def persons_of(known: Known, member_ids: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """The accounts of each one's person, in order of id, itself among them."""
    asked = sorted(set(member_ids))
    return joined_by(links_of(known, asked), asked)


def joined_by(links: Iterable[Link], member_ids: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """The accounts of each one's person, given what joins them."""
    groups: dict[str, list[str]] = {one: [one] for one in member_ids}
    for link in links:
        one, other = (groups[member_id] for member_id in link.pair)
        greater, lesser = (one, other) if len(one) >= len(other) else (other, one)
        greater.extend(lesser)
        groups.update(dict.fromkeys(lesser, greater))
    found: dict[str, tuple[str, ...]] = {}
    for group in groups.values():
        if group[0] not in found:
            accounts = tuple(sorted(group))
            found.update(dict.fromkeys(accounts, accounts))
    return found


def links_of(known: Known, member_ids: Iterable[str]) -> Iterator[Link]:
    """The links that join these accounts, each of two that no link before has joined.

    Cost: every pair that shares something strong. Of accounts that hang together by more pairs than
    PAIRS_MAX so many are looked at, what few share first, beside one for each that shares a thing.
    """
    asked = sorted(set(member_ids))
    said: dict[Pair, Said] = {}
    for pair in known.words:
        if (word := known.said(pair)) is not None:
            said[pair] = word
    apart: defaultdict[str, set[str]] = defaultdict(set)
    for pair, word in said.items():
        if word == "apart":
            for one, other in (pair, pair[::-1]):
                apart[one].add(other)
    group_of = {one: {one} for one in asked}
    edges = sorted(_edges(known, asked, said), key=lambda link: (-link.score.bits, link.pair))
    for link in edges:
        one, other = (group_of[member_id] for member_id in link.pair)
        if one is other or any(apart[member_id] & other for member_id in one if member_id in apart):
            continue
        greater, lesser = (one, other) if len(one) >= len(other) else (other, one)
        greater |= lesser
        group_of.update(dict.fromkeys(lesser, greater))
        yield link


def _edges(known: Known, member_ids: Sequence[str], said: Mapping[Pair, Said]) -> Iterator[Link]:
    """What joins two of these accounts."""
    asked = set(member_ids)
    for pair, word in said.items():
        if word == "merged" and asked.issuperset(pair):
            yield Link(pair, Score(SAID_BITS, (Reason("merged", None, SAID_BITS, 2),)))
    users: defaultdict[str, list[str]] = defaultdict(list)
    for member_id in member_ids:
        for token in known.uses.get(member_id, ()):
            if known.tokens[token].kind in STRONG:
                users[token].append(member_id)
    looked_at: set[Pair] = set(said)
    for together in _hanging_together(users):
        for one, other in _candidates(known, together):
            pair = pair_of(one, other)
            if pair not in looked_at:
                looked_at.add(pair)
                score = score_pair(known, pair)
                if score.joins:
                    yield Link(pair, score)


def _hanging_together(users: Mapping[str, Sequence[str]]) -> list[dict[str, Sequence[str]]]:
    """Who shares what, each of those that hang together by what they share apart from others.

    So what is found of some does not depend on who else is asked about.
    """
    group_of: dict[str, set[str]] = {}
    for token, accounts in users.items():
        group = {token}
        for known in {
            id(found): found for one in accounts if (found := group_of.get(one))
        }.values():
            group |= known
        for member_id in {one for name in group for one in users[name]}:
            group_of[member_id] = group
    groups = {id(group): group for group in group_of.values()}
    return [{token: users[token] for token in sorted(group)} for group in groups.values()]


def _candidates(known: Known, users: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, str]]:
    """Pairs of accounts that share something strong: all, or enough of too many."""
    tokens = sorted(users, key=lambda token: (len(users[token]), token))
    pairs = {token: len(users[token]) * (len(users[token]) - 1) // 2 for token in tokens}
    left = PAIRS_MAX
    exact = sum(pairs.values()) <= PAIRS_MAX
    for token in tokens:
        accounts = users[token]
        if not exact:
            yield from _enough(known, token, accounts)
        if exact or pairs[token] <= left:
            left -= 0 if exact else pairs[token]
            yield from combinations(accounts, 2)


def _enough(known: Known, token: str, accounts: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Of those who share this, pairs that hang together as all would for which it is enough.

    Each is paired with the one before that was seen with it last: of two that are a long rest
    apart, no earlier one is nearer.
    """
    latest: str | None = None
    seen = {one: known.uses[one][token] for one in accounts}
    for one in sorted(accounts, key=lambda member_id: (not seen[member_id].owned, seen[member_id])):
        if latest is not None:
            yield latest, one
        if latest is None or (seen[one].owned, seen[one].last) >= (
            seen[latest].owned,
            seen[latest].last,
        ):
            latest = one
