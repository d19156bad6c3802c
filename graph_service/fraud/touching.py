"""Which members do new facts touch, and whom must be looked at with them?

Works on the columns of the log, without resolving the whole mall: so a screening of the newest
facts costs little more than the rows around them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from graph_service.attribution.touches import MICROS_PER_DAY
from graph_service.snapshot.log import NONE, TABLES, Log, Numbers

# Who acted together so shortly ago may be one group (days). Source: fraud.md, co_sync_ring.
RECENT_DAYS: Final = 7
# Tokens of more members, and shops of more buyers, join nobody: an office, a well-known shop.
TOKEN_MEMBERS_MAX: Final = 50
SHOP_BUYERS_MAX: Final = 300
CLICKERS_MAX: Final = 300
INVITEES_MAX: Final = 500
# How many members are looked at together, and how many of them only for comparison.
MEMBERS_MAX: Final = 6_000
COMPARED: Final = 500

Weights = NDArray[np.float64]


@dataclass(frozen=True)
class Place:
    """Where the tables of a log ended. rows: by table."""

    rows: Mapping[str, int] = field(default_factory=dict[str, int])

    @staticmethod
    def end_of(log: Log) -> "Place":
        """Where this log ends now."""
        return Place({name: len(log.tables[name]["at"]) for name in TABLES})

    def new(self, log: Log, table: str, column: str) -> NDArray[np.int32]:
        """What the rows after this place hold."""
        return log.tables[table][column][self.rows.get(table, 0) :]


class Ties:
    """Rows of the log by id: who is seen with a token, who bought in a shop, who invited whom."""

    def __init__(self, log: Log) -> None:
        self.log = log
        self.members = len(log.names["member"])
        told = log.tables
        self.buyer = np.full(len(log.names["order"]), NONE, np.int32)
        self.buyer[told["orders"]["order"]] = told["orders"]["member"]
        self.creator = np.full(len(log.names["share"]), NONE, np.int32)
        self.creator[told["shares"]["share"]] = told["shares"]["member"]
        self.owner = np.full(len(log.names["shop"]), NONE, np.int32)
        self.owner[told["shops"]["shop"]] = told["shops"]["owner"]
        ordered = told["order_tokens"]
        self.seen_member = np.concatenate(
            [told["sightings"]["member"], self.buyer[ordered["order"]]]
        )
        self.seen_token = np.concatenate([told["sightings"]["token"], ordered["token"]])
        known = self.seen_member != NONE
        self.seen_member, self.seen_token = self.seen_member[known], self.seen_token[known]
        pairs = np.unique(
            self.seen_token.astype(np.int64) * max(1, self.members) + self.seen_member
        )
        self.degree = np.bincount(pairs // max(1, self.members), minlength=len(log.names["token"]))

    def mates(self, members: Numbers) -> Numbers:
        """Who is seen with a token of theirs that few have, themselves among them."""
        mine = np.unique(self.seen_token[np.isin(self.seen_member, members)])
        rare = mine[(self.degree[mine] > 1) & (self.degree[mine] <= TOKEN_MEMBERS_MAX)]
        return np.union1d(self.seen_member[np.isin(self.seen_token, rare)], members)

    def inviters(self, members: Numbers) -> Numbers:
        """Who ever invited them."""
        told = self.log.tables["bindings"]
        return np.unique(told["inviter"][np.isin(told["member"], members)])

    def invitees(self, members: Numbers) -> Numbers:
        """Whom they invited, the latest first, so far as that is not too many."""
        told = self.log.tables["bindings"]
        return np.unique(told["member"][np.isin(told["inviter"], members)][-INVITEES_MAX:])

    def customers(self, members: Numbers) -> Numbers:
        """Who bought in the shops where they bought or that they own, but in well-known ones."""
        told = self.log.tables["orders"]
        mine = np.isin(told["member"], members)
        owned = np.flatnonzero(np.isin(self.owner, members))
        shops = np.union1d(told["shop"][mine], owned)
        shops = shops[shops != NONE]
        there = np.isin(told["shop"], shops)
        buyers = np.bincount(told["shop"][there], minlength=1)
        small = shops[buyers[np.minimum(shops, len(buyers) - 1)] <= SHOP_BUYERS_MAX]
        found = np.unique(told["member"][there & np.isin(told["shop"], small)])
        sellers = self.owner[shops]
        return np.union1d(found, sellers[sellers != NONE])

    def promoters(self, members: Numbers) -> Numbers:
        """On whose shares they clicked or bought."""
        clicks, orders = self.log.tables["clicks"], self.log.tables["orders"]
        shares = np.concatenate(
            [
                clicks["share"][np.isin(clicks["member"], members)],
                orders["share"][np.isin(orders["member"], members)],
            ]
        )
        shares = np.unique(shares[shares != NONE])
        found = self.creator[shares]
        return np.unique(found[found != NONE])

    def followers(self, members: Numbers) -> Numbers:
        """Who clicked on their shares or bought through them, the latest of many."""
        clicks, orders = self.log.tables["clicks"], self.log.tables["orders"]
        shares = np.flatnonzero(np.isin(self.creator, members))
        clickers = clicks["member"][np.isin(clicks["share"], shares)][-CLICKERS_MAX:]
        buyers = orders["member"][np.isin(orders["share"], shares)][-CLICKERS_MAX:]
        found = np.unique(np.concatenate([clickers, buyers]))
        return found[found != NONE]


def touched_members(log: Log, since: Place, *, ties: Ties | None = None) -> tuple[Numbers, Weights]:
    """Whom the facts after this place touch, the most suspicious first, and how much they are.

    A weight counts signs: recent buyers of the same small shop with whom a rare token is shared,
    refunds, clicks that come in numbers. 0 where there is no sign. ties: of this log, if known.
    """
    ties = ties or Ties(log)
    orders = log.tables["orders"]
    refunded = ties.buyer[since.new(log, "refunds", "order")]
    clicked = ties.creator[since.new(log, "clicks", "share")]
    parts = [
        since.new(log, table, column)
        for table, column in (
            ("orders", "member"),
            ("joins", "member"),
            ("bindings", "member"),
            ("bindings", "inviter"),
            ("sightings", "member"),
            ("clicks", "member"),
        )
    ]
    everyone = np.concatenate([*parts, refunded, clicked])
    members, times = np.unique(everyone[everyone != NONE], return_counts=True)
    weights = np.log1p(times - 1.0)
    weights += _numbers(members, refunded) + _numbers(members, _recent_refunds(log, ties)) / 4
    recent = orders["at"] > log.now - RECENT_DAYS * MICROS_PER_DAY
    weights += _kin_nearby(ties, members, orders["member"][recent], orders["shop"][recent])
    order = np.lexsort((members, -weights))
    return members[order].astype(np.int32), weights[order]


def _recent_refunds(log: Log, ties: Ties) -> Numbers:
    told = log.tables["refunds"]
    return ties.buyer[told["order"][told["at"] > log.now - 4 * RECENT_DAYS * MICROS_PER_DAY]]


def _numbers(members: Numbers, of: Numbers) -> Weights:
    """How often each of these members is there, as log(1 + n)."""
    if not len(of):
        return np.zeros(len(members))
    counts = np.bincount(of[of != NONE], minlength=int(members.max(initial=0)) + 1)
    return np.log1p(counts[members])


def _kin_nearby(ties: Ties, members: Numbers, buyers: Numbers, shops: Numbers) -> Weights:
    """By member, with how many who bought lately a rare token is shared, more in one shop."""
    rows = np.isin(ties.seen_member, members)
    member, token = ties.seen_member[rows], ties.seen_token[rows]
    rare = (ties.degree[token] > 1) & (ties.degree[token] <= TOKEN_MEMBERS_MAX)
    member, token = member[rare], token[rare]
    bought = np.isin(ties.seen_member, buyers)
    active = np.bincount(ties.seen_token[bought], minlength=max(1, len(ties.log.names["token"])))
    found = np.zeros(ties.members)
    np.add.at(found, member, np.log1p(active[token]))
    several = np.bincount(buyers, minlength=ties.members)
    return found[members] + np.log1p(several[members]) / 4 + _in_small_shops(members, buyers, shops)


def _in_small_shops(members: Numbers, buyers: Numbers, shops: Numbers) -> Weights:
    """More, the more of a shop's recent orders come from few buyers."""
    known = shops != NONE
    if not known.any():
        return np.zeros(len(members))
    orders = np.bincount(shops[known])
    pairs = np.unique(shops[known].astype(np.int64) << 32 | buyers[known])
    distinct = np.bincount((pairs >> 32).astype(np.int64), minlength=len(orders))
    repeated = np.log1p(orders - distinct) * (distinct <= SHOP_BUYERS_MAX)
    size = int(max(members.max(initial=0), buyers.max(initial=0))) + 1
    found = np.zeros(size)
    np.maximum.at(found, buyers[known], repeated[shops[known]])
    return found[members]


