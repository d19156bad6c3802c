"""What does a member do: buy, send back, pause; how bursty is it, and is the ladder aimed at?"""

from typing import Final

import numpy as np

from graph_service.attribution.touches import MICROS_PER_DAY
from graph_service.features.grouping import (
    MICROS_PER_SECOND,
    Floats,
    counts,
    distinct,
    gaps,
    maxima,
    means,
    medians,
    most_within,
    pairs,
    part_of,
    ratio,
    sums,
    top_part,
    variation,
)
from graph_service.features.mall import Mall
from graph_service.snapshot.crediting import CLICK
from graph_service.snapshot.log import NONE, Ints, Numbers
from graph_service.snapshot.resolving import taken

HOUR_SECONDS: Final = 3_600
DAY_SECONDS: Final = 86_400
# China has had one zone and no summer time since 1991.
CHINA_MICROS: Final = 8 * HOUR_SECONDS * MICROS_PER_SECOND
# A pause that a sleeper's is told from: set; weekly and monthly buyers make shorter ones.
PAUSE_DAYS_MIN: Final = 45
AFTER_PAUSE_DAYS: Final = 14
# Amounts that are so near each other are one amount.
LIKE_PART: Final = 0.01
RUSH_DAYS: Final = 5


def behaviour(mall: Mall) -> dict[str, Floats]:
    """Orders, their ends and who earns from them, by buyer."""
    orders, size = mall.snapshot.orders, mall.people
    rows = np.flatnonzero(mall.paid)
    buyer, paid, amount = orders.buyer[rows], orders.paid[rows], orders.amount[rows]
    lag, gap = orders.refunded_at[rows] - paid, gaps(buyer, paid)
    refunded, promoter = orders.refunded[rows] > 0, orders.promoter[rows]
    promoted, number = promoter != NONE, counts(buyer, size)
    completed = orders.completed[rows]
    late = refunded & (completed != NONE) & (orders.refunded_at[rows] > completed)
    shop = orders.shop[rows]
    lines = mall.snapshot.lines
    sold = mall.paid[lines.order]
    touched = (orders.basis[rows] == CLICK) & (orders.share[rows] == NONE)
    hour = (paid + CHINA_MICROS) // MICROS_PER_SECOND % DAY_SECONDS // HOUR_SECONDS
    joined = mall.snapshot.members.joined
    first = np.full(size, np.nan)
    np.fmin.at(first, buyer, paid.astype(np.float64))
    return _life(mall) | {
        "orders": number,
        "amount_mean_minor": means(buyer, amount, size),
        "amount_variation": variation(buyer, amount, size),
        "amount_repeated_part": _repeated(buyer, amount, size),
        "refunded_part": part_of(buyer, refunded, size),
        "refunded_money_part": ratio(
            sums(buyer, orders.refunded[rows], size), sums(buyer, amount, size)
        ),
        "refund_lag_days": means(buyer[refunded], lag[refunded] / MICROS_PER_DAY, size),
        "refund_late_part": part_of(buyer, late, size),
        "cancelled_part": part_of(buyer, orders.cancelled[rows] != NONE, size),
        "first_order_lag_days": np.where(joined == NONE, np.nan, (first - joined) / MICROS_PER_DAY),
        "night_part": part_of(buyer, hour < 6, size),
        "order_gap_days": means(*gap, size) / DAY_SECONDS,
        "order_gap_variation": variation(*gap, size),
        "shops_per_order": ratio(
            distinct(buyer[shop != NONE], shop[shop != NONE], size),
            counts(buyer[shop != NONE], size),
        ),
        "products_per_order": ratio(
            distinct(orders.buyer[lines.order[sold]], lines.product[sold], size), number
        ),
        "shop_top_part": _where_several(
            top_part(buyer[shop != NONE], shop[shop != NONE], size),
            counts(buyer[shop != NONE], size),
        ),
        "promoted_part": part_of(buyer, promoted, size),
        "promoter_top_part": _where_several(
            top_part(buyer[promoted], promoter[promoted], size), counts(buyer[promoted], size)
        ),
        "inviter_part": part_of(
            buyer, promoted & (promoter == mall.snapshot.members.inviter[buyer]), size
        ),
        "touch_lag_seconds": medians(
            buyer[touched], (paid - orders.touched[rows])[touched] // MICROS_PER_SECOND, size
        ),
    }


def _where_several(values: Floats, number: Floats) -> Floats:
    """Of one order or two a part says nothing."""
    return np.where(number >= 3, values, np.nan)


def _repeated(buyer: Numbers, amount: Ints, size: int) -> Floats:
    """Which part of the orders costs within LIKE_PART the same as another of the buyer's."""
    order = np.lexsort((amount, buyer))
    who, cost = buyer[order], amount[order]
    like = (who[1:] == who[:-1]) & (cost[1:] - cost[:-1] <= LIKE_PART * cost[1:])
    flags = np.append(like, False) | np.append(False, like) if len(who) else np.zeros(0, np.bool_)
    return _where_several(part_of(who, flags, size), counts(who, size))


def _life(mall: Mall) -> dict[str, Floats]:
    """When the member joined, was last seen, and paused."""
    shot, size = mall.snapshot, mall.people
    members, clicks, shares = shot.members, shot.clicks, shot.shares
    rows, clicked = np.flatnonzero(mall.paid), clicks.member != NONE
    shared, joined = np.flatnonzero(shares.at != NONE), np.flatnonzero(members.joined != NONE)
    who = np.concatenate(
        [
            joined.astype(np.int32),
            shares.member[shared],
            clicks.member[clicked],
            shot.orders.buyer[rows],
        ]
    )
    at = np.concatenate(
        [members.joined[joined], shares.at[shared], clicks.at[clicked], shot.orders.paid[rows]]
    )
    owner, pause = gaps(who, at)
    last = members.last_active
    known = (members.joined != NONE) & (last != NONE)
    age = np.where(members.joined != NONE, shot.now - members.joined, np.nan) / MICROS_PER_DAY
    idle = np.where(last != NONE, shot.now - last, np.nan) / MICROS_PER_DAY
    longest = maxima(owner, pause, size) / DAY_SECONDS
    return {
        "age_days": age,
        "idle_days": idle,
        "span_days": np.where(known, last - members.joined, np.nan) / MICROS_PER_DAY,
        "pause_days_max": longest,
        "after_pause_part": _after_pause(who, at, longest),
    }


