"""An order's money in words, for programs and for people."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from graph_service.clock import from_micros, micros_of, time_string
from graph_service.explain.formulas import (
    Formula,
    Pool,
    influence_pool,
    number_text,
    order_formulas,
)
from graph_service.explain.story import Story, ToldFact
from graph_service.hypertext.rendering import room_words
from graph_service.ledger.lines import Goods
from graph_service.money import decimal_string
from graph_service.plans.member import Lang, amount_text
from graph_service.plans.timeline import ACTIVATED
from graph_service.referrals.sales import PLATFORM

Key = tuple[str, str, str]


@dataclass(frozen=True)
class Teller:
    """Puts what the ledger says of one order into words of a language."""

    story: Story
    lang: Lang

    @property
    def words(self) -> Mapping[str, Any]:
        """The texts of this room."""
        return room_words("explain")[self.lang]

    @property
    def zone(self) -> tzinfo:
        """Where days begin: the plan's zone."""
        return self.story.plan.month_zone

    def money(self, minor: int) -> str:
        """An amount of the order's currency."""
        return amount_text(minor, self.story.journey.order.currency, self.lang)

    def day(self, micros: int) -> str:
        """The day of a moment (us)."""
        return from_micros(micros).astimezone(self.zone).date().isoformat()

    def moment(self, time: str) -> str:
        """A time in RFC 3339 to the minute."""
        return from_micros(micros_of(time)).astimezone(self.zone).strftime("%Y-%m-%d %H:%M")

    def goods(self, goods: Goods) -> str:
        """What a rule speaks for."""
        rule = goods.rated.rule
        campaigns = "".join(f", {name}" for name, _ in goods.campaigns)
        name = goods.name.removesuffix(campaigns).removeprefix(rule).strip()
        return self.words["goods"][rule].format(name=name)

    def line(self, one: Formula) -> str:
        """What a formula is for, and where the platform keeps it why."""
        parts = self.words["parts"]
        if one.goods is not None:
            campaign = one.part.partition(f": {one.goods.name}")[0]
            text = parts[one.basis].format(goods=self.goods(one.goods), campaign=campaign)
        elif one.step is not None:
            text = parts["influence"].format(step=one.step)
        else:
            text = parts["pool"]
        reason = self.words["whys"].get(one.why) if one.payee_id == PLATFORM else None
        if reason is None:
            return text
        told = reason.format(earner=one.earner_id)
        return self.words["kept_line"].format(line=text, reason=told)

    def cause(self, fact: ToldFact) -> str:
        """A fact that changed what is owed; names nobody, so that it may be told to anybody."""
        causes = self.words["causes"]
        text = causes.get(fact.type, causes["other"])
        return text.format(
            type=fact.type,
            date=self.day(fact.time),
            refund=fact.data.get("refundId", ""),
            value=self.money(fact.data.get("amountMinor", 0)),
            version=fact.data.get("version", ""),
        )

    def entry(self, fact: ToldFact, amount_minor: int) -> str:
        """What a fact did to an amount."""
        verb = self.words["gave" if amount_minor >= 0 else "took"]
        text = verb.format(cause=self.cause(fact), amount=self.money(abs(amount_minor)))
        paid = self.story.paid
        if fact.seq > paid.seq and fact.time <= paid.time:
            return self.words["late"].format(text=text)
        return text