def neighbourhood(
    log: Log, core: Numbers, *, seed: int, ties: Ties | None = None
) -> tuple[Numbers, bool]:
    """Members to be looked at with these, and whether some had to be left out.

    Kin by tokens, who invited them and whom they invited, customers of their shops, promoters and
    followers, then a sample of the others for comparison. ties: of this log, if known.
    """
    ties = ties or Ties(log)
    found = ties.mates(core)
    around = [
        ties.inviters(found),
        ties.invitees(found),
        ties.customers(found),
        ties.promoters(found),
        ties.followers(found),
    ]
    near = np.unique(np.concatenate([found, *around]))
    # Once more by what ties most, so that those who hang together are whole.
    farther = np.unique(
        np.concatenate([ties.mates(near), ties.inviters(near), ties.promoters(near)])
    )
    ordered = np.concatenate([core, _without(found, core), _without(near, found)])
    ordered = np.concatenate([ordered, _without(farther, near)])
    dice = np.random.default_rng(seed)
    sample = dice.choice(ties.members, min(COMPARED, ties.members), replace=False)
    kept = ordered[: MEMBERS_MAX - COMPARED]
    return np.union1d(kept, sample).astype(np.int32), len(ordered) > len(kept)


def _without(members: Numbers, others: Numbers) -> Numbers:
    return members[~np.isin(members, others)]
