"""What may this member earn now, how far is the next step, and what would it bring?"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any, Literal

from graph_service.clock import from_micros, time_string, to_micros
from graph_service.errors import MemberNotFound
from graph_service.graph.session import Graph, Row
from graph_service.money import decimal_string
from graph_service.periods import month_of
from graph_service.plans.document import Plan, RoleRule, warnings
from graph_service.plans.rates import (
    StartBonus,
    ladder_minor,
    ladder_rate,
    next_step,
    start_bonus,
)
from graph_service.referrals.sales import sales_month_prefix

Lang = Literal["zh", "en"]
Text = dict[str, str]
# Rates of categories and of products that are told one by one.
RATES_TOLD_MAX = 20
# ISO 4217: currencies whose minor unit is not a hundredth.
WHOLE = frozenset("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF".split())
THOUSANDTHS = frozenset("BHD IQD JOD KWD LYD OMR TND".split())


@dataclass(frozen=True)
class Standing:
    """A member's place under a plan. promoter_since: when the invitation to promote was accepted
    (us), None where it was not: the start bonus is of those who did.
    """

    role: str
    promoter_since: int | None
    promoted_minor: int


@cache
def words() -> dict[str, Any]:
    """Every sentence by language and code."""
    text = Path(__file__).with_name("words.json").read_text(encoding="utf-8")
    return json.loads(text)


def warning_texts(plan: Plan, lang: Lang) -> list[Text]:
    """What is doubtful about a plan, with its legal source: code and text."""
    return [{"code": one, "text": words()[lang]["warnings"][one]} for one in warnings(plan)]


def amount_text(minor: int, currency: str, lang: Lang) -> str:
    """An amount for people: 5,000,000 fen are 50,000 元, or CNY 50,000."""
    digits = 0 if currency in WHOLE else 3 if currency in THOUSANDTHS else 2
    value = Decimal(minor).scaleb(-digits)
    text = f"{value:,.0f}" if value == value.to_integral_value() else f"{value:,.{digits}f}"
    if lang == "en":
        return f"{currency} {text}"
    return f"{text} 元" if currency == "CNY" else f"{text} {currency}"


def rate_text(rate: Fraction | Decimal) -> str:
    """A rate in per cent."""
    return f"{decimal_string(Fraction(rate) * 100)}%"


async def read_member_plan(
    graph: Graph, plan: Plan, member_id: str, lang: Lang, now: datetime
) -> dict[str, Any]:
    """The rules that apply to a member now, in sentences. Raises MemberNotFound."""
    month = month_of(now, plan.month_zone)
    prefix = sales_month_prefix(month, plan.currency)
    rows = await graph.read("plans/read_promoter", memberId=member_id, prefix=prefix)
    if not rows:
        raise MemberNotFound(f"there is no member {member_id}")
    standing = _standing(rows[0])
    bonus = _bonus(plan, standing, now)
    following = next_step(plan.ladder, standing.promoted_minor)
    teller = _Teller(plan, standing, lang, now)
    return {
        "memberId": member_id,
        "planVersion": plan.version,
        "role": standing.role,
        "lang": lang,
        "currency": plan.currency,
        "rules": list(teller.rules(bonus)),
        "ladder": {
            "month": month,
            "promotedSalesMinor": standing.promoted_minor,
            "rate": decimal_string(ladder_rate(plan.ladder, standing.promoted_minor)),
            "earnedMinor": ladder_minor(plan.ladder, standing.promoted_minor).minor,
            "nextAtMinor": following and following.at_minor,
            "nextRate": following and decimal_string(following.rate),
            "missingMinor": following and following.missing_minor,
            "nextWouldBringMinor": following and following.brings_minor,
        },
        "startBonus": {
            "until": bonus and time_string(to_micros(bonus.until)),
            "active": bool(bonus and bonus.rate),
        },
        "campaigns": [
            {
                "name": one.name,
                "multiplier": decimal_string(Fraction(one.multiplier)),
                "from": one.starts and time_string(to_micros(one.starts)),
                "to": one.ends and time_string(to_micros(one.ends)),
                "categories": one.categories,
                "productIds": one.product_ids,
            }
            for one in plan.campaigns
            if one.holds_at(now)
        ],
    }


def _standing(row: Row) -> Standing:
    return Standing(row["role"] or "member", row["acceptedAt"], row["promotedMinor"])


def _bonus(plan: Plan, standing: Standing, now: datetime) -> StartBonus | None:
    if standing.promoter_since is None or not plan.start_bonus.rate:
        return None
    return start_bonus(plan, from_micros(standing.promoter_since), now)


@dataclass(frozen=True)
class _Teller:
    """Puts the rules of a plan into sentences."""

    plan: Plan
    standing: Standing
    lang: Lang
    now: datetime

    def rules(self, bonus: StartBonus | None) -> Iterator[Text]:
        """Every rule that applies, from what an order earns to when it is paid."""
        plan = self.plan
        rules = plan.attribution
        model = self._words(f"model_{rules.model}")
        yield self._text("attribution", days=rules.window_days, model=model)
        yield self._text("self_purchase" if rules.self_purchase else "no_self_purchase")
        yield from self._base()
        for one in plan.campaigns:
            if one.holds_at(self.now):
                factor = decimal_string(Fraction(one.multiplier))
                yield self._text("campaign", name=one.name, multiplier=factor)
        if bonus is not None and bonus.rate:
            until = bonus.until.astimezone(plan.month_zone).date().isoformat()
            yield self._text("start_bonus", rate=rate_text(bonus.rate), until=until)
        yield from self._ladder()
        yield from self._team()
        if plan.influence.pool_rate:
            yield self._text("influence", rate=rate_text(plan.pool_rate))
        yield from self._roles()
        yield self._text("holding", days=plan.holding_days)
        if plan.paid_levels_max:
            yield self._text("paid_levels", levels=plan.paid_levels_max)

    def _words(self, code: str) -> str:
        return words()[self.lang]["rules"][code]

    def _text(self, code: str, **values: object) -> Text:
        return {"code": code, "text": self._words(code).format(**values)}

    def _amount(self, minor: int) -> str:
        return amount_text(minor, self.plan.currency, self.lang)

    def _base(self) -> Iterator[Text]:
        plan = self.plan
        categories = list(plan.base.categories.items())
        for category, rate in categories[:RATES_TOLD_MAX]:
            yield self._text("base_category", category=category, rate=rate_text(rate))
        if plan.base.other_rate:
            yield self._text("base_other", rate=rate_text(plan.base.other_rate))
        products = [one for one in plan.products if one.holds_at(self.now)]
        for one in products[:RATES_TOLD_MAX]:
            yield self._text("product_rate", product=one.product_id, rate=rate_text(one.rate))
        more = max(len(categories) - RATES_TOLD_MAX, 0) + max(len(products) - RATES_TOLD_MAX, 0)
        if more:
            yield self._text("more", count=more)

    def _ladder(self) -> Iterator[Text]:
        ladder = self.plan.ladder
        for step in ladder.steps:
            code = f"ladder_step_{ladder.mode}"
            yield self._text(
                code, **{"from": self._amount(step.from_minor)}, rate=rate_text(step.rate)
            )
        if not ladder.steps:
            return
        sales = self.standing.promoted_minor
        following = next_step(ladder, sales)
        if following is None:
            rate = rate_text(ladder_rate(ladder, sales))
            yield self._text("ladder_top", sales=self._amount(sales), rate=rate)
            return
        yield self._text(
            "ladder_next",
            sales=self._amount(sales),
            missing=self._amount(following.missing_minor),
            rate=rate_text(following.rate),
            brings=self._amount(following.brings_minor),
        )

    def _team(self) -> Iterator[Text]:
        team, role = self.plan.team, self.standing.role
        if team.rate and role in team.roles:
            yield self._text(f"team_{team.cycle}", depth=team.depth, rate=rate_text(team.rate))
        if self.plan.partner.rate and role == "partner":
            yield self._text("partner", rate=rate_text(self.plan.partner.rate))

    def _roles(self) -> Iterator[Text]:
        for rule in self.plan.roles:
            if rule.after == self.standing.role and rule.role != self.standing.role:
                joined = words()[self.lang]["join"].join(self._conditions(rule))
                code = f"role_next_{rule.role}"
                yield self._text(code, months=rule.months, conditions=joined)
                yield from self._so_far(rule.own_sales_minor)
            if rule.role == self.standing.role and rule.keep_sales_minor:
                amount = self._amount(rule.keep_sales_minor)
                yield self._text("role_keep", months=rule.keep_months, amount=amount)

    def _so_far(self, asked_minor: int) -> Iterator[Text]:
        """How far this month is on the way to what a role asks for."""
        sales = self.standing.promoted_minor
        told = self._amount(sales)
        if sales < asked_minor:
            missing = self._amount(asked_minor - sales)
            yield self._text("role_missing", sales=told, missing=missing)
        elif asked_minor:
            yield self._text("role_this_month", sales=told)

    def _conditions(self, rule: RoleRule) -> Sequence[str]:
        found: list[str] = []
        if rule.own_sales_minor:
            text = self._words("condition_own")
            found.append(text.format(amount=self._amount(rule.own_sales_minor)))
        if rule.team_sales_minor:
            text = self._words("condition_team")
            found.append(text.format(amount=self._amount(rule.team_sales_minor)))
        if rule.direct_members:
            found.append(self._words("condition_direct").format(count=rule.direct_members))
        return found or [self._words("condition_none")]