def _after_pause(who: Numbers, at: Ints, longest: Floats) -> Floats:
    """Which part of doings is in AFTER_PAUSE_DAYS after the longest pause; NaN without one."""
    size = len(longest)
    order = np.lexsort((at, who))
    who, at = who[order], at[order]
    before = np.append(-1, who[:-1]) == who
    gap = np.where(before, at - np.append(0, at[:-1]), 0) / MICROS_PER_DAY
    ends = before & (gap >= longest[who] - 1e-9) & (gap >= PAUSE_DAYS_MIN)
    start = np.full(size, np.nan)
    start[who[ends]] = at[ends].astype(np.float64)
    since = at - start[who]
    within = (since >= 0) & (since <= AFTER_PAUSE_DAYS * MICROS_PER_DAY)
    return np.where(np.isnan(start), np.nan, part_of(who, within, size))


def bursts(mall: Mall) -> dict[str, Floats]:
    """The most that happened in an hour, a day, a week."""
    shot, size = mall.snapshot, mall.people
    orders, clicks, members = shot.orders, shot.clicks, shot.members
    rows, clicked = np.flatnonzero(mall.paid), clicks.member != NONE
    creator = taken(shot.shares.member, clicks.share)
    got = (creator != NONE) & (creator != clicks.member)
    earned = rows[orders.promoter[rows] != NONE]
    invited = np.flatnonzero((members.inviter != NONE) & (members.joined != NONE))
    number, hour_max = (
        counts(orders.buyer[rows], size),
        most_within(creator[got], clicks.at[got], size, HOUR_SECONDS),
    )
    week = most_within(orders.buyer[rows], orders.paid[rows], size, 7 * DAY_SECONDS)
    days = np.maximum(1, _span_days(creator[got], clicks.at[got], size))
    hourly = counts(creator[got], size) / (24 * days)
    return {
        "orders_hour_max": most_within(orders.buyer[rows], orders.paid[rows], size, HOUR_SECONDS),
        "orders_day_max": most_within(orders.buyer[rows], orders.paid[rows], size, DAY_SECONDS),
        "orders_week_part": _where_several(ratio(week, number), number),
        "clicks_got_hour_max": hour_max,
        "clicks_got_day_max": most_within(creator[got], clicks.at[got], size, DAY_SECONDS),
        # Of few clicks the peak is their number.
        "clicks_got_burst": np.where(
            counts(creator[got], size) >= 10, ratio(hour_max, hourly), np.nan
        ),
        "clicks_made_hour_max": most_within(
            clicks.member[clicked], clicks.at[clicked], size, HOUR_SECONDS
        ),
        "joins_day_max": most_within(
            members.inviter[invited], members.joined[invited], size, DAY_SECONDS
        ),
        "earned_day_max": most_within(
            orders.promoter[earned], orders.paid[earned], size, DAY_SECONDS
        ),
    }


def _span_days(keys: Numbers, at: Ints, size: int) -> Floats:
    """Days from each one's first row to the last, 0 without rows."""
    owner, gap = gaps(keys, at)
    return sums(owner, gap, size) / DAY_SECONDS


def ladder(mall: Mall) -> dict[str, Floats]:
    """Months of promoted sales, against the steps where the rate rises."""
    orders, size = mall.snapshot.orders, mall.people
    rows = np.flatnonzero(mall.paid & (orders.promoter != NONE))
    local = ((orders.paid[rows] + CHINA_MICROS) // MICROS_PER_SECOND).astype("datetime64[s]")
    month = local.astype("datetime64[M]")
    number = month.astype(np.int64)
    earner, when, sold = pairs(orders.promoter[rows], number)
    wide = int(number.max(initial=0)) + 1
    place = np.searchsorted(earner * wide + when, orders.promoter[rows] * np.int64(wide) + number)
    months = len(earner)
    gross = sums(place, orders.amount[rows], months)
    net = sums(place, mall.net[rows], months)
    left_days = ((month + 1).astype("datetime64[s]") - local).astype(np.int64) / DAY_SECONDS
    rush = ratio(sums(place, orders.amount[rows] * (left_days <= RUSH_DAYS), months), gross)
    buyers = ratio(distinct(place, orders.buyer[rows], months), sold.astype(np.float64))
    step = _step_below(gross, mall.steps)
    above, least = step > 0, np.full(size, np.nan)
    np.fmin.at(least, earner[above], (gross[above] - step[above]) / step[above])
    fewest = np.full(size, np.nan)
    np.fmin.at(fewest, earner[above], buyers[above])
    return {
        "month_sales_max_minor": np.nan_to_num(maxima(earner, gross, size)),
        "step_above_part": least,
        "step_rush_part": maxima(earner[above], rush[above], size),
        "step_lost": counts(earner[above & (net < step)], size),
        "step_buyers_part": fewest,
    }


def _step_below(sales: Floats, steps: tuple[int, ...]) -> Floats:
    """The highest step that these sales reach, 0 below the first."""
    floors = np.array([0, *sorted(steps)], np.float64)
    return floors[np.searchsorted(floors, sales, "right") - 1]
