"""For whom do the orders count? The rooms decide, and memory answers what they ask."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from graph_service.attribution.affected import affected_orders
from graph_service.bulk.bindings import (
    BINDING_TYPES,
    Answer,
    Bindings,
    Memory,
    fact_of,
    finished,
)
from graph_service.bulk.mall import Mall, Order
from graph_service.bulk.parsing import Record
from graph_service.clock import micros_of, to_micros
from graph_service.graph.session import Row
from graph_service.referrals.bindings import LOCK
from graph_service.referrals.sales import orders_below
from graph_service.rewards.orders import credit_orders
from graph_service.rewards.plan import Plan

MICROS_PER_SECOND = 1_000_000


class Booking:
    """Books batch after batch as the outbox does, so that the months' roll-ups are the same."""

    def __init__(self, mall: Mall, bindings: Bindings, plan: Plan) -> None:
        self.mall = mall
        self.bindings = bindings
        self.plan = plan
        answers: Mapping[str, Answer] = {
            **bindings.answers,
            "attribution/find_orders_after_clicks": self._find_orders_after_clicks,
            "attribution/find_orders_after_visits": self._find_orders_after_visits,
            "attribution/find_orders_through_shares": self._find_orders_through_shares,
            "attribution/find_orders_of_coupons": self._find_orders_of_coupons,
            "attribution/find_orders_of_members": self._find_orders_of_members,
            "attribution/read_orders": self._read_orders,
            "attribution/read_touches": self._read_touches,
            "attribution/read_paths": self._read_paths,
            "attribution/read_standings": self._read_standings,
            "referrals/find_orders_below": self._find_orders_below,
            "referrals/read_sales": self._read_sales,
            "referrals/replace_sales": self._replace_sales,
            "referrals/add_sales": self._add_sales,
        }
        self._memory = Memory(answers)
        self._concerns: Mapping[str, Callable[[dict[str, Any]], bool]] = {
            "order.paid": _always,
            "order.refunded": _always,
            "order.cancelled": _always,
            "share.clicked": self._click_may_matter,
            "visitor.identified": _always,
            "share.created": self._share_may_matter,
            "coupon.issued": lambda data: bool(mall.coupons[data["couponCode"]].order_ids),
            "member.updated": lambda data: "status" in data and data["memberId"] in mall.credited,
        }

    def book(self, records: Iterable[Record]) -> None:
        """Credit anew what these facts, stored together, may change."""
        facts = [fact_of(record) for record in records if self._may_matter(record)]
        if not facts:
            return
        orders = finished(affected_orders(self._memory, facts, self.plan.program))
        orders |= finished(orders_below(self._memory, facts))
        if orders:
            self.mall.locks[LOCK] += 1
            finished(credit_orders(self._memory, sorted(orders), self.plan))

    def _may_matter(self, record: Record) -> bool:
        """False of the many facts after which no order can count otherwise: it saves the asking."""
        kind, data = record[1], record[6]
        concern = self._concerns.get(kind)
        if concern is not None and concern(data):
            return True
        if kind in BINDING_TYPES and "inviterId" in data and record[5] <= self.mall.newest_order:
            member_id = data["memberId"]
            known = self.mall
            return (
                member_id in known.orders_of
                or member_id in known.credited
                or member_id in self.bindings.below
            )
        return False

    def _click_may_matter(self, data: dict[str, Any]) -> bool:
        member_id = data.get("memberId")
        if member_id is not None:
            return member_id in self.mall.orders_of
        visitor = self.mall.visitors[data["visitorId"]]
        return visitor.known is not None

    def _share_may_matter(self, data: dict[str, Any]) -> bool:
        share = self.mall.shares[data["shareId"]]
        return bool(share.early_members or share.early_visitors or share.early_orders)

    # --- which orders? ---

    def _find_orders_after_clicks(self, *, rows: Sequence[Row], windowSeconds: int) -> list[Row]:  # noqa: N803
        window = windowSeconds * MICROS_PER_SECOND
        found: set[str] = set()
        for row in rows:
            order_ids = self.mall.orders_of.get(row["memberId"], ())
            at = micros_of(row["at"]) if order_ids else 0
            orders = self.mall.orders
            found.update(one for one in order_ids if at <= orders[one].paid < at + window)
        return [{"orderIds": list(found)}]

    def _find_orders_after_visits(self, *, visitorIds: Sequence[str]) -> list[Row]:  # noqa: N803
        people: set[str] = set()
        for visitor_id in visitorIds:
            visitor = self.mall.visitors.get(visitor_id)
            if visitor is not None and visitor.known is not None:
                people.add(visitor.known[1])
                people.update(member_id for _, member_id in visitor.former)
        return self._placed_by(people)

    def _placed_by(self, people: Iterable[str]) -> list[Row]:
        found: set[str] = set()
        for member_id in people:
            found.update(self.mall.orders_of.get(member_id, ()))
        return [{"orderIds": list(found)}]

    def _find_orders_through_shares(self, *, shareIds: Sequence[str]) -> list[Row]:  # noqa: N803
        people: set[str] = set()
        order_ids: set[str] = set()
        for share_id in shareIds:
            share = self.mall.shares[share_id]
            order_ids.update(share.early_orders)
            people.update(share.early_members)
            for visitor_id in share.early_visitors:
                known = self.mall.visitors[visitor_id].known
                if known is not None:
                    people.add(known[1])
        order_ids.update(self._placed_by(people)[0]["orderIds"])
        return [{"orderIds": list(order_ids)}]

    def _find_orders_of_coupons(self, *, couponCodes: Sequence[str]) -> list[Row]:  # noqa: N803
        found = {one for code in couponCodes for one in self.mall.coupons[code].order_ids}
        return [{"orderIds": list(found)}]

    def _find_orders_of_members(self, *, memberIds: Sequence[str]) -> list[Row]:  # noqa: N803
        found = {one for member_id in memberIds for one in self.mall.credited.get(member_id, ())}
        return [{"orderIds": list(found)}]

    def _find_orders_below(self, *, rows: Sequence[Row]) -> list[Row]:
        found: set[str] = set()
        orders = self.mall.orders
        for row in rows:
            since = to_micros(row["since"])
            if since > self.mall.newest_order:
                continue
            asked = list(self.mall.orders_of.get(row["memberId"], ()))
            for one in self.bindings.ever_below(row["memberId"]):
                asked.extend(self.mall.credited.get(one, ()))
            found.update(one for one in asked if orders[one].created >= since)
        return [{"orderIds": list(found)}]

    # --- what is known of an order? ---

    def _read_orders(self, *, orderIds: Sequence[str]) -> list[Row]:  # noqa: N803
        found = ((one, self.mall.orders.get(one)) for one in orderIds)
        return [
            self._order_row(one, order)
            for one, order in found
            if order is not None and order.digest is not None
        ]

    def _order_row(self, order_id: str, order: Order) -> Row:
        owner_id: str | None = None
        if order.coupon_code is not None:
            coupon = self.mall.coupons[order.coupon_code]
            owner_id = coupon.owner_id if coupon.exclusive else None
        return {
            "orderId": order_id,
            "buyerId": order.buyer_id,
            "personId": order.buyer_id,
            "createdAt": order.created,
            "paidAt": order.paid,
            "amountMinor": order.amount_minor,
            "currency": order.currency,
            "refundedMinor": order.refunded_minor,
            "status": order.ended[1] or "paid",
            "shareId": order.share_id,
            "couponOwnerId": owner_id,
            "inviterId": self.bindings.inviter_at(order.buyer_id, order.created),
        }

    def _read_touches(self, *, orderIds: Sequence[str], windowSeconds: int) -> list[Row]:  # noqa: N803
        window = windowSeconds * MICROS_PER_SECOND
        rows: list[Row] = []
        for order_id in orderIds:
            order = self.mall.orders[order_id]
            closes = order.paid
            opens = closes - window
            share_ids: list[str] = []
            times: list[int] = []
            for clicks in self._clicks_of(order.buyer_id):
                for i in range(0, len(clicks), 2):
                    if opens < clicks[i] <= closes:
                        times.append(clicks[i])
                        share_ids.append(clicks[i + 1].share_id)
            if times:
                rows.append({"orderId": order_id, "shareIds": share_ids, "times": times})
        return rows

    def _clicks_of(self, member_id: str) -> Iterable[list[Any]]:
        nothing: list[Any] = []
        yield self.mall.member_clicks.get(member_id, nothing)
        for visitor_id in self.mall.visitors_of.get(member_id, ()):
            yield self.mall.visitor_clicks.get(visitor_id, nothing)

    def _read_paths(self, *, shareIds: Sequence[str]) -> list[Row]:  # noqa: N803
        """Only the closest share of each: a booking needs no more of the way to it."""
        return [
            {
                "shareId": share_id,
                "more": False,
                "shares": [
                    {
                        "shareId": share_id,
                        "createdAt": None,
                        "memberId": self.mall.shares[share_id].creator_id,
                    }
                ],
            }
            for share_id in shareIds
        ]

    def _read_standings(self, *, memberIds: Sequence[str]) -> list[Row]:  # noqa: N803
        rows: list[Row] = []
        for member_id in memberIds:
            said = self.mall.said.get(member_id)
            status = "active" if said is None or "status" not in said else said["status"][0]
            rows.append({"memberId": member_id, "personId": member_id, "status": status})
        return rows

    # --- what is booked ---

    def _read_sales(self, *, orderIds: Sequence[str]) -> list[Row]:  # noqa: N803
        found = ((one, self.mall.orders.get(one)) for one in orderIds)
        return [
            {"orderId": one, **order.booking}
            for one, order in found
            if order is not None and order.booking is not None
        ]

    def _replace_sales(self, *, rows: Sequence[Row]) -> list[Row]:
        credited = self.mall.credited
        for row in rows:
            order_id = row["orderId"]
            order = self.mall.orders[order_id]
            if order.booking is not None:
                del credited[order.booking["memberId"]][order_id]
            order.booking = None
            # The program in force credits one member; test_room_statements keeps watch.
            for sale in row["sales"]:
                order.booking = sale
                credited.setdefault(sale["memberId"], {})[order_id] = None
        return []

    def _add_sales(self, *, rows: Sequence[Row]) -> list[Row]:
        for row in rows:
            kept = self.mall.sales.get(row["salesMonthId"])
            if kept is None:
                names = ("month", "currency", "memberId", "own", "direct", "team")
                self.mall.sales[row["salesMonthId"]] = [row[name] for name in names]
            else:
                kept[3] += row["own"]
                kept[4] += row["direct"]
                kept[5] += row["team"]
        return []


def _always(_: dict[str, Any]) -> bool:
    return True
