"""The plain reference of the mall: facts in arrival order in, answers out, nothing kept ready."""

from datetime import datetime, timedelta, timezone
from fractions import Fraction
from typing import Any

from tests.reference.bindings import Bindings
from tests.reference.facts import Fact, fact_of, is_valid
from tests.reference.models import Rules, credit, told, weigh
from tests.reference.path import (
    Click,
    Order,
    Share,
    Step,
    Touch,
    allowance,
    chain,
    cleared_clickers,
    decimal_string,
    in_window,
    reshare_path,
    rfc3339,
)

# A member, or nobody known, and the weight of a touch.
Payee = tuple[str | None, Fraction]

# A second event about the same one of these, under another key, is a repeat or a conflict.
IDENTIFIED_BY = {
    "order.paid": "orderId",
    "share.created": "shareId",
    "order.refunded": "refundId",
}
OWN_EVENTS = {"member.joined", "member.active", "share.created", "share.clicked", "order.paid"}
PROPERTIES = ("role", "status")
ACTIVE_DAYS = 30
ZONE = timezone(timedelta(hours=8))


class ReferenceMall:
    """Stores events in arrival order and answers about members and orders."""

    def __init__(self, now: datetime, rules: Rules | None = None) -> None:
        self.now = now
        self.rules = rules or Rules()
        self.bindings = Bindings(now)
        self.facts: list[Fact] = []
        self._kinds: dict[str, list[Fact]] = {}
        self._by_key: dict[tuple[str, str], Fact] = {}
        self._by_identity: dict[tuple[str, str], Fact] = {}
        self._known_shares: dict[str, Share] = {}

    # --- storing ---

    def store(self, event: dict[str, Any]) -> str:
        """Answer accepted, duplicate or rejected:<code>; only an accepted event changes things."""
        fact = fact_of(event)
        if not is_valid(fact):
            return "rejected:invalid_event"
        key = (event["source"], event["id"])
        if key in self._by_key:
            return "duplicate" if self._by_key[key] == fact else "rejected:event_conflict"
        identity = self._identity(fact)
        if identity in self._by_identity:
            same = self._by_identity[identity] == fact
            return "duplicate" if same else "rejected:event_conflict"
        refusal = self._refusal(fact) or self._bind(fact)
        if refusal is not None:
            return f"rejected:{refusal}"
        self._by_key[key] = fact
        if identity is not None:
            self._by_identity[identity] = fact
        self.facts.append(fact)
        self._kinds.setdefault(fact.kind, []).append(fact)
        return "accepted"

    def _identity(self, fact: Fact) -> tuple[str, str] | None:
        if fact.kind not in IDENTIFIED_BY:
            return None
        return (fact.kind, fact.data[IDENTIFIED_BY[fact.kind]])

    def _refusal(self, fact: Fact) -> str | None:
        data = fact.data
        if fact.kind == "share.created" and "parentShareId" in data:
            parent_id = data["parentShareId"]
            chained = chain(self._shares(), parent_id)
            above = [parent_id, *(share.parent_id for share in chained)]
            return "share_cycle" if data["shareId"] in above else None
        if fact.kind == "order.refunded":
            order = self._orders().get(data["orderId"])
            refunded = self._refunded(data["orderId"]) + data["amountMinor"]
            exceeds = order is not None and refunded > order.amount_minor
            return "refund_exceeds_order" if exceeds else None
        if fact.kind == "order.paid":
            exceeds = self._refunded(data["orderId"]) > data["amountMinor"]
            return "refund_exceeds_order" if exceeds else None
        return None

    def _bind(self, fact: Fact) -> str | None:
        data = fact.data
        if fact.kind == "member.joined" and "inviterId" in data:
            return self.bindings.bind(data["memberId"], data["inviterId"], fact.at)
        if fact.kind == "referral.bound":
            return self.bindings.bind(
                data["memberId"],
                data["inviterId"],
                fact.at,
                mode=data.get("mode", "first"),
                expires_at=data.get("expiresAt"),
            )
        return None

    # --- what the stored facts say ---

    def _of_kind(self, kind: str) -> list[Fact]:
        return self._kinds.get(kind, [])

    def _latest(self, facts: list[Fact]) -> Fact | None:
        latest = None
        for fact in facts:
            if latest is None or fact.at >= latest.at:
                latest = fact
        return latest

    def _shares(self) -> dict[str, Share]:
        """Every share told of; those of new facts are added to the ones known."""
        for f in self._of_kind("share.created")[len(self._known_shares) :]:
            self._known_shares[f.data["shareId"]] = Share(
                f.data["shareId"], f.data["memberId"], f.at, f.data.get("parentShareId")
            )
        return self._known_shares

    def _clicks(self) -> list[Click]:
        return [
            Click(f.data["shareId"], f.at, f.data.get("memberId"), f.data.get("visitorId"))
            for f in self._of_kind("share.clicked")
        ]

    def _orders(self) -> dict[str, Order]:
        return {
            f.data["orderId"]: Order(
                f.data["orderId"],
                f.data["memberId"],
                f.data["amountMinor"],
                f.data["currency"],
                f.data.get("createdAt", f.at),
                f.at,
                f.data.get("shareId"),
                f.data.get("couponCode"),
            )
            for f in self._of_kind("order.paid")
        }

    def _refunded(self, order_id: str) -> int:
        refunds = self._of_kind("order.refunded")
        return sum(f.data["amountMinor"] for f in refunds if f.data["orderId"] == order_id)

    def _is_cancelled(self, order_id: str) -> bool:
        endings = [
            fact
            for fact in self.facts
            if fact.kind in ("order.completed", "order.cancelled")
            and fact.data["orderId"] == order_id
        ]
        latest = self._latest(endings)
        return latest is not None and latest.kind == "order.cancelled"

    def _net(self, order: Order) -> int:
        if self._is_cancelled(order.order_id):
            return 0
        return order.amount_minor - self._refunded(order.order_id)

    def _members_of_visitors(self) -> dict[str, str]:
        facts = self._of_kind("visitor.identified")
        members: dict[str, str] = {}
        for visitor_id in {f.data["visitorId"] for f in facts}:
            latest = self._latest([f for f in facts if f.data["visitorId"] == visitor_id])
            if latest is not None:
                members[visitor_id] = latest.data["memberId"]
        return members

    def _property(self, member_id: str, name: str) -> str | None:
        latest = self._latest(
            [
                fact
                for fact in self.facts
                if fact.kind in ("member.joined", "member.updated")
                and fact.data["memberId"] == member_id
                and name in fact.data
            ]
        )
        return None if latest is None else latest.data[name]

    def _coupon_owner(self, code: str | None) -> str | None:
        issued = [f for f in self._of_kind("coupon.issued") if f.data["couponCode"] == code]
        latest = self._latest(issued)
        if latest is None or not latest.data.get("exclusive", False):
            return None
        return latest.data.get("ownerMemberId")

    # --- members ---

    def members(self) -> list[str]:
        """Every member that an accepted event names, sorted."""
        names = ("memberId", "inviterId", "ownerMemberId")
        return sorted({f.data[name] for f in self.facts for name in names if name in f.data})

    def member(self, member_id: str) -> dict[str, Any]:
        """role, status and joinedAt (null when not given)."""
        joins = self._of_kind("member.joined")
        joined = [f.at for f in joins if f.data["memberId"] == member_id]
        known = {name: self._property(member_id, name) for name in PROPERTIES}
        return {
            "memberId": member_id,
            **known,
            "joinedAt": rfc3339(min(joined)) if joined else None,
        }

    def uplines(self, member_id: str, at: datetime | None = None) -> list[str]:
        """Inviter, inviter's inviter and so on, nearest first."""
        return self.bindings.uplines(member_id, at)

    def downline(
        self, member_id: str, level: int | None = None, at: datetime | None = None
    ) -> list[str]:
        """The members below, or those on one level (1 = children), by level and then id."""
        levels = self.bindings.levels(member_id, at)
        return [m for i, members in enumerate(levels, 1) if level in (None, i) for m in members]

    def _is_active(self, member_id: str) -> bool:
        start = self.now - timedelta(days=ACTIVE_DAYS)
        return any(
            fact.data.get("memberId") == member_id and start < fact.at <= self.now
            for fact in self.facts
            if fact.kind in OWN_EVENTS
        )

    def _sales(self, month: str) -> list[tuple[str, list[str], int]]:
        """(member, its uplines at the order's creation, net amount) per credit of an order."""
        return [
            (member_id, self.uplines(member_id, order.created_at), net)
            for order in self._orders().values()
            if order.paid_at.astimezone(ZONE).strftime("%Y-%m") == month
            for member_id, _, net in self.credits(order.order_id, self._net(order))
        ]

    def team(self, member_id: str, month: str, levels: int = 0) -> dict[str, Any]:
        """Head counts now and sales of a month (YYYY-MM, Asia/Shanghai)."""
        sales = self._sales(month)
        below = self.bindings.levels(member_id)
        answer: dict[str, Any] = {
            "memberId": member_id,
            "directCount": len(below[0]) if below else 0,
            "teamSize": sum(len(level) for level in below),
            "month": month,
            "ownSalesMinor": sum(net for owner, _, net in sales if owner == member_id),
            "directSalesMinor": sum(net for _, above, net in sales if above[:1] == [member_id]),
            "teamSalesMinor": sum(net for _, above, net in sales if member_id in above),
        }
        if levels > 0:
            answer["levels"] = [
                {
                    "level": number,
                    "members": len(level),
                    "activeMembers": sum(1 for member in level if self._is_active(member)),
                    "salesMinor": sum(net for owner, _, net in sales if owner in level),
                }
                for number, level in enumerate(below[:levels], 1)
            ]
        return answer

    # --- orders ---

    def orders(self) -> list[str]:
        """Every paid order, sorted."""
        return sorted(self._orders())

    def _touches(self, order: Order, clicks: list[Click]) -> list[Touch]:
        visitors = self._members_of_visitors()
        buyer = ("member", order.buyer_id)
        touches = [Touch(c.at, c.share_id) for c in clicks if c.person(visitors) == buyer]
        if order.share_id is not None:
            touches.append(Touch(order.paid_at, order.share_id))
        return sorted(touches, key=lambda touch: (touch.at, touch.share_id))

    def _excluded(self, member_id: str, order: Order) -> str | None:
        if member_id == order.buyer_id:
            return "buyer"
        return "frozen" if self._property(member_id, "status") == "frozen" else None

    def _asked(self, order_id: str) -> tuple[Order, list[Click], list[Touch]]:
        """An order, the clicks of its window, and those of them that are its touches."""
        order = self._orders()[order_id]
        clicks = in_window(self._clicks(), order.paid_at, self.rules.window_days)
        return order, clicks, self._touches(order, clicks)

    def _payees(self, order: Order, touches: list[Touch]) -> tuple[str, list[Payee]]:
        """The basis, and who is credited with what: one per touch, or one alone."""
        coupon_owner = self._coupon_owner(order.coupon_code)
        inviter = self.bindings.inviter(order.buyer_id, order.created_at)
        if coupon_owner is not None:
            return "coupon", [(coupon_owner, Fraction(1))]
        if touches:
            weights = weigh(self.rules, [touch.at for touch in touches], order.paid_at)
            makers = [self._maker(touch.share_id) for touch in touches]
            return "click", list(zip(makers, weights, strict=True))
        return ("none", []) if inviter is None else ("binding", [(inviter, Fraction(1))])

    def _maker(self, share_id: str) -> str | None:
        share = self._shares().get(share_id)
        return None if share is None else share.member_id

    def credits(self, order_id: str, amount_minor: int) -> list[tuple[str, Fraction, int]]:
        """Who earns which part of an amount of the order: (member, weight, amount)."""
        order, _, touches = self._asked(order_id)
        parts = credit(amount_minor, self._payees(order, touches)[1])
        return [one for one in parts if self._excluded(one[0], order) is None]

    def attribution(self, order_id: str) -> dict[str, Any]:
        """Basis, touches, path, credits and allowance of a paid order; KeyError if it is none."""
        order, clicks, touches = self._asked(order_id)
        shares = self._shares()
        basis, payees = self._payees(order, touches)
        steps: list[Step] = []
        truncated = False
        if touches:
            steps, truncated = reshare_path(shares, touches[-1].share_id)
        elif payees:
            steps = [Step(str(payees[0][0]), ())]
        cleared = cleared_clickers(steps, clicks, order.buyer_id, self._members_of_visitors())
        weights = [decimal_string(weight) for _, weight in payees]
        return {
            "orderId": order_id,
            "buyerId": order.buyer_id,
            "basis": basis,
            "path": self._path(order, steps, clicks, cleared),
            "truncated": truncated,
            "touches": [
                {
                    "shareId": touch.share_id,
                    "memberId": self._maker(touch.share_id),
                    "clickedAt": rfc3339(touch.at),
                    "weight": weights[position] if basis == "click" else "0",
                    # Nobody is held in these worlds.
                    "cleared": True,
                }
                for position, touch in enumerate(touches)
            ],
            "credits": told(self.credits(order_id, order.amount_minor)),
            "allowance": allowance(
                self._net(order),
                order.currency,
                steps,
                cleared,
                [self._excluded(step.member_id, order) is None for step in steps],
            ),
        }

    def _path(
        self, order: Order, steps: list[Step], clicks: list[Click], cleared: list[int]
    ) -> list[dict[str, Any]]:
        return [
            {
                "position": position,
                "memberId": step.member_id,
                "personId": step.member_id,
                "shareId": step.shares[-1].share_id if step.shares else None,
                "sharedAt": rfc3339(step.shares[-1].at) if step.shares else None,
                "clicks": sum(1 for click in clicks if click.share_id in step.share_ids),
                "clearedClickers": count,
                "excluded": self._excluded(step.member_id, order),
            }
            for position, (step, count) in enumerate(zip(steps, cleared, strict=True), 1)
        ]
