"""Links of accounts that deal with nobody else, beside a search in plain Python."""

import networkx as nx
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from graph_service.fraud.chains.earning import Earnings
from graph_service.fraud.chains.sole import (
    BOUGHT_PART,
    LINK_ORDERS_LEAST,
    SOLE_PART,
    sold_by,
    sole_chains,
    sole_links,
)

PEOPLE = 9
Deals = dict[tuple[int, int], int]
DEALS = st.dictionaries(
    st.tuples(st.integers(0, PEOPLE - 1), st.integers(0, PEOPLE - 1)).filter(
        lambda pair: pair[0] != pair[1]
    ),
    st.integers(0, 6),
    max_size=14,
)


def pairs_of(deals: Deals) -> Earnings:
    keys = sorted(deals)
    touched = np.array([deals[one] for one in keys], np.int32)
    nobody = np.zeros(len(keys), np.int32)
    return Earnings(
        np.array([earner for earner, _ in keys], np.int32),
        np.array([buyer for _, buyer in keys], np.int32),
        touched,
        touched,
        nobody,
        np.zeros(len(keys), np.bool_),
        np.zeros(len(keys) + 1, np.int64),
        np.zeros(0, np.int64),
    )


def plain_links(deals: Deals, others: list[int]) -> set[tuple[int, int]]:
    """others: by member, orders that nobody brought."""
    found: set[tuple[int, int]] = set()
    for (earner, buyer), count in deals.items():
        sold = sum(many for (one, _), many in deals.items() if one == earner)
        bought = others[buyer] + sum(many for (_, one), many in deals.items() if one == buyer)
        if (
            count >= LINK_ORDERS_LEAST
            and count >= SOLE_PART * sold
            and count >= BOUGHT_PART * bought
        ):
            found.add((earner, buyer))
    return found


@given(DEALS, st.lists(st.integers(0, 5), min_size=PEOPLE, max_size=PEOPLE))
def test_links_and_chains_are_those_of_a_plain_search(deals: Deals, others: list[int]) -> None:
    pairs = pairs_of(deals)
    bought = np.bincount(pairs.buyer, pairs.touched, minlength=PEOPLE).astype(np.int64)
    bought += np.array(others, np.int64)

    links = sole_links(pairs, sold_by(pairs, PEOPLE), bought)
    chains = sole_chains(pairs, links, PEOPLE)

    told = {(int(pairs.earner[one]), int(pairs.buyer[one])) for one in links}
    plain = plain_links(deals, others)
    assert told == plain
    following = [one for one in plain if any(one[1] == two[0] or one[0] == two[1] for two in plain)]
    graph = nx.Graph(following)
    expected = {
        frozenset(accounts) for accounts in nx.connected_components(graph) if len(accounts) > 2
    }
    assert {
        frozenset([*pairs.earner[rows].tolist(), *pairs.buyer[rows].tolist()]) for rows in chains
    } == expected
