"""What an order's attribution is worth: path, credits and allowance in one answer."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import Any

from graph_service.attribution.models import FITTED_MODELS, MODEL_VERSION, Program, model_name
from graph_service.attribution.path import PathStep, key_nodes
from graph_service.attribution.touches import Journey, Order, read_journeys
from graph_service.attribution.traces import Trace, read_traces, traces_of
from graph_service.clock import from_micros, time_string
from graph_service.errors import Invalid, NotFound
from graph_service.graph.session import Graph, Read, Row, Transaction
from graph_service.money import decimal_string
from graph_service.periods import month_of, period_of
from graph_service.plans.document import Plan
from graph_service.plans.timeline import Plans, split_by_plan
from graph_service.referrals.bindings import LOCK
from graph_service.referrals.sales import Sale, book_sales
from graph_service.rewards.allowance import split_allowance

# Orders credited in one go while facts are booked.
BOOKED_TOGETHER = 1_000
ASK_TIMEOUT_S = 60.0


class OrderNotFound(NotFound):
    """No order.paid has named this order."""

    code = "order_not_found"


class ModelNotPerOrder(Invalid):
    """The model is fitted on all journeys together, so it says nothing of one order."""

    code = "model_not_per_order"


@dataclass(frozen=True)
class AttributionQuestion:
    """How to attribute; None takes the plan's word. Raises ModelNotPerOrder."""

    model: str | None = None
    window_days: int | None = None

    def __post_init__(self) -> None:
        if self.model in FITTED_MODELS:
            raise ModelNotPerOrder(
                f"{self.model} is fitted on the journeys of a time; ask /v1/attribution/report"
            )

    def program(self, plan: Plan) -> Program:
        """The plan's rules with what was asked for in their place."""
        return plan.program.asked(self.model, self.window_days)

    def window_days_max(self, plans: Plans) -> int:
        """The longest time that a click may come before its order, under any plan."""
        return self.window_days or plans.widest.window_days_max


async def ask_attributions(
    graph: Graph, order_ids: Sequence[str], question: AttributionQuestion, plans: Plans
) -> dict[str, dict[str, Any]]:
    """The answers about those of these orders that were paid, by id.

    Cost: one round trip; what follows from it is computed in a thread.
    """
    read = partial(graph.read_within, ASK_TIMEOUT_S)
    found = await read_traces(read, order_ids, question.window_days_max(plans))
    return await asyncio.to_thread(_answers, found, question, plans)


async def ask_attribution(
    graph: Graph, order_id: str, question: AttributionQuestion, plans: Plans
) -> dict[str, Any]:
    """The answer about one order. Raises OrderNotFound."""
    read = partial(graph.read_within, ASK_TIMEOUT_S)
    answers = await read_attributions(read, [order_id], question, plans)
    if order_id not in answers:
        raise OrderNotFound(f"there is no paid order {order_id}")
    return answers[order_id]


async def read_attributions(
    read: Read, order_ids: Sequence[str], question: AttributionQuestion, plans: Plans
) -> dict[str, dict[str, Any]]:
    """The answers about those of these orders that were paid, by id, each under its plan."""
    found = await read_traces(read, order_ids, question.window_days_max(plans))
    return _answers(found, question, plans)


@dataclass(frozen=True)
class _Terms:
    """What an answer needs of a plan. program: with what was asked for in its place."""

    version: str
    program: Program
    pool_rate: Fraction
    beta: Fraction


def _answers(found: Row, question: AttributionQuestion, plans: Plans) -> dict[str, dict[str, Any]]:
    terms: dict[str, _Terms] = {}

    def terms_of(order: Order) -> _Terms:
        plan = plans.at(order.paid_at)
        if plan.version not in terms:
            terms[plan.version] = _Terms(
                plan.version, question.program(plan), plan.pool_rate, plan.beta
            )
        return terms[plan.version]

    def rules_of(order: Order) -> Program:
        return terms_of(order).program.of(order.channel, order.shop_id)

    return {
        trace.journey.order.order_id: _answer(trace, terms_of(trace.journey.order))
        for trace in traces_of(found, rules_of)
    }


