"""By which formula is each amount of an order reckoned? Exact, with the numbers put in."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, localcontext
from fractions import Fraction
from math import floor, prod
from typing import Any, Literal

from graph_service.attribution.path import Path, PathStep
from graph_service.attribution.touches import Journey
from graph_service.clock import from_micros
from graph_service.ledger.lines import Basis, Goods, Line, goods_groups, order_lines
from graph_service.money import decimal_string
from graph_service.plans.document import Plan
from graph_service.plans.rates import start_bonus
from graph_service.referrals.sales import PLATFORM
from graph_service.rewards.allowance import curve, people_below, split_allowance

FactorName = Literal[
    "net",
    "goods",
    "weight",
    "rate",
    "multiplier",
    "campaign",
    "start_bonus",
    "pool",
    "pool_rate",
    "share",
]
ORDER: tuple[Basis, ...] = ("own_sale", "campaign", "reward", "influence")
# A number with more characters than this is rounded for people.
SHOWN_MAX = 16
# Digits that an exact decimal may have: rates have 12 each, weights 30.
PRECISION = 400


@dataclass(frozen=True)
class Factor:
    """A number of a formula. exact: as it is multiplied, spelled so that it can be read again."""

    name: FactorName
    value: Fraction
    exact: str
    shown: str


@dataclass(frozen=True)
class Formula:
    """An amount (minor units): the product of the factors, floored, less what others have of it.

    payee_id: PLATFORM where the platform keeps it; earner_id: who has it, or would have it but for
    the cap of paid levels. goods: what it is about, None for influence. step: of the path.
    """

    payee_id: str
    basis: Basis
    part: str
    why: str
    factors: tuple[Factor, ...]
    less: tuple[int, ...]
    amount_minor: int
    goods: Goods | None = None
    step: int | None = None
    earner_id: str | None = None

    @property
    def exact(self) -> str:
        """The formula with every digit."""
        return self._text([factor.exact for factor in self.factors])

    @property
    def shown(self) -> str:
        """The formula for people: long numbers are rounded."""
        return self._text([factor.shown for factor in self.factors])

    def _text(self, numbers: Sequence[str]) -> str:
        taken = "".join(f" − {number_text(Fraction(amount))}" for amount in self.less)
        return f"floor({' × '.join(numbers)}){taken} = {number_text(Fraction(self.amount_minor))}"


@dataclass(frozen=True)
class ShareOfPool:
    """A step's share of the pool: pi(below / total) less pi(beyond / total).

    clicks: people whom the step brought; below: with all steps below it; beyond: those alone.
    """

    step: PathStep
    clicks: int
    below: int
    beyond: int
    total: int
    beta: Fraction
    share: Fraction
    amount_minor: int

    @property
    def formula(self) -> str:
        """The share with the numbers put in."""
        if not self.total:
            return "0"
        terms = [self._curve(count) for count in (self.below, self.beyond)]
        return f"{terms[0]} − {terms[1]} = {number_text(self.share)}"

    def _curve(self, count: int) -> str:
        x = f"{count}/{self.total}"
        return f"({number_text(self.beta)} × {x} + {number_text(1 - self.beta)} × ({x})²)"


@dataclass(frozen=True)
class Pool:
    """The influence pool of an order and its split. kept_minor: by the platform, before any cap."""

    formula: str
    pool_minor: int
    kept_minor: int
    beta: Fraction
    total: int
    shares: tuple[ShareOfPool, ...]


def number_text(value: Fraction) -> str:
    """A number so that it can be read again: 10,000 or 0.08 where that is exact, else 1/3."""
    rest = value.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    if rest != 1:
        return f"{value.numerator}/{value.denominator}"
    with localcontext() as context:
        context.prec = PRECISION
        text = f"{Decimal(value.numerator) / Decimal(value.denominator):,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def shown_text(value: Fraction) -> str:
    """A number for people: rounded to 10 places where it would be long."""
    exact = number_text(value)
    return exact if len(exact) <= SHOWN_MAX else f"≈{decimal_string(value)}"


def factor(name: FactorName, value: Fraction | int) -> Factor:
    """A factor that is spelled as one number."""
    number = Fraction(value)
    return Factor(name, number, number_text(number), shown_text(number))


def order_formulas(
    journey: Journey,
    path: Path,
    goods: Sequence[Mapping[str, Any]],
    plan: Plan,
    promoters_since: Mapping[str, int],
) -> list[Formula]:
    """The formula of every line of an order: members' before the platform's, each by basis.

    The arguments are those of `order_lines`, and so are the amounts.
    """
    named = _by_part(goods, plan, journey.order.paid_at)
    owed = {line.key for line in order_lines(journey, path, goods, plan, promoters_since)}
    uncapped = plan.model_copy(update={"paid_levels_max": 0})
    lines = order_lines(journey, path, goods, uncapped, promoters_since)
    found = [
        _formula(line, lines, journey, plan, named.get(line.part), promoters_since)
        for line in lines
    ]
    told = [one if one.earner_id is None else _capped(one, owed) for one in found]
    return sorted(told, key=_place)


def _place(one: Formula) -> tuple[bool, int, int, str, str]:
    kept = one.payee_id == PLATFORM
    return kept, ORDER.index(one.basis), one.step or 0, one.part, one.payee_id


def influence_pool(journey: Journey, path: Path, plan: Plan) -> Pool:
    """How the pool of an order is split along its path."""
    net, rate = factor("net", journey.order.net_minor), factor("pool_rate", plan.pool_rate)
    pool_minor = floor(net.value * rate.value)
    clicks = [step.cleared for step in path.steps]
    out = [step.excluded is not None for step in path.steps]
    split = split_allowance(pool_minor, clicks, out, plan.beta)
    sums = people_below(clicks)
    shares = tuple(
        ShareOfPool(step, clicks[i], sums[i], sums[i + 1], sums[0], plan.beta, share, amount)
        for i, (step, share, amount) in enumerate(
            zip(path.steps, split.shares, split.amounts_minor, strict=True)
        )
    )
    text = f"floor({net.exact} × {rate.exact}) = {number_text(Fraction(pool_minor))}"
    return Pool(text, pool_minor, split.kept_minor, plan.beta, sums[0], shares)


def share_from_curve(one: ShareOfPool) -> Fraction:
    """The share reckoned anew from its own numbers."""
    if not one.total:
        return Fraction(0)
    above, beyond = Fraction(one.below, one.total), Fraction(one.beyond, one.total)
    return curve(above, one.beta) - curve(beyond, one.beta)


def _by_part(goods: Sequence[Mapping[str, Any]], plan: Plan, paid_at: int) -> dict[str, Goods]:
    """The goods that each part of a line is about."""
    found: dict[str, Goods] = {}
    for group in goods_groups(goods, plan, paid_at):
        found |= {group.name: group, f"start: {group.name}": group}
        found |= {f"{campaign}: {group.name}": group for campaign, _ in group.campaigns}
    return found


def _formula(
    line: Line,
    lines: Sequence[Line],
    journey: Journey,
    plan: Plan,
    goods: Goods | None,
    promoters_since: Mapping[str, int],
) -> Formula:
    kept = line.payee_id == PLATFORM
    member_id = None if kept else line.payee_id
    net = journey.order.net_minor
    less: list[int] = []
    if line.basis == "influence":
        if kept:
            factors = [factor("net", net), factor("pool_rate", plan.pool_rate)]
        else:
            assert line.rate is not None, "a step has a share"
            factors = [factor("pool", line.base_minor), factor("share", line.rate)]
    else:
        assert goods is not None, "every line of goods names its goods"
        factors = [factor("net", net), factor("goods", goods.part)]
        if member_id is not None:
            weights = {credit.member_id: credit.weight for credit in journey.credits}
            factors.append(factor("weight", weights[member_id]))
        factors += _rates(line, goods, journey, plan, promoters_since)
    if kept:
        less = [
            one.amount_minor
            for one in lines
            if one.payee_id != PLATFORM
            and one.basis == line.basis
            and (one.part == line.part or line.basis == "influence")
        ]
    return Formula(
        payee_id=line.payee_id,
        basis=line.basis,
        part=line.part,
        why=line.why,
        factors=tuple(factors),
        less=tuple(less),
        amount_minor=line.amount_minor,
        goods=goods,
        step=line.inputs.get("position"),
        earner_id=member_id,
    )


def _rates(
    line: Line,
    goods: Goods,
    journey: Journey,
    plan: Plan,
    promoters_since: Mapping[str, int],
) -> Iterator[Factor]:
    """The base rate, and what a campaign or the start bonus makes of it."""
    yield factor("rate", goods.rated.rate)
    if line.basis == "campaign":
        for campaign, multiplier in goods.campaigns:
            if line.part == f"{campaign}: {goods.name}":
                text = f"({number_text(multiplier)} − 1)"
                yield Factor("campaign", multiplier - 1, text, text)
                return
            yield factor("multiplier", multiplier)
    if line.basis == "reward":
        since = from_micros(promoters_since[line.payee_id])
        yield factor(
            "start_bonus", start_bonus(plan, since, from_micros(journey.order.paid_at)).rate
        )


def _capped(one: Formula, owed: set[tuple[str, str, str]]) -> Formula:
    """A line beyond the paid levels is the platform's, under the part that the ledger names."""
    if (one.payee_id, one.basis, one.part) in owed:
        return one
    part = f"{one.part}: {one.payee_id}"
    return replace(one, payee_id=PLATFORM, part=part, why="kept_paid_levels")


def reckoned_minor(one: Formula) -> int:
    """What a formula comes to by its own numbers (minor units)."""
    return floor(prod((part.value for part in one.factors), start=Fraction(1))) - sum(one.less)
