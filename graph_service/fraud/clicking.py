"""Who clicked on a promoter's shares, one after the other, and what came of it?"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from graph_service.fraud.scene import Scene
from graph_service.snapshot.log import NONE, Ints, Numbers
from graph_service.snapshot.resolving import Flags

SOLD_DAYS: Final = 1


@dataclass(frozen=True)
class Clicking:
    """Clicks on others' shares, in order of promoter, share and time; by row.

    again: did the same one click on the same share before? burst: number of the burst, a stretch
    without a long pause. sold: did the member pay an order within a day? member: NONE for visitors.
    """

    promoter: Numbers
    share: Numbers
    who: Numbers
    member: Numbers
    at: Ints
    again: Flags
    pair: Ints
    burst: Ints
    sold: Flags
    in_burst: Flags


def clicking_of(scene: Scene, *, pause_seconds: float, burst_clicks: float) -> Clicking:
    """The clicks of a mall on shares of known members, without those on own shares.

    Nor is the click of one who passed the share on among them: what goes round is clicked much and
    bought little. pause_seconds: ends a burst, which has at least burst_clicks.
    """
    clicks, shares = scene.snapshot.clicks, scene.snapshot.shares
    owner = shares.member[clicks.share] if len(shares.member) else np.zeros(0, np.int32)
    kept = np.flatnonzero((owner != NONE) & (owner != clicks.member) & ~_passed_on(scene))
    order = kept[np.lexsort((clicks.at[kept], clicks.share[kept], owner[kept]))]
    share, who, at = clicks.share[order], clicks.who[order], clicks.at[order]
    pause = int(pause_seconds * 1_000_000)
    fresh = np.ones(len(order), np.bool_)
    fresh[1:] = (np.diff(share) != 0) | (np.diff(at) > pause)
    burst = np.cumsum(fresh) - 1
    size = np.bincount(burst, minlength=1)
    key = share.astype(np.int64) * (int(clicks.who.max(initial=0)) + 1) + who
    by_pair = np.lexsort((np.arange(len(key)), key))
    same = np.zeros(len(key), np.bool_)
    same[1:] = np.diff(key[by_pair]) == 0
    pair = np.empty(len(key), np.int64)
    pair[by_pair] = np.cumsum(~same) - 1
    again = np.empty(len(key), np.bool_)
    again[by_pair] = same
    return Clicking(
        promoter=owner[order],
        share=share,
        who=who,
        member=clicks.member[order],
        at=at,
        again=again,
        pair=pair,
        burst=burst,
        sold=_sold(scene, clicks.member[order], at),
        in_burst=size[burst] >= burst_clicks,
    )


def _passed_on(scene: Scene) -> Flags:
    """Is it the first click of a member on a share that the same member passed on?"""
    clicks, shares = scene.snapshot.clicks, scene.snapshot.shares
    size = scene.people + 1
    again = np.flatnonzero((shares.parent != NONE) & (shares.member != NONE))
    passed = shares.parent[again].astype(np.int64) * size + shares.member[again]
    pairs = np.where(
        clicks.member != NONE, clicks.share.astype(np.int64) * size + clicks.member, NONE
    )
    found = np.zeros(len(pairs), np.bool_)
    found[np.unique(pairs, return_index=True)[1]] = True
    return found & np.isin(pairs, passed)


def _sold(scene: Scene, member: Numbers, at: Ints) -> Flags:
    """Did these members pay an order within a day of the click?"""
    rows = scene.orders_by_buyer[1]
    buyer = scene.snapshot.orders.buyer[rows].astype(np.float64)
    # Whole seconds and members fit the 53 bits of a float.
    span = 2.0**33
    paid = buyer * span + scene.snapshot.orders.paid[rows] // 1_000_000
    known = member != NONE
    asked = member[known] * span + at[known] // 1_000_000
    place = np.searchsorted(paid, asked, side="left")
    found = np.zeros(len(member), np.bool_)
    if len(paid):
        following = paid[np.minimum(place, len(paid) - 1)]
        found[known] = (place < len(paid)) & (following - asked <= SOLD_DAYS * 86_400)
    return found


def blocks(keys: Numbers) -> Ints:
    """Where the rows of each key begin, with the end."""
    return np.concatenate([[0], np.flatnonzero(np.diff(keys)) + 1, [len(keys)]]).astype(np.int64)
