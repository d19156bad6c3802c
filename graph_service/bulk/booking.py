"""For whom do the orders count? Which may count otherwise is asked of the rooms, in memory."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from graph_service.attribution.affected import affected_orders
from graph_service.attribution.touches import MICROS_PER_DAY
from graph_service.bulk.bindings import (
    BINDING_TYPES,
    Answer,
    Bindings,
    Memory,
    fact_of,
    finished,
)
from graph_service.bulk.mall import Mall, Order, Sale
from graph_service.bulk.parsing import Record
from graph_service.clock import from_micros, micros_of, to_micros
from graph_service.graph.session import Row
from graph_service.periods import month_of
from graph_service.plans.document import Plan
from graph_service.referrals.bindings import LOCK
from graph_service.referrals.sales import PLATFORM, orders_below
from graph_service.rewards.orders import BOOKED_TOGETHER

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
            "attribution/find_orders_revived": self._find_orders_revived,
            "referrals/find_orders_below": self._find_orders_below,
        }
        self._memory = Memory(answers)
        self._concerns: Mapping[str, Callable[[dict[str, Any]], bool]] = {
            "order.paid": _always,
            "order.refunded": _always,
            "order.cancelled": _always,
            "order.completed": lambda data: self._is_revived(data["orderId"]),
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
            asked = sorted(orders)
            for start in range(0, len(asked), BOOKED_TOGETHER):
                self._credit(asked[start : start + BOOKED_TOGETHER])

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

    def _find_orders_revived(self, *, orderIds: Sequence[str]) -> list[Row]:  # noqa: N803
        return [{"orderIds": [one for one in orderIds if self._is_revived(one)]}]

    def _is_revived(self, order_id: str) -> bool:
        order = self.mall.orders[order_id]
        if order.amount_minor is None or order.booking is None:
            return False
        is_nothing = not order.booking.net_minor and order.booking.excluded is None
        return is_nothing and order.refunded_minor < order.amount_minor

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

    # --- for whom do they count? ---

    def _credit(self, order_ids: Sequence[str]) -> None:
        """Book these orders anew, as `credit_orders` and `book_sales` do.

        Written out, since three quarters of the time of a load went into those.
        """
        sums: defaultdict[tuple[str, str, str], list[int]] = defaultdict(lambda: [0, 0, 0, 0])
        for order_id in order_ids:
            order = self.mall.orders.get(order_id)
            if order is None or order.digest is None:
                continue
            before, after = order.booking, self._booking(order)
            if before == after:
                continue
            for sign, booking in ((-1, before), (1, after)):
                if booking is not None:
                    _add_up(sums, booking, sign * booking.net_minor)
            credited = self.mall.credited
            if before is not None:
                del credited[before.member_id][order_id]
            if after is not None:
                credited.setdefault(after.member_id, {})[order_id] = None
            order.booking = after
        for key, added in sums.items():
            if any(added):
                kept = self.mall.sales.setdefault(key, [0, 0, 0, 0])
                for i in range(4):
                    kept[i] += added[i]

    def _booking(self, order: Order) -> Sale | None:
        winner_id = self._winner(order)
        if winner_id is None:
            return None
        excluded = self._excluded(order, winner_id)
        is_cancelled = order.ended[1] == "cancelled"
        assert order.amount_minor is not None, "an order that was paid has an amount"
        net_minor = 0 if is_cancelled else order.amount_minor - order.refunded_minor
        return Sale(
            member_id=winner_id,
            month=month_of(from_micros(order.paid), self.plan.month_zone),
            currency=order.currency,
            amount_minor=0 if excluded else order.amount_minor,
            net_minor=0 if excluded else net_minor,
            upline_ids=self.bindings.uplines_at(winner_id, order.created),
            excluded=excluded,
        )

    def _winner(self, order: Order) -> str | None:
        """To whom the order goes: an exclusive coupon's owner, the last touch's, the inviter."""
        if order.coupon_code is not None:
            coupon = self.mall.coupons[order.coupon_code]
            if coupon.exclusive and coupon.owner_id is not None:
                return coupon.owner_id
        closes = order.paid
        opens = closes - self.plan.program.window_days * MICROS_PER_DAY
        shares = self.mall.shares
        last, share = (opens, ""), None
        if order.share_id is not None:
            last, share = (closes, order.share_id), shares[order.share_id]
        for clicks in self._clicks_of(order.buyer_id):
            for i in range(0, len(clicks), 2):
                at = clicks[i]
                # Of equal times the greatest share id is the last.
                if opens < at <= closes and at >= last[0] and (at, clicks[i + 1].share_id) > last:
                    share = clicks[i + 1]
                    last = (at, share.share_id)
        if share is not None:
            return share.creator_id
        return self.bindings.inviter_at(order.buyer_id, order.created)

    def _clicks_of(self, member_id: str) -> Iterable[list[Any]]:
        clicks = self.mall.member_clicks.get(member_id)
        if clicks is not None:
            yield clicks
        for visitor_id in self.mall.visitors_of.get(member_id, ()):
            clicks = self.mall.visitor_clicks.get(visitor_id)
            if clicks is not None:
                yield clicks

    def _excluded(self, order: Order, member_id: str) -> str | None:
        if member_id == order.buyer_id and not self.plan.program.self_purchase:
            return "buyer"
        said = self.mall.said.get(member_id)
        is_frozen = said is not None and "status" in said and said["status"][0] == "frozen"
        return "frozen" if is_frozen else None


def _add_up(
    sums: defaultdict[tuple[str, str, str], list[int]], booking: Sale, net_minor: int
) -> None:
    # The team bonus of the seed plan: the level above, by the month.
    month, currency = booking.month, booking.currency
    sums[month, currency, booking.member_id][0] += net_minor
    for level, upline_id in enumerate(booking.upline_ids):
        of_upline = sums[month, currency, upline_id]
        of_upline[2] += net_minor
        if level == 0:
            of_upline[1] += net_minor
            of_upline[3] += net_minor
    if not booking.upline_ids:
        sums[month, currency, PLATFORM][3] += net_minor


def _always(_: dict[str, Any]) -> bool:
    return True
