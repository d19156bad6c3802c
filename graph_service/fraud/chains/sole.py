"""Who sells to hardly anybody but one, who buys hardly from anybody else?

An account for rewards is one link of that kind, and so is an honest member whose friend is loyal.
Two in a row, where who buys all of the first's sells all to the next, honest members of made-up
malls do not make.
"""

from typing import Final

import numpy as np

from graph_service.fraud.chains.cycles import joined
from graph_service.fraud.chains.earning import Earnings
from graph_service.snapshot.log import Ints

# Nearly all that the earner sells, to at least so many orders.
SOLE_PART: Final = 0.8
SOLE_ORDERS_LEAST: Final = 4
LINK_ORDERS_LEAST: Final = 3
# And at least half of what the buyer buys.
BOUGHT_PART: Final = 0.5
# In a small mall the rate is told as if so many more sold to several.
SELLERS_BESIDE: Final = 50


def sold_by(pairs: Earnings, people: int) -> Ints:
    """By member, the orders that each had a touch of the member's of their own."""
    return np.bincount(pairs.earner, pairs.touched, minlength=people).astype(np.int64)


def sole_rate(pairs: Earnings, sold: Ints) -> float:
    """The part of those who sell some orders that sells nearly all to one buyer; never 0."""
    sole = pairs.touched >= np.maximum(SOLE_ORDERS_LEAST, SOLE_PART * sold[pairs.earner])
    sellers = int((sold >= SOLE_ORDERS_LEAST).sum())
    return (int(sole.sum()) + 1) / (sellers + SELLERS_BESIDE)


def sole_links(pairs: Earnings, sold: Ints, bought: Ints) -> Ints:
    """Pairs who deal with hardly anybody else. sold, bought: by member, all its orders."""
    is_sole = pairs.touched >= np.maximum(LINK_ORDERS_LEAST, SOLE_PART * sold[pairs.earner])
    return np.flatnonzero(is_sole & (pairs.touched >= BOUGHT_PART * bought[pairs.buyer]))


def sole_chains(pairs: Earnings, links: Ints, people: int) -> list[Ints]:
    """Links that follow one another among three accounts or more, each chain with its branches.

    A couple who buy by each other's shares is no chain.
    """
    earner, buyer = pairs.earner[links], pairs.buyer[links]
    follows = links[np.isin(earner, buyer) | np.isin(buyer, earner)]
    ends = [[int(pairs.earner[one]), int(pairs.buyer[one])] for one in follows]
    groups = joined(ends, people)
    return [
        follows[group]
        for group in groups
        if len({account for one in group for account in ends[one]}) > 2
    ]
