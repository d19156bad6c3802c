"""What does an order earn for whom, by one plan? Exact, from what is known, with no database."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, Literal, get_args

from graph_service.attribution.models import model_name
from graph_service.attribution.path import Path
from graph_service.attribution.touches import Credit, Journey
from graph_service.clock import from_micros
from graph_service.money import decimal_string
from graph_service.plans.document import Plan
from graph_service.plans.rates import LineRate, campaign_multipliers, line_rate, start_bonus
from graph_service.referrals.sales import PLATFORM
from graph_service.rewards.allowance import split_allowance

Basis = Literal["own_sale", "ladder", "team", "partner", "influence", "campaign", "reward"]
BASES: tuple[Basis, ...] = get_args(Basis)


@dataclass(frozen=True)
class Line:
    """An amount that a payee is owed of an order (minor units), and how it comes about.

    payee_id: PLATFORM where nobody may have it. part: which of the payee's lines of this basis.
    rate: of base_minor; None where a share of a pool is no rate. why: code of the reason.
    """

    payee_id: str
    basis: Basis
    part: str
    amount_minor: int
    base_minor: int
    rate: Fraction | None
    why: str
    inputs: Mapping[str, Any]

    @property
    def key(self) -> tuple[str, str, str]:
        """What makes this line the same one when the order changes."""
        return self.payee_id, self.basis, self.part


@dataclass(frozen=True)
class Goods:
    """What was bought under one rule and the same campaigns: its part of the order, its rate."""

    name: str
    part: Fraction
    rated: LineRate
    campaigns: Sequence[tuple[str, Fraction]]


def order_lines(
    journey: Journey,
    path: Path,
    goods: Sequence[Mapping[str, Any]],
    plan: Plan,
    promoters_since: Mapping[str, int],
) -> list[Line]:
    """Every line of an order, in order of key; those of amount 0 are left out.

    goods: the lines of order.paid. promoters_since: when invited promoters accepted (us).
    Σ amounts of own_sale is the floor of rate times net by group, of influence the pool; what is
    floored away, excluded or nobody's is a line of the platform.
    """
    lines: list[Line] = []
    for group in goods_groups(goods, plan, journey.order.paid_at):
        lines.extend(_of_sale(journey, group, plan, promoters_since))
    lines.extend(_of_influence(journey, path, plan))
    capped = _capped(lines, journey, path, plan.paid_levels_max)
    return sorted((one for one in capped if one.amount_minor), key=lambda one: one.key)


def goods_groups(goods: Sequence[Mapping[str, Any]], plan: Plan, paid_at: int) -> Iterator[Goods]:
    """The order's lines by the rule that speaks for them; their parts add up to 1."""
    moment = from_micros(paid_at)
    total = sum(line["amountMinor"] for line in goods)
    sums: dict[tuple[str, LineRate, tuple[tuple[str, Fraction], ...]], int] = {}
    for line in goods:
        product_id, category_id = line["productId"], line.get("categoryId")
        rated = line_rate(plan, product_id, category_id, moment)
        campaigns = tuple(campaign_multipliers(plan, product_id, category_id, moment))
        spoken = {"product": product_id, "category": category_id, "other": ""}[rated.rule]
        name = ", ".join([f"{rated.rule} {spoken}".strip(), *(one for one, _ in campaigns)])
        group = (name, rated, campaigns)
        sums[group] = sums.get(group, 0) + line["amountMinor"]
    for (name, rated, campaigns), amount_minor in sums.items():
        if total:
            yield Goods(name, Fraction(amount_minor, total), rated, campaigns)


