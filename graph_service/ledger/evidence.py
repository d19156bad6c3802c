"""What did the log say about an order after its first n facts?

The ledger books fact by fact, so it must see what a fact changed and nothing that came later. All
that may matter for some orders is read once, each piece with the number of the fact that told of
it; `at` then answers the questions of the attribution room as the graph would have after fact n.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from graph_service.attribution.facts import ENDINGS
from graph_service.attribution.path import HELD
from graph_service.attribution.touches import MICROS_PER_DAY
from graph_service.clock import Clock, from_micros, micros_of, to_micros
from graph_service.graph.session import Read, Row
from graph_service.identity.standings import CHANGED as STANDING_CHANGED
from graph_service.identity.standings import accounts_of
from graph_service.ledger.affected import RESTORED, REVERSED
from graph_service.referrals.bindings import Binding, ended, with_binding

MICROS_PER_SECOND = 1_000_000
# Of how many things what is told of them is read in one go: no more than the queries answer.
TOLD_TOGETHER = 10_000
# A visitor in a place of people; the same mark as in cypher/attribution/read_clicks.
VISITOR = "\x01"


class Told(NamedTuple):
    """A booked fact about something. time, stored: us."""

    seq: int
    kind: str
    time: int
    stored: int
    data: Mapping[str, Any]


class Click(NamedTuple):
    """A booked click. at: us. clicker: a member's id, or a visitor's after VISITOR."""

    seq: int
    at: int
    share_id: str
    clicker: str


@dataclass
class Evidence:
    """Everything that may matter for these orders, by what it is about; facts in order of seq."""

    clock: Clock
    orders: dict[str, list[Told]] = field(default_factory=dict[str, list[Told]])
    members: dict[str, list[Told]] = field(default_factory=dict[str, list[Told]])
    visitors: dict[str, list[Told]] = field(default_factory=dict[str, list[Told]])
    coupons: dict[str, list[Told]] = field(default_factory=dict[str, list[Told]])
    shares: dict[str, Told] = field(default_factory=dict[str, Told])
    # Visitors ever said to be a member, and what members and visitors clicked.
    visitors_of: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    # Other accounts that ever were one person with a member, and what was told of that.
    accounts_of: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    standings: dict[str, list[Told]] = field(default_factory=dict[str, list[Told]])
    clicks_of: defaultdict[str, list[Click]] = field(default_factory=lambda: defaultdict(list))
    clicks_on: dict[str, list[Click]] = field(default_factory=dict[str, list[Click]])

    def add_members(self, told: Mapping[str, list[Told]]) -> None:
        """Know what these facts say of members."""
        self.members.update(told)
        for member_id, facts in told.items():
            standings = [one for one in facts if one.kind == STANDING_CHANGED]
            if standings:
                self.standings[member_id] = standings

    def suppose(self, seq: int, now: int, held: Collection[str]) -> None:
        """Suppose that these members are held from the fact of this number on (now: us)."""
        for member_id in held:
            before = self.standings.get(member_id, [])
            data = {**(before[-1].data if before else {}), "memberId": member_id, "held": True}
            self.standings[member_id] = [*before, Told(seq, STANDING_CHANGED, now, now, data)]

    def accounts(self, member_id: str) -> list[str]:
        """A member and every account that it ever was one person with."""
        return [member_id, *self.accounts_of.get(member_id, ())]

    def clickers(self, buyer_id: str) -> list[str]:
        """Whose clicks may be a buyer's own: those of accounts, and of visitors."""
        accounts = self.accounts(buyer_id)
        visitors = {one for account in accounts for one in self.visitors_of.get(account, ())}
        return [*accounts, *(VISITOR + one for one in sorted(visitors))]

    def paid(self, order_id: str) -> Told | None:
        """The fact that told of the payment."""
        return next((one for one in self.orders[order_id] if one.kind == "order.paid"), None)

    def seqs_of(self, order_id: str) -> set[int]:
        """The numbers of all facts that may matter for an order, but for others' clicks."""
        paid = self.paid(order_id)
        assert paid is not None, "only orders that were paid are asked about"
        buyer_id = paid.data["memberId"]
        coupon = self.coupons.get(paid.data.get("couponCode", ""), ())
        told = [*self.orders[order_id], *coupon]
        clicks: list[Click] = []
        for clicker in self.clickers(buyer_id):
            told.extend(self.visitors.get(clicker.removeprefix(VISITOR), ()))
            clicks.extend(self.clicks_of.get(clicker, ()))
        mine = [one for one in clicks if one.at <= paid.time]
        share_ids = {one.share_id for one in mine} | {paid.data.get("shareId", "")}
        shares = [self.shares[one] for one in self._chains(share_ids)]
        members = {buyer_id, *(one.data["memberId"] for one in shares)}
        members.update(one.data.get("ownerMemberId", "") for one in coupon)
        facts = self.members.get(buyer_id, ())
        members.update(one.data["inviterId"] for one in facts if "inviterId" in one.data)
        for member_id in {one for named in members for one in self.accounts(named)}:
            told.extend(self.members.get(member_id, ()))
        return {one.seq for one in (*told, *shares, *mine)}

    def touched(self, order_id: str, window_days: int) -> set[str]:
        """Every share that the buyer clicked in the window, and the one that the mall names."""
        paid = self.paid(order_id)
        assert paid is not None, "only orders that were paid are asked about"
        buyer_id, opens = paid.data["memberId"], paid.time - window_days * MICROS_PER_DAY
        clicks = (one for who in self.clickers(buyer_id) for one in self.clicks_of[who])
        found = {one.share_id for one in clicks if opens < one.at <= paid.time}
        return found | {paid.data["shareId"]} if "shareId" in paid.data else found

    def _chains(self, share_ids: Iterable[str]) -> set[str]:
        """These shares and all above them, as far as they are told of."""
        found: set[str] = set()
        for share_id in share_ids:
            current: str | None = share_id
            while current in self.shares and current not in found:
                found.add(current)
                current = self.shares[current].data.get("parentShareId")
        return found

    def at(self, seq: int) -> "Then":
        """What was known after fact `seq`."""
        return Then(self, seq)


