"""Which order is it that a channel reports, and what follows from the report?

Everything is decided under one lock, in the transaction that stores what follows: two reports of
one sale that come at one time are one order. A report that cannot be told yet (a refund before
its payment, a payment without a buyer) is kept and follows when another report tells the rest.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from graph_service.channels.mapping import Report
from graph_service.channels.places import (
    FIRST_REPORT,
    Place,
    Reason,
    Seen,
    best_place,
    order_id_of,
    waits_for,
)
from graph_service.channels.refunds import refund_row, settle_refunds
from graph_service.clock import from_micros, to_micros
from graph_service.graph.session import Row, Transaction
from graph_service.ids import new_id
from graph_service.ingest.tokens import Tokeniser

LOCK = "channels"
Event = dict[str, Any]


@dataclass
class Desk:
    """Takes reports one after the other. window: how far payments of one sale may be apart."""

    transaction: Transaction
    tokeniser: Tokeniser
    window: timedelta
    now: datetime
    events: list[Event] = field(default_factory=list[Event])
    # Orders whose payment is among the events already.
    _paid: set[str] = field(default_factory=set[str])
    # Accounts that the events link, by their key.
    _linked: dict[str, str] = field(default_factory=dict[str, str])

    async def take(self, reports: Sequence[Report]) -> None:
        """Decide on reports; what follows from them is added to the events."""
        if reports:
            await self.transaction.run("graph/lock_name", name=LOCK)
        for report in reports:
            member_id = await self._member(report)
            if report.kind == "account":
                self._observe(report, member_id or "")
                continue
            key = channel_order_id(report.channel, report.order_no)
            await self._keep(await self._known_of(report, member_id), key, member_id)
            await self._place(report, key)

    async def _member(self, report: Report) -> str | None:
        """Whose the buyer's account is; a new account is linked, to a new member if need be."""
        own = report.own.get("memberId")
        if report.buyer_id is None:
            return own
        account_id = f"{report.channel} {report.buyer_id}"
        known = self._linked.get(account_id)
        if known is None:
            rows = await self.transaction.run("channels/find_account", accountId=account_id)
            known = str(rows[0]["memberId"]) if rows else None
        derived = f"{report.channel}:{self.tokeniser.token('account', account_id)[8:]}"
        member_id = own or known or derived
        if known == member_id and report.union_id is None:
            return member_id
        self._linked[account_id] = member_id
        data = {"memberId": member_id, "channel": report.channel, "externalId": report.buyer_id}
        # With the time: the same may be said again later, or hold again.
        said = [report.buyer_id, member_id, _text(report.at)]
        if report.union_id is not None:
            data["unionId"] = report.union_id
            said.append(self.tokeniser.token("union", report.union_id))
        self._tell(report, "account.linked", f"account {self._digest(said)}", report.at, data)
        return member_id

    async def _known_of(self, report: Report, member_id: str | None) -> Report:
        """The report, without what says who the buyer is if the member is erased."""
        rows = await self.transaction.run("channels/read_erased", memberId=member_id or "")
        return replace(report, identifiers=(), union_id=None) if rows[0]["erased"] else report

    def _digest(self, parts: Sequence[str]) -> str:
        return self.tokeniser.token("account", json.dumps(parts))[8:]

    def _observe(self, report: Report, member_id: str) -> None:
        """What is told of a buyer beside the account."""
        for kind, value in report.identifiers:
            event_id = f"identity {self._digest([member_id, kind, value, _text(report.at)])}"
            data = {"memberId": member_id, "kind": kind, "value": value}
            self._tell(report, "identity.observed", event_id, report.at, data)

    async def _keep(self, report: Report, key: str, member_id: str | None) -> None:
        paid = report.kind == "paid"
        ended = report.kind in ("completed", "cancelled")
        row: Row = {
            "channelOrderId": key,
            "channel": report.channel,
            "platformOrderNo": report.order_no,
            "merchantOrderNo": report.merchant_order_no,
            "amountMinor": report.amount_minor if paid else None,
            "currency": report.currency if paid else None,
            "paidAt": _text(report.at) if paid else None,
            "memberId": member_id,
            "details": self._details(report) if paid else None,
            "buyerTokens": self._buyer_tokens(report, member_id),
            "endedAs": report.kind if ended else None,
            "endedAt": _text(report.at) if ended else None,
            "now": _text(self.now),
        }
        await self.transaction.run("channels/store_reports", rows=[row])
        numbers = {f"order {report.order_no}"}
        if report.merchant_order_no is not None:
            numbers.add(f"order {report.merchant_order_no}")
        payments = {
            f"payment {self._payment(one)}": report.payment_schemes.get(one)
            for one in report.payment_nos
        }
        named: list[Row] = [
            {"channelOrderId": key, "saleNumber": one, "scheme": payments.get(one)}
            for one in sorted(numbers | payments.keys())
        ]
        await self.transaction.run("channels/name_numbers", rows=named)
        if report.kind == "refunded":
            refund = refund_row(report, key, [self._payment(n) for n in report.refund_payment_nos])
            row = {**refund, "now": _text(self.now)}
            await self.transaction.run("channels/store_refunds", rows=[row])

    def _payment(self, number: str) -> str:
        return self.tokeniser.token("paymentno", number)

    def _buyer_tokens(self, report: Report, member_id: str | None) -> list[str]:
        """By what a buyer is known on another channel too: the member, the phone, the union."""
        tokens = [
            self.tokeniser.token(kind, value)
            for kind, value in report.identifiers
            if kind == "phone"
        ]
        if report.union_id is not None:
            tokens.append(self.tokeniser.token("union", report.union_id))
        if member_id is not None:
            tokens.append(f"member {member_id}")
        return sorted(set(tokens))

    def _details(self, report: Report) -> str:
        """What an order.paid holds beside the numbers; identifiers as tokens."""
        found: dict[str, Any] = {"lines": [dict(line) for line in report.lines]}
        if report.created_at is not None:
            found["createdAt"] = _text(report.created_at)
        if report.shop_id is not None:
            found["shopId"] = f"{report.channel}:{report.shop_id}"
        found |= {
            name: report.own[name] for name in ("shareId", "couponCode") if name in report.own
        }
        if report.identifiers:
            found["identifiers"] = [
                {"kind": kind, "value": self.tokeniser.token(kind, value)}
                for kind, value in report.identifiers
            ]
        return json.dumps(found, ensure_ascii=False, sort_keys=True)

    async def _place(self, report: Report, key: str) -> None:
        """Find the order, or make one, or keep the question."""
        rows = await self.transaction.run("channels/read_component", channelOrderId=key)
        seen = {str(row["channelOrderId"]): Seen.of(row) for row in rows}
        mine = seen.pop(key)
        known = await self.transaction.run(
            "channels/find_known_orders",
            orderIds=[n.removeprefix("order ") for n in mine.numbers if n.startswith("order ")],
            platformOrderNo=mine.platform_order_no,
            channel=mine.channel,
        )
        place = best_place(mine, list(seen.values()), known)
        if mine.order_id is None and place.order_id is None and not place.candidates:
            await self._guess(mine, seen, place)
        newly = {seen[one]: reason for one, reason in place.siblings.items()}
        if mine.order_id is not None:
            place.order_id = mine.order_id
        elif place.order_id is not None:
            newly = {mine: place.reason, **newly}
        else:
            taken = [str(row["orderId"]) for row in known]
            place.order_id = order_id_of([mine, *newly], taken)
            newly = {mine: place.reason if place.reason.code else FIRST_REPORT, **newly}
        if place.order_id is None:
            place.question = place.question or waits_for(mine)
        else:
            await self._settle(place.order_id, newly)
            await self._follow(report, mine, place.order_id, placed=bool(newly))
        if place.question is not None:
            await self._ask(mine, place.question, place.candidates)

    async def _guess(self, mine: Seen, seen: dict[str, Seen], place: Place) -> None:
        """No number is shared: is there one report of the same amount, buyer and minutes?"""
        if mine.amount_minor is None or mine.paid_at is None:
            return
        at = from_micros(mine.paid_at)
        alike = await self.transaction.run(
            "channels/find_alike",
            channel=mine.channel,
            amountMinor=mine.amount_minor,
            currency=mine.currency,
            begins=at - self.window,
            ends=at + self.window,
            buyerTokens=list(mine.buyer_tokens),
            channelOrderId=mine.channel_order_id,
        )
        sales = sorted({str(row["orderId"] or row["channelOrderId"]) for row in alike})
        if len(sales) > 1:
            place.candidates = sales
            place.question = Reason(
                "ambiguous",
                "more than one sale has the same amount, buyer and minutes; none is taken for it",
            )
        elif sales:
            minutes = int(self.window.total_seconds() // 60)
            place.reason = Reason(
                "amount_buyer_time",
                f"same amount and buyer, paid within {minutes} minutes; no number is shared",
            )
            place.order_id = alike[0]["orderId"]
            if place.order_id is None:
                other = str(alike[0]["channelOrderId"])
                rows = await self.transaction.run("channels/read_component", channelOrderId=other)
                found = {str(row["channelOrderId"]): Seen.of(row) for row in rows}
                seen[other] = found[other]
                place.siblings[other] = FIRST_REPORT

    async def _settle(self, order_id: str, newly: Mapping[Seen, Reason]) -> None:
        """Place reports; tell of the payment if nobody did, then of endings that waited for it."""
        held = await self.transaction.run(
            "attribution/lock_orders", orderIds=[order_id], batch=new_id()
        )
        rows = [
            {
                "channelOrderId": one.channel_order_id,
                "orderId": order_id,
                "code": reason.code,
                "why": reason.why,
                "now": _text(self.now),
            }
            for one, reason in sorted(newly.items(), key=lambda item: item[0].channel_order_id)
        ]
        if rows:
            await self.transaction.run("channels/place_reports", rows=rows)
        if held[0]["digest"] is None and order_id not in self._paid:
            self._pay(order_id, list(newly))
        for one in newly:
            if one.ended_as is not None and one.ended_at is not None:
                self._end(one.channel, one.platform_order_no, order_id, one.ended_as, one.ended_at)

    async def _follow(self, report: Report, mine: Seen, order_id: str, *, placed: bool) -> None:
        """What a report says of an order that was known, and refunds that are not told of yet."""
        if mine.order_id is not None and report.kind in ("completed", "cancelled"):
            self._end(report.channel, report.order_no, order_id, report.kind, to_micros(report.at))
        if placed or report.kind == "refunded":
            self.events += await settle_refunds(self.transaction, order_id, self.window)

    def _pay(self, order_id: str, newly: Sequence[Seen]) -> None:
        """The order.paid of reports that together tell amount, time and buyer."""
        amounts = [one for one in newly if one.amount_minor is not None and one.paid_at is not None]
        buyers = [one.member_id for one in newly if one.member_id is not None]
        if not amounts or not buyers:
            return
        lead = amounts[0]
        details: dict[str, Any] = {}
        for one in reversed(newly):
            details |= json.loads(one.details or "{}")
        data = {
            **details,
            "lines": details.get("lines", []),
            "orderId": order_id,
            "memberId": buyers[0],
            "amountMinor": lead.amount_minor,
            "currency": lead.currency,
            "channel": lead.channel,
            "platformOrderNo": lead.platform_order_no,
        }
        self._paid.add(order_id)
        event_id = f"order {lead.platform_order_no} paid"
        self.events.append(event(lead.channel, "order.paid", event_id, lead.paid_at or 0, data))

    def _end(self, channel: str, number: str, order_id: str, ended_as: str, at: int) -> None:
        event_id = f"order {number} {ended_as}"
        data = {"orderId": order_id}
        self.events.append(event(channel, f"order.{ended_as}", event_id, at, data))

    def _tell(
        self, report: Report, event_type: str, event_id: str, at: datetime, data: dict[str, Any]
    ) -> None:
        self.events.append(event(report.channel, event_type, event_id, to_micros(at), data))

    async def _ask(self, mine: Seen, question: Reason, candidates: Sequence[str]) -> None:
        row = {
            "channelOrderId": mine.channel_order_id,
            "code": question.code,
            "why": question.why,
            "candidates": list(candidates),
            "now": _text(self.now),
        }
        await self.transaction.run("channels/open_questions", rows=[row])


def channel_order_id(channel: str, number: str) -> str:
    """The key of what a channel reports of one order."""
    return f"{channel} {number}"


def event(
    channel: str, event_type: str, event_id: str, at: int, data: dict[str, Any]
) -> dict[str, Any]:
    """An event of ours that follows from a channel's report. at: us since 1970."""
    return {
        "specversion": "1.0",
        "id": event_id,
        "source": f"channel:{channel}",
        "type": event_type,
        "time": _text(from_micros(at)),
        "data": data,
    }


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
