"""Owners who hang together by trade, beside a search with networkx."""

from random import Random

import networkx as nx
import numpy as np
import pytest

from graph_service.fraud.chains.trading import (
    ORDERS_EACH,
    OWNERS_LEAST,
    expected_among,
    like_trade,
    trades_of,
)
from graph_service.fraud.scene import Scene
from tests.worlds import Event
from tests.worlds.frauds import Diary, own_things, scene_of

OWNERS = 9


def trading(seed: int) -> list[Event]:
    """Nine owners order for about 66 yuan in each other's shops, some of which sell far more."""
    diary, dice = Diary("trade"), Random(seed)
    for number in range(OWNERS):
        diary.join(f"o{number}", 10, **own_things(f"o{number}"))
        diary.write("shop.registered", 12, shopId=f"stall-{number}", ownerMemberId=f"o{number}")
    for turn in range(dice.randrange(10, 40)):
        buyer, seller = dice.randrange(OWNERS), int(OWNERS * dice.random() ** 2)
        amount = 6_500 + dice.randrange(200)
        diary.buy(f"o{buyer}", 60 + turn / 9, f"p-{turn}", amount, shop=f"stall-{seller}")
    return diary.events


def plain_knots(scene: Scene) -> set[frozenset[int]]:
    told, owner = scene.snapshot.orders, scene.snapshot.owner
    graph: nx.MultiDiGraph[int] = nx.MultiDiGraph()
    for buyer, shop in zip(told.buyer.tolist(), told.shop.tolist(), strict=True):
        seller = int(owner[shop]) if shop >= 0 else -1
        if seller >= 0 and buyer in set(owner[owner >= 0].tolist()) and buyer != seller:
            graph.add_edge(buyer, seller)
    return {
        frozenset(part)
        for part in nx.strongly_connected_components(graph)
        if len(part) >= OWNERS_LEAST
        and graph.subgraph(part).number_of_edges() >= ORDERS_EACH * len(part)
    }


def test_knots_are_the_strongly_connected_parts_of_like_orders() -> None:
    met = 0
    for seed in range(12):
        scene = scene_of(trading(seed))
        plain = plain_knots(scene)

        found = {frozenset(one.buyer.tolist()) for one in like_trade(scene, trades_of(scene).known)}

        # All amounts lie within one window at least; others hold a part of them.
        assert plain <= found
        met += len(plain)
    assert met > 3


def test_what_is_expected_is_what_buyers_and_shops_give_by_chance() -> None:
    scene = scene_of(trading(3))
    known = trades_of(scene).known
    owners = np.unique(np.concatenate([known.buyer, known.owner]))
    told = scene.snapshot.orders
    middle = float(np.median(np.log(told.amount[known.orders])))

    expected = expected_among(scene, owners, known.orders)

    bought, sold, whole = 0, 0, 0
    for row in range(len(told)):
        if abs(np.log(told.amount[row]) - middle) > 0.4:
            continue
        whole += 1
        bought += int(told.buyer[row]) in owners.tolist()
        shop = int(told.shop[row])
        sold += shop >= 0 and int(scene.snapshot.owner[shop]) in owners.tolist()
    assert expected == pytest.approx(bought * sold / whole * (1 - 1 / len(owners)))
