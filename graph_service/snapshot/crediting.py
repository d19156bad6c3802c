"""Who earns from which order? Last touch on columns: coupon, click, binding, none.

What detectors ask is who an order was for. The answer of money is that of the rooms attribution
and ledger; this one is the same without clones of a path, exclusions and other models.
"""

from dataclasses import replace
from typing import Final

import numpy as np

from graph_service.snapshot.log import NONE, Ints, Numbers
from graph_service.snapshot.resolving import Bindings, Clicks, Orders, Shares, taken

BASES: Final = ("coupon", "click", "binding")
COUPON, CLICK, BINDING = range(3)


def credit_orders(
    orders: Orders,
    *,
    shares: Shares,
    clicks: Clicks,
    bindings: Bindings,
    person: Numbers,
    coupon: Numbers,
    window: int,
) -> Orders:
    """The orders with promoter, basis and touched. coupon: by order, who owns its exclusive one.

    window: us. Source: design, precedence by program; ties go to the greater share.
    """
    promoter, basis = np.full(len(orders), NONE, np.int32), np.full(len(orders), NONE, np.int8)
    touched = np.full(len(orders), NONE, np.int64)
    bound = inviter_at(bindings, orders.buyer, orders.created)
    share, at = last_touch(orders, clicks, person, window)
    creator = taken(shares.member, share)
    for place, found in ((BINDING, bound), (CLICK, creator), (COUPON, coupon)):
        known = (found != NONE) & (orders.buyer != NONE)
        promoter[known], basis[known] = found[known], place
    by_click = basis == CLICK
    touched[by_click] = at[by_click]
    return replace(orders, promoter=promoter, basis=basis, touched=touched)


def last_touch(
    orders: Orders, clicks: Clicks, person: Numbers, window: int
) -> tuple[Numbers, Ints]:
    """By order, the share of its last touch and when that was (us); NONE without."""
    known = clicks.member != NONE
    who = taken(person, clicks.member[known])
    share, at = clicks.share[known], clicks.at[known]
    order = np.lexsort((share, at, who))
    who, share, at = who[order], share[order], at[order]
    buyer = taken(person, orders.buyer)
    place = last_before(who, at, buyer, orders.paid)
    found = np.full(len(orders), NONE, np.int32)
    when = np.full(len(orders), NONE, np.int64)
    fresh = place != NONE
    fresh[fresh] = at[place[fresh]] > orders.paid[fresh] - window
    found[fresh], when[fresh] = share[place[fresh]], at[place[fresh]]
    named = orders.share != NONE
    found[named], when[named] = orders.share[named], orders.paid[named]
    return found, when


def last_before(keys: Numbers, at: Ints, asked: Numbers, until: Ints) -> Ints:
    """By question, the last row of that key at or before that time, NONE without.

    keys, at: sorted by key, then time.
    """
    if not len(keys):
        return np.full(len(asked), NONE, np.int64)
    # Times become ranks, so that key and time fit one number that can be searched for.
    moments = np.unique(at)
    rank = np.searchsorted(moments, at)
    asked_rank = np.searchsorted(moments, until, side="right") - 1
    wide = len(moments) + 1
    whole = keys.astype(np.int64) * wide + rank + 1
    place = np.searchsorted(whole, asked.astype(np.int64) * wide + asked_rank + 1, "right") - 1
    found = np.full(len(asked), NONE, np.int64)
    good = (place >= 0) & (asked != NONE)
    good[good] = keys[place[good]] == asked[good]
    found[good] = place[good]
    return found


def inviter_at(bindings: Bindings, asked: Numbers, at: Ints) -> Numbers:
    """By question, who had invited this member at this time, NONE for nobody."""
    order = np.lexsort((bindings.since, bindings.invitee))
    invitee, since = bindings.invitee[order], bindings.since[order]
    place = last_before(invitee, since, asked, at)
    found = np.full(len(asked), NONE, np.int32)
    good = place != NONE
    row = order[place[good]]
    found[good] = np.where(bindings.until[row] > at[good], bindings.inviter[row], NONE)
    return found
