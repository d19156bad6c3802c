"""Whom does a member bring: invitees, clicks, orders to earn from, buyers of own shops?"""

from typing import Final

import numpy as np
from scipy.sparse import csr_array

from graph_service.attribution.touches import MICROS_PER_DAY
from graph_service.features.grouping import (
    MICROS_PER_SECOND,
    Floats,
    Keys,
    counts,
    distinct,
    gaps,
    means,
    medians,
    pairs,
    part_of,
    ratio,
    sums,
    top_part,
    variation,
)
from graph_service.features.mall import Mall
from graph_service.snapshot.crediting import CLICK, last_before
from graph_service.snapshot.log import NONE, TOKEN_KINDS, Ints, Numbers
from graph_service.snapshot.resolving import Flags, taken

# Of so few rows a part or a gap says nothing.
FEW: Final = 3
IDLE_DAYS: Final = 1
CLOSE_SECONDS: Final = 15
# From a page to a paid order nobody is quicker by intent. Set below the seconds of one checkout.
QUICK_SECONDS: Final = 30
BEFORE_DAYS: Final = 3
DEPTH_MAX: Final = 512
# So many joins before and after one, or above it, are its run.
RUN: Final = 4


def where_several(values: Floats, number: Floats) -> Floats:
    """Values of those with FEW rows or more."""
    return np.where(number >= FEW, values, np.nan)


def tree(mall: Mall) -> dict[str, Floats]:
    """The invitations below and above a member, and what the invitees are like."""
    shot, size = mall.snapshot, mall.people
    members, orders = shot.members, shot.orders
    invitee = np.flatnonzero(members.inviter != NONE)
    host, joined = members.inviter[invitee], members.joined[invitee]
    direct, (depth, team, levels) = counts(host, size), _shape(members.inviter)
    rows = np.flatnonzero(mall.paid)
    rows = rows[np.lexsort((orders.paid[rows], orders.buyer[rows]))]
    number = counts(orders.buyer[rows], size)
    who, place = np.unique(orders.buyer[rows], return_index=True)
    first = np.full(size, NONE, np.int64)
    first[who] = rows[place]
    bought = first[invitee] != NONE
    lag = np.full(len(invitee), np.nan)
    lag[bought] = (orders.paid[first[invitee[bought]]] - joined[bought]) / MICROS_PER_DAY
    came = joined != NONE
    idle = came & (members.last_active[invitee] - joined < IDLE_DAYS * MICROS_PER_DAY)
    gap, near = gaps(host[came], joined[came]), bought & came
    return {
        "direct": direct,
        "depth": depth,
        "team": team,
        "levels": levels,
        "star_part": where_several(ratio(direct, team), team),
        "chain_part": where_several(ratio(levels, team), team),
        "invitee_tokens_part": where_several(_tokens_part(mall), direct),
        "invitee_gap_variation": variation(*gap, size, least=4),
        "invitee_idle_part": where_several(part_of(host, idle, size), direct),
        "invitee_single_part": where_several(part_of(host, number[invitee] == 1, size), direct),
        "invitee_lag_days": where_several(
            medians(host[near], lag[near], size), counts(host[near], size)
        ),
        "invitee_amount_variation": variation(
            host[bought], orders.amount[first[invitee[bought]]], size
        ),
        "invitee_shared_part": where_several(
            part_of(host, _with_siblings(mall)[invitee] > 0, size), direct
        ),
        "sibling_weight": _with_siblings(mall),
        "sibling_gap_hours": _nearest_join(host[came], invitee[came], joined[came], size),
        **_sibling_runs(
            host[came], invitee[came], joined[came], (idle | (number[invitee] == 1))[came], size
        ),
        **_chains(members.inviter, members.joined),
    }


def _shape(inviter: Numbers) -> tuple[Floats, Floats, Floats]:
    """Steps up to the root, members below, and steps down to the deepest of them."""
    size = len(inviter)
    depth, above = np.zeros(size), inviter.copy()
    for _ in range(DEPTH_MAX):
        inside = above != NONE
        if not inside.any():
            break
        depth[inside] += 1
        above[inside] = inviter[above[inside]]
    team, levels = np.zeros(size), np.zeros(size)
    order = np.argsort(-depth, kind="stable")
    cuts = np.flatnonzero(np.diff(depth[order])) + 1
    for level in np.split(order, cuts):
        if not len(level) or inviter[level[0]] == NONE:
            break
        np.add.at(team, inviter[level], team[level] + 1)
        np.maximum.at(levels, inviter[level], levels[level] + 1)
    return depth, team, levels