def _of_sale(
    journey: Journey, goods: Goods, plan: Plan, promoters_since: Mapping[str, int]
) -> Iterator[Line]:
    """Base commission, campaign bonus and start bonus of one group of goods."""
    rate = goods.rated.rate
    yield from _shared(journey, goods, "own_sale", goods.name, rate, goods.rated.rule)
    multiplied = rate
    for name, multiplier in goods.campaigns:
        part = f"{name}: {goods.name}"
        added = multiplied * (multiplier - 1)
        yield from _shared(journey, goods, "campaign", part, added, name)
        multiplied += added
    paid_at = from_micros(journey.order.paid_at)
    for credit in journey.credits:
        since = promoters_since.get(credit.member_id)
        if since is None or credit.excluded is not None:
            continue
        bonus = start_bonus(plan, from_micros(since), paid_at).rate
        if bonus:
            part = f"start: {goods.name}"
            yield _line(journey, goods, credit, "reward", part, rate * bonus, "start_bonus")


def _shared(
    journey: Journey, goods: Goods, basis: Basis, part: str, rate: Fraction, why: str
) -> Iterator[Line]:
    """A rate on the goods, shared by credit; the platform keeps what is left."""
    kept = _floor(journey.order.net_minor * goods.part * rate)
    reasons = {credit.excluded for credit in journey.credits if credit.excluded}
    for credit in journey.credits:
        if credit.excluded is None:
            line = _line(journey, goods, credit, basis, part, rate, why)
            kept -= line.amount_minor
            yield line
    base_minor = _floor(journey.order.net_minor * goods.part)
    reason = "nobody" if not journey.credits else (min(reasons) if reasons else "rounding")
    yield Line(PLATFORM, basis, part, kept, base_minor, rate, f"kept_{reason}", {})


def _line(
    journey: Journey,
    goods: Goods,
    credit: Credit,
    basis: Basis,
    part: str,
    rate: Fraction,
    why: str,
) -> Line:
    net = journey.order.net_minor
    base = net * goods.part * credit.weight
    inputs = {
        "netMinor": net,
        "goodsPart": f"{goods.part.numerator}/{goods.part.denominator}",
        "weight": decimal_string(credit.weight),
        "rule": goods.rated.rule,
        "model": model_name(journey.program.model),
    }
    return Line(credit.member_id, basis, part, _floor(base * rate), _floor(base), rate, why, inputs)


def _of_influence(journey: Journey, path: Path, plan: Plan) -> Iterator[Line]:
    """The influence allowance, step by step, and what is kept of the pool."""
    pool_minor = _floor(journey.order.net_minor * plan.pool_rate)
    clicks = [step.cleared for step in path.steps]
    excluded = [step.excluded is not None for step in path.steps]
    split = split_allowance(pool_minor, clicks, excluded, plan.beta)
    for step, share, amount_minor in zip(
        path.steps, split.shares, split.amounts_minor, strict=True
    ):
        inputs = {
            "poolMinor": pool_minor,
            "position": step.position,
            "clicks": clicks,
            "share": decimal_string(share),
        }
        part = f"step {step.position}"
        yield Line(
            step.member_id, "influence", part, amount_minor, pool_minor, share, "influence", inputs
        )
    inputs = {"poolMinor": pool_minor, "clicks": clicks}
    yield Line(
        PLATFORM, "influence", "kept", split.kept_minor, pool_minor, None, "kept_influence", inputs
    )


def _capped(lines: Sequence[Line], journey: Journey, path: Path, levels_max: int) -> Iterator[Line]:
    """The lines with those beyond the paid levels given to the platform; nearest the sale first."""
    nearest = [credit.member_id for credit in journey.credits if credit.excluded is None]
    nearest += [step.member_id for step in reversed(path.steps) if step.excluded is None]
    levels = list(dict.fromkeys(nearest))
    paid = set(levels[:levels_max] if levels_max else levels)
    for line in lines:
        if line.payee_id == PLATFORM or line.payee_id in paid:
            yield line
        else:
            part = f"{line.part}: {line.payee_id}"
            yield replace(line, payee_id=PLATFORM, part=part, why="kept_paid_levels")


def _floor(value: Fraction | int) -> int:
    exact = Fraction(value)
    return exact.numerator // exact.denominator
