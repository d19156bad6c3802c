"""What did each channel, material, product or member bring, by any of the models?

Weights and amounts are integers on the way: weights in parts of GRID, so that sums are exact.
"""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial

from graph_service.attribution.models import MODEL_VERSION, Model, touch_weights
from graph_service.attribution.touches import split_credit
from graph_service.graph.session import Graph
from graph_service.influence.coalitions import SEED, any_of, shapley_values
from graph_service.influence.journeys import Journey, Span, journeys_of, read_columns
from graph_service.influence.removal import Key, Touches, removal_effects

GRID = 10**12


@dataclass(frozen=True)
class Item:
    """One key's part. weight: of the orders; amount_minor: of their value.

    key: None for orders without a touch and for touches whose key is not known. orders: that
    touched it.
    """

    key: Key
    weight: Fraction
    amount_minor: int
    orders: int
    removal_effect: Fraction | None = None


@dataclass(frozen=True)
class Report:
    """The parts add up to 1 and to value_minor; largest first.

    standard_error: the largest of any weight, where some were sampled.
    """

    model_version: str
    journeys: int
    conversions: int
    value_minor: int
    items: tuple[Item, ...]
    standard_error: Fraction | None = None


@dataclass(frozen=True)
class Fit:
    """How models are fitted. order: of the Markov chain, 1 to 4. states_max: of its states."""

    order: int = 1
    states_max: int = 20_000


@dataclass
class _Sums:
    """What has been credited so far, by key. weights: parts of GRID per order."""

    weights: Counter[Key]
    amounts: Counter[Key]
    error: float = 0.0
    effects: Mapping[Key, float] | None = None


async def ask_report(graph: Graph, span: Span, model: Model, fit: Fit) -> Report:
    """The report about a time. Raises ReportTooLarge and ChainTooLarge. CPU work in a thread."""
    columns = await read_columns(graph.read, span)
    return await asyncio.to_thread(lambda: make_report(journeys_of(columns, span), model, fit))


def make_report(journeys: Sequence[Journey], model: Model, fit: Fit) -> Report:
    """The report about these journeys."""
    sold = [one for one in journeys if one.value_minor is not None]
    touched = [one for one in sold if one.touches]
    credit = {"markov": partial(_by_removal, fit=fit), "shapley": _by_coalitions}.get(model)
    sums = _by_rule(touched, model) if credit is None else credit(journeys)
    value_minor = sum(one.value_minor or 0 for one in sold)
    bare = len(sold) - len(touched)
    if bare:
        sums.weights[None] += bare * GRID
        sums.amounts[None] += value_minor - sum(one.value_minor or 0 for one in touched)
    orders = Counter(key for one in sold for key in set(one.touches or (None,)))
    items = [
        Item(
            key,
            Fraction(sums.weights[key], GRID * max(1, len(sold))),
            sums.amounts[key],
            orders[key],
            None if sums.effects is None else _on_grid(sums.effects.get(key)),
        )
        for key in sums.weights.keys() | orders.keys()
    ]
    items.sort(key=lambda item: (-item.amount_minor, item.key is None, item.key or ""))
    error = Fraction(round(sums.error * GRID / max(1, len(sold))), GRID) if sums.error else None
    return Report(
        model_version=_version(model, fit),
        journeys=len(journeys),
        conversions=len(sold),
        value_minor=value_minor,
        items=tuple(items),
        standard_error=error,
    )


def _version(model: Model, fit: Fit) -> str:
    """What an answer depends on beside the journeys."""
    more = {"markov": f";order={fit.order}", "shapley": f";seed={SEED}"}
    return MODEL_VERSION + more.get(model, "")


def _on_grid(effect: float | None) -> Fraction | None:
    return None if effect is None else Fraction(round(effect * GRID), GRID)


def _by_rule(touched: Sequence[Journey], model: Model) -> _Sums:
    """Each order by itself, exactly as its credits are made."""
    sums = _Sums(Counter(), Counter())
    for one in touched:
        rules = replace(one.program, model=model)
        parts: defaultdict[Key, Fraction] = defaultdict(Fraction)
        decider: Key = None
        weights = touch_weights(rules, one.times, one.ended_at)
        for key, weight in zip(one.touches, weights, strict=True):
            if weight:
                parts[key] += weight
                decider = key
        keys = list(parts)
        for total, credited in ((GRID, sums.weights), (one.value_minor or 0, sums.amounts)):
            split = split_credit(total, list(parts.values()), keys.index(decider))
            for key, part in zip(keys, split, strict=True):
                credited[key] += part
    return sums


def _by_removal(journeys: Sequence[Journey], *, fit: Fit) -> _Sums:
    """All orders together, in proportion to the removal effects."""
    counts: defaultdict[Touches, list[int]] = defaultdict(lambda: [0, 0])
    value_minor = 0
    for one in journeys:
        if one.touches:
            counts[one.touches][0 if one.value_minor is not None else 1] += 1
            value_minor += one.value_minor or 0
    paths = {touches: (won, lost) for touches, (won, lost) in counts.items()}
    effects = removal_effects(paths, order=fit.order, states_max=fit.states_max)
    sums = _Sums(Counter(), Counter(), effects=effects)
    _spread(sums.weights, sum(won for won, _ in paths.values()) * GRID, effects)
    _spread(sums.amounts, value_minor, effects)
    return sums


def _by_coalitions(journeys: Sequence[Journey]) -> _Sums:
    """Each set of touchpoints by itself: all its orders, in proportion to the Shapley values.

    A set is worth the chance that one of it converts, each with the part of all journeys that
    touched it and ended with an order.
    """
    met: Counter[Key] = Counter()
    won: Counter[Key] = Counter()
    groups: defaultdict[tuple[Key, ...], list[int]] = defaultdict(lambda: [0, 0])
    for one in journeys:
        keys = set(one.touches)
        met.update(keys)
        if one.value_minor is not None and keys:
            won.update(keys)
            group = groups[tuple(sorted(keys, key=lambda key: (key is None, key or "")))]
            group[0] += 1
            group[1] += one.value_minor
    sums = _Sums(Counter(), Counter())
    variances: defaultdict[Key, float] = defaultdict(float)
    for keys, (orders, value_minor) in groups.items():
        if len(keys) == 1:
            sums.weights[keys[0]] += orders * GRID
            sums.amounts[keys[0]] += value_minor
            continue
        found = shapley_values(len(keys), any_of([won[key] / met[key] for key in keys]))
        parts = dict(zip(keys, found.values, strict=True))
        _spread(sums.weights, orders * GRID, parts)
        _spread(sums.amounts, value_minor, parts)
        total = sum(found.values)
        for key, error in zip(keys, found.errors, strict=True):
            variances[key] += (orders * error / total) ** 2
    sums.error = max(variances.values(), default=0.0) ** 0.5
    return sums


def _spread(credited: Counter[Key], total: int, parts: Mapping[Key, float]) -> None:
    """Split an integer in proportion to parts, floored; the largest part takes the rest.

    Of equal parts the first by key is the largest.
    """
    if not parts:
        return
    grains = {key: round(part * GRID) for key, part in parts.items()}
    whole = sum(grains.values())
    if whole == 0:
        grains, whole = dict.fromkeys(parts, 1), len(parts)
    split = {key: total * grain // whole for key, grain in grains.items()}
    largest = min(grains, key=lambda key: (-grains[key], key is None, key or ""))
    split[largest] += total - sum(split.values())
    credited.update(split)