def _tokens_part(mall: Mall) -> Floats:
    """By inviter, how many different devices, phones and payments for each use of the invitees."""
    uses, kinds = mall.snapshot.uses, mall.snapshot.token_kind
    own = np.isin(kinds, [TOKEN_KINDS.index(one) for one in ("device", "phone", "payment")])
    host = mall.snapshot.members.inviter[uses.member]
    row = own[uses.token] & (host != NONE) if len(kinds) else np.zeros(0, np.bool_)
    return ratio(distinct(host[row], uses.token[row], mall.people), counts(host[row], mall.people))


def _with_siblings(mall: Mall) -> Floats:
    """What a member shares with the inviter or with who was invited by the same."""
    edges, inviter = mall.identity.tocoo(), mall.snapshot.members.inviter
    one, other = edges.coords[0], edges.coords[1]
    near = (inviter[one] != NONE) & ((inviter[one] == inviter[other]) | (inviter[one] == other))
    return sums(one[near], edges.data[near], mall.people)


def _nearest_join(host: Numbers, invitee: Ints, joined: Ints, size: int) -> Floats:
    """Hours to the nearest join of who has the same inviter."""
    order = np.lexsort((joined, host))
    host, invitee, joined = host[order], invitee[order], joined[order]
    same = host[1:] == host[:-1]
    gap = np.where(same, (joined[1:] - joined[:-1]) / MICROS_PER_SECOND / 3_600, np.inf)
    found = np.full(size, np.nan)
    nearest = np.minimum(np.append(gap, np.inf), np.append(np.inf, gap))[: len(host)]
    found[invitee] = np.where(np.isinf(nearest), np.nan, nearest)
    return found


def _sibling_runs(
    host: Numbers, invitee: Ints, joined: Ints, is_idle: Flags, size: int
) -> dict[str, Floats]:
    """Of the RUN that joined last before each and first after it: gaps, and who does nothing.

    A farm hides among its promoter's honest invitees, but seldom joins mixed with them.
    """
    order = np.lexsort((joined, host))
    host, invitee, joined, is_idle = host[order], invitee[order], joined[order], is_idle[order]
    rows = np.arange(len(host))
    gap, idle = np.full((2 * RUN, len(host)), np.nan), np.full((2 * RUN + 1, len(host)), np.nan)
    for place, ahead in enumerate(range(-RUN, RUN + 1)):
        near = rows[(rows + ahead >= 0) & (rows + ahead < len(rows))]
        near = near[host[near] == host[near + ahead]]
        idle[place, near] = is_idle[near + ahead]
        if ahead < RUN:
            near = near[near + ahead + 1 < len(rows)]
            near = near[host[near] == host[near + ahead + 1]]
            gap[place, near] = joined[near + ahead + 1] - joined[near + ahead]
    regular, still = np.full(size, np.nan), np.full(size, np.nan)
    regular[invitee] = _spread_of(gap, least=RUN)
    still[invitee] = ratio(np.nansum(idle, axis=0), (~np.isnan(idle)).sum(axis=0) * 1.0)
    return {"sibling_run_variation": regular, "sibling_run_idle_part": still}


def _chains(inviter: Numbers, joined: Ints) -> dict[str, Floats]:
    """Of the inviters above each: how regular the gaps between their joins are."""
    size = len(inviter)
    gap, above = np.full((RUN, size), np.nan), np.arange(size)
    for step in range(RUN):
        here = np.flatnonzero(above != NONE)
        up = inviter[above[here]]
        there = up != NONE
        told = (joined[above[here[there]]] != NONE) & (joined[up[there]] != NONE)
        known = here[there][told]
        gap[step, known] = np.abs(joined[above[known]] - joined[inviter[above[known]]])
        following = np.full(size, NONE, np.int64)
        following[here] = up
        above = following
    return {
        "chain_run_variation": _spread_of(gap, least=RUN),
        "inviter_lag_days": gap[0] / MICROS_PER_DAY,
    }


