"""The compliance report in plain Python: facts, bindings and entries in, one item each out."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone
from fractions import Fraction
from typing import Any

from tests.reference.bindings import Bindings
from tests.reference.facts import Fact
from tests.reference.path import decimal_string

ZONE = timezone(timedelta(hours=8))
HEIGHTS = {"member": 0, "promoter": 1, "partner": 2}
NAMES: tuple[str, ...] = ("own_sale", "level_1", "level_2_and_deeper", "head_count", "influence")
KINDS = {
    **dict.fromkeys(("own_sale", "ladder", "campaign", "reward"), "own_sale"),
    "influence": "influence",
}


class PlainReport:
    """One time: walks every tree by itself and looks at every order again for each organiser.

    entries: the ledger's, each with `at`, the time of the fact that it follows from. sold: per
    order id (seller, uplines nearest first) for each member that it counts for.
    """

    def __init__(
        self,
        facts: Sequence[Fact],
        bindings: Bindings,
        at: datetime,
        entries: Sequence[Mapping[str, Any]],
        sold: Mapping[str, Sequence[tuple[str, Sequence[str]]]],
        depth: int = 1,
    ) -> None:
        self.at = at
        self.bindings = bindings
        self.joined = {
            fact.data["memberId"]: fact.at
            for fact in sorted(facts, key=lambda fact: fact.at, reverse=True)
            if fact.kind == "member.joined"
        }
        self.facts = [fact for fact in facts if fact.at <= at]
        self.entries = [entry for entry in entries if entry["at"] <= at]
        self.sold = sold
        self.depth = depth
        self.orders = {f.data["orderId"]: f for f in self.facts if f.kind == "order.paid"}
        self.nets = {order_id: self._net(order_id) for order_id in self.orders}

    def items(self) -> list[dict[str, Any]]:
        """Every organiser, the most severe first."""
        organisers = sorted(
            {
                binding.inviter_id
                for bindings in self.bindings.of.values()
                for binding in bindings
                if binding.covers(self.at)
            }
        )
        order = ("none", "amber", "red", "severe")
        return sorted(
            (self.item(one) for one in organisers),
            key=lambda one: (-order.index(one["flag"]), -one["people"], one["memberId"]),
        )

    def item(self, member_id: str) -> dict[str, Any]:
        """One organiser."""
        below = self.bindings.levels(member_id, self.at)
        people = {member_id, *(one for level in below for one in level)}
        paid: defaultdict[str, int] = defaultdict(int)
        for order_id, fact in self.orders.items():
            if fact.data["memberId"] in people and fact.data["currency"] == "CNY":
                paid[fact.data["memberId"]] += self.nets[order_id]
        buyers = [one for one in paid if paid[one] > 0]
        promoters = [one for one in buyers if HEIGHTS[self._role(one)] > 0]
        collected, levels = sum(paid.values()), len(below) + 1
        signs = self._signs(people)
        share = Fraction(len(promoters), len(buyers)) if buyers else None
        return {
            "memberId": member_id,
            "people": len(people),
            "levels": levels,
            "directs": len(self._directs(member_id)),
            "paidLevelsMax": self._paid_levels(people),
            "moneyByBasis": self._money(member_id),
            "moneyCollectedMinor": collected,
            "buyers": len(buyers),
            "promoterBuyers": len(promoters),
            "shareOfBuyersWhoArePromoters": None if share is None else decimal_string(share),
            "signs": len(signs),
            "flag": self._flag(len(people), levels, collected),
        }

    def _flag(self, people: int, levels: int, collected: int) -> str:
        if people >= 120 or collected >= 2_500_000 * 100:
            return "severe"
        if people >= 30 and levels >= 3:
            return "red"
        return "amber" if people >= 30 or levels >= 3 else "none"

    def _directs(self, member_id: str) -> list[str]:
        return [one for one in self.bindings.of if self.bindings.inviter(one, self.at) == member_id]

    def _net(self, order_id: str) -> int:
        paid = self.orders[order_id].data["amountMinor"]
        ending = None
        for fact in self.facts:
            if fact.data.get("orderId") != order_id:
                continue
            if fact.kind in ("order.completed", "order.cancelled"):
                ending = fact if ending is None or fact.at >= ending.at else ending
            if fact.kind == "order.refunded":
                paid -= fact.data["amountMinor"]
        return 0 if ending is not None and ending.kind == "order.cancelled" else paid

    def _roles(self, member_id: str) -> list[tuple[datetime, str]]:
        told = [
            (fact.at, fact.data["role"])
            for fact in self.facts
            if fact.kind in ("member.joined", "member.updated")
            and fact.data["memberId"] == member_id
            and fact.data.get("role") is not None
        ]
        return sorted(told, key=lambda one: one[0])

    def _role(self, member_id: str) -> str:
        return ["member", *(role for _, role in self._roles(member_id))][-1]

    def _signs(self, people: set[str]) -> set[tuple[str, str]]:
        found: set[tuple[str, str]] = set()
        for member_id in people:
            before = "member"
            for at, role in self._roles(member_id):
                since = self.joined.get(member_id, at)
                if HEIGHTS[role] > HEIGHTS[before] and at >= since:
                    found.update(
                        (member_id, order_id)
                        for order_id, paid in self.orders.items()
                        if paid.data["memberId"] == member_id
                        and at - timedelta(days=7) <= paid.at <= at
                    )
                before = role
        return found

    def _money(self, member_id: str) -> dict[str, int]:
        money = dict.fromkeys(NAMES, 0)
        months: dict[tuple[str, str], tuple[int, dict[str, Any]]] = {}
        mine = [one for one in self.entries if one["payeeId"] == member_id]
        for one in sorted(mine, key=lambda one: one["number"]):
            if one["currency"] != "CNY":
                continue
            if one["basis"] in KINDS:
                money[KINDS[one["basis"]]] += one["amountMinor"]
            else:
                key = (one["basis"], one["part"])
                before = months.get(key, (0, {}))[0]
                months[key] = (before + one["amountMinor"], json.loads(one["inputs"]))
        for (basis, _), (amount, inputs) in months.items():
            sales = (
                inputs.get("salesByLevelMinor", [])
                if basis == "team"
                else [
                    inputs.get("directSalesMinor", 0),
                    inputs.get("teamSalesMinor", 0) - inputs.get("directSalesMinor", 0),
                ]
            )
            near = amount * sales[0] // sum(sales) if sum(sales) else 0
            money["level_1"] += near
            money["level_2_and_deeper"] += amount - near
        return money

    def _paid_levels(self, people: set[str]) -> int:
        most = 0
        for order_id in self.orders:
            paid = self._paid_of(order_id)
            sellers = {seller for seller, _ in self.sold.get(order_id, ())}
            if people & (paid | sellers):
                most = max(most, len(paid))
        return most

    def _paid_of(self, order_id: str) -> set[str]:
        sums: defaultdict[str, int] = defaultdict(int)
        months: defaultdict[tuple[str, str, str], int] = defaultdict(int)
        for one in self.entries:
            if one["orderId"] == order_id:
                sums[one["payeeId"]] += one["amountMinor"]
            if one["basis"] in ("ladder", "team", "partner"):
                months[one["payeeId"], one["basis"], one["part"]] += one["amountMinor"]
        found = {one for one, amount in sums.items() if amount > 0 and not one.startswith("\t")}
        paid_at = self.orders[order_id].at.astimezone(ZONE)
        month, week = paid_at.strftime("%Y-%m"), paid_at.strftime("%G-W%V")
        for seller, uplines in self.sold.get(order_id, ()):
            owed = [
                (seller, "ladder", month),
                *((one, "team", month) for one in uplines[: self.depth]),
                *((one, "team", week) for one in uplines[: self.depth]),
                *((one, "partner", month) for one in uplines),
            ]
            found.update(key[0] for key in owed if months[key] > 0)
        return found