async def read_evidence(
    read: Read, order_ids: Sequence[str], window_days: int, clock: Clock
) -> Evidence:
    """The evidence of these orders, but for the clicks of others on their paths."""
    evidence = Evidence(clock)
    evidence.orders = await _read_told(read, "order", order_ids)
    paid = [told for one in evidence.orders if (told := evidence.paid(one)) is not None]
    buyers = {told.data["memberId"] for told in paid}
    coupons = {told.data["couponCode"] for told in paid if "couponCode" in told.data}
    evidence.coupons = await _read_told(read, "coupon", coupons)
    evidence.accounts_of = await accounts_of(read, buyers)
    clickers = {account for one in buyers for account in evidence.accounts(one)}
    found = (await read("ledger/list_visitors", memberIds=sorted(clickers)))[0]
    for member_id, visitor_id in zip(found["memberIds"], found["visitorIds"], strict=True):
        evidence.visitors_of.setdefault(member_id, []).append(visitor_id)
    evidence.visitors = await _read_told(read, "visitor", found["visitorIds"])
    await _read_touches(read, evidence, paid, clickers, window_days)
    named = {told.data["shareId"] for told in paid if "shareId" in told.data}
    named |= {click.share_id for clicks in evidence.clicks_of.values() for click in clicks}
    await _read_shares(read, evidence, named)
    evidence.add_members(await _read_told(read, "member", buyers))
    others = {told.data["memberId"] for told in evidence.shares.values()}
    for facts in (*evidence.coupons.values(), *evidence.members.values()):
        others.update(told.data.get("ownerMemberId", "") for told in facts)
        others.update(told.data.get("inviterId", "") for told in facts)
    evidence.accounts_of.update(await accounts_of(read, others - buyers))
    others.update(one for accounts in evidence.accounts_of.values() for one in accounts)
    # Of who did not buy it matters only whether they may earn, which is told of few.
    evidence.add_members(await _read_told(read, "standing", others - buyers))
    return evidence