def _spread_of(values: Floats, *, least: int) -> Floats:
    """Standard deviation by mean of each column with at least so many known values."""
    number = (~np.isnan(values)).sum(axis=0) * 1.0
    mean = ratio(np.nansum(values, axis=0), number)
    deviation = np.sqrt(ratio(np.nansum((values - mean) ** 2, axis=0), number))
    found = ratio(deviation, np.nan_to_num(mean))
    return np.where(number >= least, found, np.nan)


def clicking(mall: Mall) -> dict[str, Floats]:
    """Clicks that a member makes and gets, and the orders after them."""
    shot, size = mall.snapshot, mall.people
    clicks, made = shot.clicks, shot.clicks.member != NONE
    creator = taken(shot.shares.member, clicks.share)
    got = (creator != NONE) & (creator != clicks.member)
    mine, who, at = creator[got], clicks.who[got], clicks.at[got]
    number, gap = counts(mine, size), gaps(mine, at)
    liked = made & (creator != NONE)
    several = counts(clicks.member[liked], size) >= 5
    return _after_clicks(mall, number) | {
        "clicks_made": counts(clicks.member[made], size),
        "clicks_made_top_part": np.where(
            several, top_part(clicks.member[liked], creator[liked], size), np.nan
        ),
        "clicks_got": number,
        "clicks_per_clicker": where_several(ratio(number, distinct(mine, who, size)), number),
        "click_gap_seconds": where_several(medians(*gap, size), number),
        "click_gap_variation": variation(*gap, size, least=5),
        "click_close_part": where_several(part_of(gap[0], gap[1] <= CLOSE_SECONDS, size), number),
        "visitor_part": where_several(part_of(mine, clicks.member[got] == NONE, size), number),
    }


def _after_clicks(mall: Mall, clicked: Floats) -> dict[str, Floats]:
    """What clicks on a member's shares led to. clicked: how many there are."""
    shot, size = mall.snapshot, mall.people
    orders = shot.orders
    rows = np.flatnonzero(mall.paid & (orders.basis == CLICK))
    earner = orders.promoter[rows]
    earned = counts(earner, size)
    usual = earned.sum() / max(1.0, clicked.sum())
    known = rows[orders.share[rows] == NONE]
    lag = (orders.paid[known] - orders.touched[known]) // MICROS_PER_SECOND
    mine = orders.promoter[known]
    quick, snatched = lag <= QUICK_SECONDS, _snatched(mall, known)
    expected = usual * clicked
    return {
        "conversion": where_several(np.log((earned + 1) / (expected + 1)), clicked),
        "conversion_low": np.maximum(0, clicked - (earned + 1) / max(usual, 1e-9)),
        "earned_touch_seconds": where_several(medians(mine, lag, size), counts(mine, size)),
        "quick_part": where_several(part_of(mine, quick, size), counts(mine, size)),
        "snatched": counts(mine[quick & snatched], size),
        "snatched_part": where_several(part_of(mine, quick & snatched, size), counts(mine, size)),
    }


def _snatched(mall: Mall, rows: Ints) -> Flags:
    """Whether the buyer's click before the last one was on another's share, days before at most."""
    shot = mall.snapshot
    clicks, person = shot.clicks, shot.members.person
    known = np.flatnonzero(clicks.member != NONE)
    who = person[clicks.member[known]]
    creator = taken(shot.shares.member, clicks.share[known])
    order = np.lexsort((clicks.share[known], clicks.at[known], who))
    who, at, creator = who[order], clicks.at[known][order], creator[order]
    buyer = person[shot.orders.buyer[rows]]
    place = last_before(who, at, buyer, shot.orders.paid[rows]) - 1
    found = place >= 0
    there = place[found]
    near = shot.orders.paid[rows][found] - at[there] <= BEFORE_DAYS * MICROS_PER_DAY
    other = (creator[there] != shot.orders.promoter[rows][found]) & (creator[there] != NONE)
    found[found] = (who[there] == buyer[found]) & near & other
    return found


