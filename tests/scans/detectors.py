"""Detectors of the tests: groups that buy of one shop and share a token. Also one that breaks."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Final, cast

import numpy as np

from graph_service.fraud.detectors.kinds import Kind
from graph_service.fraud.detectors.shape import Detector, Finding, Reason
from graph_service.fraud.scene import Scene
from graph_service.snapshot.log import NONE

LEAST: Final = 3


def shared_shops(scene: Scene, kind: Kind = "fake_order_ring") -> list[Finding]:
    """The buyers of each shop who share a token with another of its buyers."""
    orders, uses = scene.snapshot.orders, scene.snapshot.uses
    tokens: dict[int, set[int]] = defaultdict(set)
    for member, token in zip(uses.member.tolist(), uses.token.tolist(), strict=True):
        tokens[member].add(token)
    by_shop: dict[int, list[int]] = defaultdict(list)
    for order in np.flatnonzero((orders.buyer != NONE) & (orders.shop != NONE)).tolist():
        by_shop[int(orders.shop[order])].append(order)
    return [
        found for shop, own in by_shop.items() for found in _group(scene, kind, shop, own, tokens)
    ]


def _group(
    scene: Scene, kind: Kind, shop: int, own: list[int], tokens: dict[int, set[int]]
) -> Iterator[Finding]:
    orders = scene.snapshot.orders
    buyers = sorted({int(orders.buyer[order]) for order in own})
    seen: dict[int, int] = defaultdict(int)
    for buyer in buyers:
        for token in tokens[buyer]:
            seen[token] += 1
    members = tuple(b for b in buyers if any(seen[token] > 1 for token in tokens[b]))
    if len(members) < LEAST:
        return
    mine = tuple(order for order in own if int(orders.buyer[order]) in members)
    score = min(0.99, 0.5 + 0.1 * (len(members) - LEAST))
    reason = Reason(
        "shared_tokens",
        len(members),
        1.0,
        score,
        f"{len(members)}个账号",
        f"{len(members)} accounts",
    )
    yield Finding(
        kind=kind,
        score=score,
        members=members,
        reasons=(reason,),
        orders=mine,
        shops=(shop,),
        first_seen=int(min(orders.paid[list(mine)])),
        last_seen=int(max(orders.paid[list(mine)])),
        amount_minor=int(sum(orders.amount[list(mine)])),
    )


def detector(find: object, kind: Kind = "fake_order_ring") -> Detector:
    """A detector of the tests."""
    return Detector(
        kind=kind,
        question="Who shares tokens?",
        evidence=f"fraud/show_{kind}",
        picture=f"fraud/draw_{kind}",
        compared_with="nobody",
        thresholds={},
        find=cast("type[Sequence[Finding]]", find),
    )


DETECTORS = (detector(shared_shops),)