async def read_clicks_on(
    read: Read, evidence: Evidence, share_ids: Iterable[str], opens: int, closes: int
) -> None:
    """Add who clicked these shares in (opens, closes] (us), and who those are."""
    wanted = sorted(set(share_ids) - evidence.clicks_on.keys())
    if not wanted:
        return
    row = (
        await read(
            "ledger/read_clicks",
            shareIds=wanted,
            opens=from_micros(opens),
            closes=from_micros(closes),
        )
    )[0]
    evidence.clicks_on.update((share_id, []) for share_id in wanted)
    columns = ("shareIds", "memberIds", "visitorIds", "times", "seqs")
    for share_id, member_id, visitor_id, at, seq in zip(
        *(row[name] for name in columns), strict=True
    ):
        clicker = member_id or VISITOR + visitor_id
        evidence.clicks_on[share_id].append(Click(seq, at, share_id, clicker))
    strangers = {one for one in row["visitorIds"] if one} - evidence.visitors.keys()
    evidence.visitors.update(await _read_told(read, "visitor", strangers))
    named = {one.data["memberId"] for told in evidence.visitors.values() for one in told}
    unknown = sorted(({one for one in row["memberIds"] if one} | named) - evidence.members.keys())
    if unknown:
        judged = (await read("ledger/list_judged", memberIds=unknown))[0]["memberIds"]
        evidence.add_members(await _read_told(read, "standing", judged))


async def _read_told(read: Read, what: str, ids: Iterable[str]) -> dict[str, list[Told]]:
    asked = sorted(one for one in set(ids) if one)
    found: dict[str, list[Told]] = {one: [] for one in asked}
    if not asked:
        return found
    for start in range(0, len(asked), TOLD_TOGETHER):
        together = asked[start : start + TOLD_TOGETHER]
        for row in await read(f"ledger/read_{what}_facts", ids=together):
            columns = (row[name] for name in ("seqs", "types", "times", "stored", "data"))
            found[row["id"]] = [
                Told(seq, kind, time, stored, json.loads(data))
                for seq, kind, time, stored, data in zip(*columns, strict=True)
            ]
    return found


async def _read_touches(
    read: Read,
    evidence: Evidence,
    paid: Sequence[Told],
    clickers: Collection[str],
    window_days: int,
) -> None:
    """The buyers' own clicks, under all accounts, and of visitors ever said to be them.

    Read for all of the time in which one of these orders may have been touched.
    """
    if not paid:
        return
    opens = from_micros(min(told.time for told in paid) - window_days * MICROS_PER_DAY)
    closes = from_micros(max(told.time for told in paid))
    visitors = {one for clicker in clickers for one in evidence.visitors_of.get(clicker, ())}
    for what, ids, mark in (("member", clickers, ""), ("visitor", visitors, VISITOR)):
        if not ids:
            continue
        query = f"ledger/read_{what}_clicks"
        row = (await read(query, ids=sorted(ids), opens=opens, closes=closes))[0]
        columns = (row[name] for name in ("clickers", "shareIds", "times", "seqs"))
        for clicker, share_id, at, seq in zip(*columns, strict=True):
            click = Click(seq, at, share_id, mark + clicker)
            evidence.clicks_of[click.clicker].append(click)


async def _read_shares(read: Read, evidence: Evidence, share_ids: Iterable[str]) -> None:
    asked = sorted(share_ids)
    if not asked:
        return
    row = (await read("ledger/read_chains", shareIds=asked))[0]
    columns = (row[name] for name in ("shareIds", "seqs", "times", "data"))
    for share_id, seq, time, data in zip(*columns, strict=True):
        evidence.shares[share_id] = Told(seq, "share.created", time, 0, json.loads(data))