def ties(mall: Mall) -> dict[str, Floats]:
    """Orders between those who know each other: owners, earners, and their own persons."""
    shot, size = mall.snapshot, mall.people
    orders, person = shot.orders, shot.members.person
    rows = np.flatnonzero(mall.paid)
    buyer, owner = orders.buyer[rows], taken(shot.owner, orders.shop[rows])
    owned, promoted = owner != NONE, orders.promoter[rows] != NONE
    promoter = orders.promoter[rows][promoted]
    itself, mine = owned & (person[owner] == person[buyer]), buyer[promoted]
    inside = _share_tokens(mall, owner[owned], buyer[owned])
    number, sales = counts(promoter, size), counts(owner[owned], size)
    refunded = (orders.refunded[rows] > 0)[promoted]
    completed = orders.completed[rows][promoted]
    late = refunded & (completed != NONE) & (orders.refunded_at[rows][promoted] > completed)
    own = person[promoter] == person[mine]
    back = np.zeros(len(rows), np.bool_)
    back[owned] = _reverse(owner[owned], buyer[owned], size)
    return {
        "own_shop_part": part_of(buyer, itself, size),
        "self_earned_part": part_of(mine, own, size),
        "shop_sales_top_part": where_several(top_part(owner[owned], buyer[owned], size), sales),
        "shop_sales_inside_part": where_several(part_of(owner[owned], inside, size), sales),
        "shop_back_part": part_of(buyer, back, size),
        "shop_loops": _loops(buyer[owned], owner[owned], size),
        "earned_loops": _loops(mine, promoter, size),
        "shop_exclusive": _exclusive(buyer, orders.shop[rows], size),
        "earned_back_part": part_of(mine, _reverse(promoter, mine, size), size),
        "earned_orders": number,
        "earned_per_buyer": ratio(number, distinct(promoter, mine, size)),
        "earned_top_part": where_several(top_part(promoter, mine, size), number),
        "earned_inside_part": part_of(promoter, _share_tokens(mall, promoter, mine) | own, size),
        "earned_refunded_part": part_of(promoter, refunded, size),
        "earned_late_part": part_of(promoter, late, size),
        "earned_variation": variation(promoter, orders.amount[rows][promoted], size),
    }


def _share_tokens(mall: Mall, one: Keys, other: Keys) -> Flags:
    """Which pairs share tokens."""
    if not len(one):
        return np.zeros(0, np.bool_)
    return weight_between(mall, one, other) > 0


def weight_between(mall: Mall, one: Keys, other: Keys) -> Floats:
    """What the tokens say that each pair shares."""
    graph = mall.identity
    if not graph.has_sorted_indices:
        graph.sort_indices()
    edges = np.repeat(np.arange(mall.people), np.diff(graph.indptr)) * np.int64(mall.people)
    whole, asked = edges + graph.indices, one.astype(np.int64) * mall.people + other
    place = np.minimum(np.searchsorted(whole, asked), max(0, len(whole) - 1))
    found = np.zeros(len(asked))
    if len(whole):
        there = whole[place] == asked
        found[there] = graph.data[place[there]]
    return found


def _reverse(one: Keys, other: Keys, size: int) -> Flags:
    """Of which directed pairs the reverse is there, too (not of one with itself)."""
    return np.isin(other.astype(np.int64) * size + one, one.astype(np.int64) * size + other) & (
        one != other
    )


def _loops(one: Keys, other: Keys, size: int) -> Floats:
    """How many ways of three steps lead back to each, over edges between two."""
    away = one != other
    graph = csr_array((np.ones(int(away.sum())), (one[away], other[away])), shape=(size, size))
    graph.data = np.ones(len(graph.data))
    return np.asarray(csr_array(graph @ graph).multiply(graph.T).sum(axis=1), np.float64)


def _exclusive(buyer: Numbers, shop: Numbers, size: int) -> Floats:
    """How camouflage-resistant the shops are that one buys in: orders weigh 1 / log(5 + sales).

    Source: FRAUDAR's column weights (Hooi et al., KDD 2016).
    """
    known = shop != NONE
    who, where, rows = pairs(buyer[known], shop[known])
    sales = np.bincount(shop[known])
    return means(who, rows / np.log(5.0 + sales[where]), size)