async def credit_orders(
    transaction: Transaction, order_ids: Sequence[str], plans: Plans
) -> list[Row]:
    """Book these orders to the members whom their plan credits, in place of what was booked.

    rows: what that added to whose months.
    """
    changes: list[Row] = []
    if order_ids:
        await transaction.run("graph/lock_name", name=LOCK)
    for start in range(0, len(order_ids), BOOKED_TOGETHER):
        together = order_ids[start : start + BOOKED_TOGETHER]
        sales: list[Sale] = []
        for plan, under in await split_by_plan(transaction.run, together, plans):
            journeys = await read_journeys(transaction.run, under, plan.program)
            for journey in journeys.values():
                sales += journey_sales(journey, plan)
        changes += await book_sales(transaction, together, sales)
    return changes


def journey_sales(journey: Journey, plan: Plan) -> list[Sale]:
    """For whom an order counts, and with how much."""
    order = journey.order
    nets = journey.split(order.net_minor)
    paid_at = from_micros(order.paid_at)
    return [
        Sale(
            order_id=order.order_id,
            member_id=credit.member_id,
            created_at=order.created_at,
            month=month_of(paid_at, plan.month_zone),
            currency=order.currency,
            weight=decimal_string(credit.weight),
            amount_minor=0 if credit.excluded else credit.amount_minor,
            net_minor=0 if credit.excluded else net,
            excluded=credit.excluded,
            bonus_period=period_of(paid_at, plan.month_zone, plan.team.cycle),
            bonus_depth=plan.team.depth,
            model=model_name(journey.program.model),
        )
        for credit, net in zip(journey.credits, nets, strict=True)
    ]


def _answer(trace: Trace, terms: _Terms) -> dict[str, Any]:
    journey, path = trace
    order = journey.order
    return {
        "orderId": order.order_id,
        "buyerId": order.buyer_id,
        "basis": journey.basis,
        "model": journey.program.model,
        "modelVersion": MODEL_VERSION,
        "planVersion": terms.version,
        "windowDays": journey.program.window_days,
        "paidAt": time_string(order.paid_at),
        "amountMinor": order.amount_minor,
        "refundedMinor": order.refunded_minor,
        "currency": order.currency,
        "path": [_step(step) for step in path.steps],
        "truncated": path.truncated,
        "touches": [
            {
                "shareId": touch.share_id,
                "memberId": touch.member_id,
                "clickedAt": time_string(touch.clicked_at),
                "weight": decimal_string(touch.weight),
                "cleared": not order.held,
            }
            for touch in journey.touches
        ],
        "credits": [
            {
                "memberId": credit.member_id,
                "weight": decimal_string(credit.weight),
                "amountMinor": credit.amount_minor,
            }
            for credit in journey.credits
            if credit.excluded is None
        ],
        "keyNodes": [
            {"memberId": node.member_id, "position": node.position, "why": node.why}
            for node in key_nodes(order, path)
        ],
        "allowance": _allowance(order, path.steps, terms),
    }


def _step(step: PathStep) -> Mapping[str, Any]:
    return {
        "position": step.position,
        "memberId": step.member_id,
        "personId": step.person_id,
        "shareId": step.share_ids[-1] if step.share_ids else None,
        "shareIds": list(step.share_ids),
        "sharedAt": time_string(step.shared_at),
        "clicks": step.clicks,
        "clearedClickers": step.cleared,
        "excluded": step.excluded,
    }


def _allowance(order: Order, steps: Sequence[PathStep], terms: _Terms) -> Mapping[str, Any]:
    rate = terms.pool_rate
    pool_minor = order.net_minor * rate.numerator // rate.denominator
    split = split_allowance(
        pool_minor,
        [step.cleared for step in steps],
        [step.excluded is not None for step in steps],
        terms.beta,
    )
    return {
        "poolMinor": split.pool_minor,
        "keptMinor": split.kept_minor,
        "currency": order.currency,
        "lines": [
            {
                "position": step.position,
                "memberId": step.member_id,
                "clicks": step.cleared,
                "share": decimal_string(share),
                "amountMinor": amount_minor,
            }
            for step, share, amount_minor in zip(
                steps, split.shares, split.amounts_minor, strict=True
            )
        ],
    }