def explanation(
    story: Story, commission: Mapping[str, Any], attribution: Mapping[str, Any], lang: Lang
) -> dict[str, Any]:
    """The whole answer about an order. commission, attribution: as their routes answer."""
    teller = Teller(story, lang)
    owed = entries_of(story, commission["lines"], teller)
    kept = entries_of(story, commission["kept"], teller)
    booked = _booked(owed, kept)
    formulas = order_formulas(
        story.journey, story.path, story.goods, story.plan, story.promoters_since
    )
    order = story.journey.order
    return {
        "orderId": order.order_id,
        "asOfSeq": story.seq,
        "lang": lang,
        "currency": order.currency,
        "status": order.status,
        "netMinor": order.net_minor,
        "planVersion": story.plan.version,
        "model": attribution["model"],
        "modelVersion": attribution["modelVersion"],
        "attribution": attribution,
        "formulas": [formula_body(one, booked, teller) for one in formulas],
        "influence": pool_body(influence_pool(story.journey, story.path, story.plan)),
        "entries": owed,
        "kept": kept,
        "totals": {
            "owedMinor": sum(one["amountMinor"] for one in owed),
            "keptMinor": sum(one["amountMinor"] for one in kept),
            "payees": _payees(owed),
        },
        "facts": [_fact(one, teller) for one in story.facts],
        "factsOmitted": story.omitted,
    }


def entries_of(
    story: Story, lines: Iterable[Mapping[str, Any]], teller: Teller
) -> list[dict[str, Any]]:
    """The entries that follow from the facts of the story, each with its fact and in words."""
    found: list[dict[str, Any]] = []
    for line in lines:
        fact = story.causes.get(int(line["entryId"].partition("-")[0]))
        if fact is not None:
            cause = {"seq": fact.seq, "type": fact.type, "time": time_string(fact.time)}
            text = teller.entry(fact, line["amountMinor"])
            found.append({**line, "cause": cause, "text": text})
    return found


def formula_body(one: Formula, booked: Mapping[Key, int], teller: Teller) -> dict[str, Any]:
    """A formula with its numbers and what is booked for it."""
    kept = one.payee_id == PLATFORM
    return {
        "payeeId": one.payee_id.strip(),
        "kept": kept,
        "basis": one.basis,
        "part": one.part,
        "why": one.why,
        "text": teller.line(one),
        "factors": [
            {
                "name": factor.name,
                "value": number_text(factor.value),
                "text": teller.words["factors"][factor.name],
            }
            for factor in one.factors
        ],
        "lessMinor": list(one.less),
        "formula": one.exact,
        "shown": one.shown,
        "amountMinor": one.amount_minor,
        "bookedMinor": booked.get((one.payee_id, one.basis, one.part), 0),
    }


def pool_body(pool: Pool) -> dict[str, Any]:
    """The pool and how its curve splits it."""
    return {
        "poolMinor": pool.pool_minor,
        "keptMinor": pool.kept_minor,
        "formula": pool.formula,
        "beta": number_text(pool.beta),
        "people": pool.total,
        "steps": [
            {
                "position": one.step.position,
                "memberId": one.step.member_id,
                "clicks": one.clicks,
                "people": one.below,
                "share": decimal_string(one.share),
                "formula": one.formula,
                "amountMinor": one.amount_minor,
                "excluded": one.step.excluded,
            }
            for one in pool.shares
        ],
    }


def _booked(
    owed: Sequence[Mapping[str, Any]], kept: Sequence[Mapping[str, Any]]
) -> Mapping[Key, int]:
    """What the entries of each line come to."""
    sums: defaultdict[Key, int] = defaultdict(int)
    for one in owed:
        sums[one["payeeId"], one["basis"], one["part"]] += one["amountMinor"]
    for one in kept:
        sums[PLATFORM, one["basis"], one["part"]] += one["amountMinor"]
    return sums


def _payees(owed: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    sums: defaultdict[str, int] = defaultdict(int)
    for one in owed:
        sums[one["payeeId"]] += one["amountMinor"]
    return [{"payeeId": payee_id, "amountMinor": sums[payee_id]} for payee_id in sorted(sums)]


def _fact(fact: ToldFact, teller: Teller) -> dict[str, Any]:
    return {
        "seq": fact.seq,
        "type": fact.type,
        "time": time_string(fact.time),
        "source": fact.source,
        "id": fact.event_id,
        "role": fact.role,
        "text": teller.words["roles"][fact.role],
        # The document of a plan is long; its version says which it is.
        "data": {
            name: value
            for name, value in fact.data.items()
            if (fact.type, name) != (ACTIVATED, "plan")
        },
    }