@dataclass(frozen=True)
class Then:
    """The evidence as it was after fact `seq`; `read` answers the attribution room's questions."""

    evidence: Evidence
    seq: int

    async def read(self, name: str, /, **params: Any) -> list[Row]:
        """The rows that the graph would have answered. Raises KeyError on another question."""
        answers: Mapping[str, Callable[..., list[Row]]] = {
            "attribution/read_orders": self._read_orders,
            "attribution/read_touches": self._read_touches,
            "attribution/read_paths": self._read_paths,
            "attribution/read_standings": self._read_standings,
            "attribution/read_clicks": self._read_clicks,
        }
        return answers[name](**params)

    def told(self, facts: Iterable[Told]) -> list[Told]:
        """Those of these facts that were known."""
        return [one for one in facts if one.seq <= self.seq]

    def latest(self, facts: Iterable[Told], name: str | None = None) -> Told | None:
        """The known fact of the latest time (of equal times the last) that has this field."""
        found: Told | None = None
        for one in self.told(facts):
            if (name is None or name in one.data) and (found is None or one.time >= found.time):
                found = one
        return found

    def goods(self, order_id: str) -> Sequence[Mapping[str, Any]]:
        """The lines of an order that was paid."""
        paid = self.evidence.paid(order_id)
        assert paid is not None, "only orders that were paid are asked about"
        return paid.data["lines"]

    def ending(self, order_id: str) -> Told | None:
        """The completion or cancellation that stands."""
        return self.latest(f for f in self.evidence.orders[order_id] if f.kind in ENDINGS)

    def is_reversed(self, order_id: str) -> bool:
        """Did a case take back what the order earns, and not give it back since?"""
        marks = (REVERSED, RESTORED)
        told = [one for one in self.told(self.evidence.orders[order_id]) if one.kind in marks]
        return bool(told) and told[-1].kind == REVERSED

    def inviter_at(self, member_id: str, moment: int) -> str | None:
        """By the bindings known, who had invited a member at a moment (us)."""
        bindings: list[Binding] = []
        for one in self.told(self.evidence.members.get(member_id, ())):
            if "inviterId" in one.data and one.kind in ("member.joined", "referral.bound"):
                now = min(one.stored, to_micros(self.evidence.clock()))
                bindings = with_binding(ended(bindings, now), _binding(one, now), now)
        standing = [
            one
            for one in bindings
            if one.since <= moment
            and ((end := one.until or one.expires_at) is None or end > moment)
        ]
        return max(standing, key=lambda one: one.since).inviter_id if standing else None

    def person(self, member_id: str) -> str:
        """Which person a member was, its own id where it was alone."""
        standing = self._standing(member_id)
        return member_id if standing is None else standing.get("personId", member_id)

    def is_held(self, member_id: str) -> bool:
        """Whether the member's person was held."""
        standing = self._standing(member_id)
        return standing is not None and standing["held"]

    def accounts(self, member_id: str) -> set[str]:
        """All accounts of the member's person, itself among them."""
        person_id = self.person(member_id)
        return {one for one in self.evidence.accounts(member_id) if self.person(one) == person_id}

    def _standing(self, member_id: str) -> Mapping[str, Any] | None:
        for one in reversed(self.evidence.standings.get(member_id, ())):
            if one.seq <= self.seq:
                return one.data
        return None

    def _read_orders(self, *, orderIds: Sequence[str]) -> list[Row]:  # noqa: N803
        return [row for one in orderIds if (row := self._order(one)) is not None]

    def _order(self, order_id: str) -> Row | None:
        paid = self.evidence.paid(order_id)
        if paid is None or paid.seq > self.seq:
            return None
        data, ending = paid.data, self.ending(order_id)
        created_at = micros_of(data["createdAt"]) if "createdAt" in data else paid.time
        refunds = self.told(f for f in self.evidence.orders[order_id] if f.kind == "order.refunded")
        coupon = self.latest(self.evidence.coupons.get(data.get("couponCode", ""), ()))
        exclusive = coupon is not None and coupon.data.get("exclusive")
        return {
            "orderId": order_id,
            "buyerId": data["memberId"],
            "personId": self.person(data["memberId"]),
            "createdAt": created_at,
            "paidAt": paid.time,
            "amountMinor": data["amountMinor"],
            "currency": data["currency"],
            "refundedMinor": sum(one.data["amountMinor"] for one in refunds),
            "status": "paid" if ending is None else ENDINGS[ending.kind],
            "channel": data.get("channel"),
            "shopId": data.get("shopId"),
            "shareId": data.get("shareId"),
            "couponOwnerId": coupon.data.get("ownerMemberId") if coupon and exclusive else None,
            "inviterId": self.inviter_at(data["memberId"], created_at),
            "held": self.is_held(data["memberId"]),
        }

    def _read_touches(self, *, rows: Sequence[Row]) -> list[Row]:
        return [self._touches(row["orderId"], row["seconds"]) for row in rows]

    def _touches(self, order_id: str, seconds: int) -> Row:
        paid = self.evidence.paid(order_id)
        assert paid is not None, "only orders that were paid are asked about"
        buyer_id, opens = paid.data["memberId"], paid.time - seconds * MICROS_PER_SECOND
        accounts = self.accounts(buyer_id)
        clicks = [
            click
            for clicker in self.evidence.clickers(buyer_id)
            if self._member_of(clicker) in accounts
            for click in self.evidence.clicks_of.get(clicker, ())
            if click.seq <= self.seq and opens < click.at <= paid.time
        ]
        return {
            "orderId": order_id,
            "shareIds": [click.share_id for click in clicks],
            "times": [click.at for click in clicks],
        }

    def _member_of(self, clicker: str) -> str | None:
        """Who a clicker is: a member, a member behind a visitor, or nobody known."""
        if not clicker.startswith(VISITOR):
            return clicker
        told = self.latest(self.evidence.visitors.get(clicker.removeprefix(VISITOR), ()))
        return None if told is None else told.data["memberId"]

    def _read_paths(self, *, shareIds: Sequence[str]) -> list[Row]:  # noqa: N803
        return [self._chain(share_id) for share_id in shareIds]

    def _chain(self, share_id: str) -> Row:
        steps: list[Row] = []
        current: str | None = share_id
        # As many steps as cypher/attribution/read_paths walks.
        while current is not None and len(steps) <= 512:
            told = self.evidence.shares.get(current)
            known = told if told is not None and told.seq <= self.seq else None
            steps.append(
                {
                    "shareId": current,
                    "createdAt": None if known is None else known.time,
                    "memberId": None if known is None else known.data["memberId"],
                }
            )
            current = None if known is None else known.data.get("parentShareId")
        return {"shareId": share_id, "more": current is not None, "shares": steps}

    def _read_standings(self, *, memberIds: Sequence[str]) -> list[Row]:  # noqa: N803
        rows: list[Row] = []
        for member_id in memberIds:
            said = self.latest(self.evidence.members.get(member_id, ()), "status")
            status = "active" if said is None else said.data["status"]
            person_id = self.person(member_id)
            rows.append({"memberId": member_id, "personId": person_id, "status": status})
        return rows

    def _read_clicks(
        self,
        *,
        shareIds: Sequence[str],  # noqa: N803
        opens: datetime,
        closes: datetime,
    ) -> list[Row]:
        first, last = to_micros(opens), to_micros(closes)
        rows: list[Row] = []
        for share_id in shareIds:
            clicks = [
                click
                for click in self.evidence.clicks_on[share_id]
                if click.seq <= self.seq and first < click.at <= last
            ]
            rows.append(
                {
                    "shareId": share_id,
                    "people": [self._clicked_by(click.clicker) for click in clicks],
                    "times": [click.at for click in clicks],
                }
            )
        return rows

    def _clicked_by(self, clicker: str) -> str:
        """The person who clicked; everybody who is held is one."""
        member_id = self._member_of(clicker)
        if member_id is None:
            return clicker
        return HELD if self.is_held(member_id) else self.person(member_id)


def _binding(told: Told, now: int) -> Binding:
    expires_at = told.data.get("expiresAt")
    return Binding(
        inviter_id=told.data["inviterId"],
        since=told.time,
        mode=told.data.get("mode", "first"),
        recorded_at=now,
        expires_at=None if expires_at is None else micros_of(expires_at),
    )
