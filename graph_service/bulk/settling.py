"""What becomes of each fact? The rounds, checks and writes of storing, in memory."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from graph_service.attribution.admission import (
    OTHER_CONTENT,
    SHARE_CYCLE,
    SHARE_LOCK,
    comes_from,
    payment_problem,
    refund_problem,
)
from graph_service.attribution.facts import ENDINGS
from graph_service.bulk.bindings import BINDING_TYPES, Bindings
from graph_service.bulk.booking import Booking
from graph_service.bulk.identities import Identities
from graph_service.bulk.mall import Mall, Order, Share
from graph_service.bulk.parsing import COLUMN, Record
from graph_service.bulk.sheets import RELATIONSHIPS
from graph_service.clock import Clock, micros_of, to_micros
from graph_service.ids import new_id
from graph_service.ingest.envelope import OWN_EVENTS
from graph_service.ingest.facts import Problem
from graph_service.ingest.store import CONFLICT, REPEATS, ROUNDS_MAX, Verdict
from graph_service.referrals.facts import PROPERTIES

ORDER_LINKS = {"address": "SHIPPED_TO", "payment": "PAID_WITH"}
_OTHERS = ("inviterId", "ownerMemberId", "stewardId", "fromId", "intoId")


class Settling:
    """Settles batch after batch in the order of arrival, as the online path with `load` does."""

    def __init__(self, mall: Mall, bindings: Bindings, booking: Booking, clock: Clock) -> None:
        self.mall = mall
        self.bindings = bindings
        self.booking = booking
        self.clock = clock
        self.seq = 0
        # Which transaction a node was last held by; online it is one for each round too.
        self._holder = ""
        self._digests: dict[str, bytes] = {}
        self._facts = mall.sheets.nodes("Fact")
        self._links = {
            f"{name} {start}": mall.sheets.relationships(name, start, end).line
            for name, start, end, _ in RELATIONSHIPS
        }
        self._about = mall.about()
        self.identities = Identities(mall)
        self._writes: Mapping[str, Callable[[Record], None]] = {
            "member.joined": self._update_member,
            "member.updated": self._update_member,
            "identity.observed": self.identities.observe,
            "account.linked": lambda one: self.identities.link_account(one, self._holder),
            "member.merged": lambda one: self.identities.say(one, self.seq),
            "member.unmerged": lambda one: self.identities.say(one, self.seq),
            "visitor.identified": self.identities.identify,
            "share.created": self._store_share,
            "share.clicked": self._click,
            "order.paid": self._store_order,
            "order.refunded": self._refund,
            "order.completed": self._end_order,
            "order.cancelled": self._end_order,
            "coupon.issued": self._issue_coupon,
            "shop.registered": self._register_shop,
        }

    def settle(self, records: Sequence[Record]) -> list[tuple[Record, Verdict]]:
        """What becomes of each fact of a batch; what is accepted is stored and booked."""
        batch = new_id()
        settled: list[tuple[Record, Verdict]] = []
        accepted: list[Record] = []
        waiting = records
        for number in range(ROUNDS_MAX):
            firsts: dict[str, Record] = {}
            for record in waiting:
                firsts.setdefault(record[2], record)
            verdicts = self._round(list(firsts.values()), f"{batch}-{number}", accepted)
            settled.extend((record, verdicts[key]) for key, record in firsts.items())
            waiting = self._repeats(waiting, firsts, verdicts, settled)
            if not waiting:
                break
        settled.extend((record, CONFLICT) for record in waiting)
        self.booking.book(accepted)
        return settled

    def _repeats(
        self,
        waiting: Sequence[Record],
        firsts: Mapping[str, Record],
        verdicts: Mapping[str, Verdict],
        settled: list[tuple[Record, Verdict]],
    ) -> list[Record]:
        """Settle facts whose key came before in the batch; those with another chance are left."""
        left: list[Record] = []
        for record in waiting:
            first = firsts[record[2]]
            if record is first:
                continue
            verdict = verdicts[record[2]]
            if record[3] == first[3]:
                settled.append((record, "duplicate" if verdict == "accepted" else verdict))
            elif verdict == "accepted":
                settled.append((record, CONFLICT))
            else:
                left.append(record)
        return left

    def _round(
        self, records: list[Record], batch: str, accepted: list[Record]
    ) -> dict[str, Verdict]:
        """Store facts of different keys; what becomes of each, by key."""
        now = self.clock()
        micros, stored_at = to_micros(now), now.isoformat(timespec="milliseconds")
        self._holder = new_id()
        verdicts: dict[str, Verdict] = {}
        fresh: list[Record] = []
        for record in records:
            known = self._digests.get(record[2])
            if known is None:
                fresh.append(record)
            else:
                repeats = known.hex() == record[3]
                verdicts[record[2]] = "duplicate" if repeats else CONFLICT
        self._prepare(fresh, micros)
        refused: list[Record] = []
        digests, line, writes = self._digests, self._facts.line, self._writes
        tail = f"{COLUMN}{batch}{COLUMN}{stored_at}{COLUMN}"
        for record in fresh:
            position, kind, key, digest, _, _, _, columns = record
            problem = self._refusal(record, micros)
            if problem is not None:
                verdicts[key] = "duplicate" if problem is REPEATS else problem
                refused.append(record)
                continue
            verdicts[key] = "accepted"
            digests[key] = bytes.fromhex(digest)
            self.seq += 1
            line(f"{self.seq}{COLUMN}{columns}{COLUMN}{position}{tail}{self.seq}")
            self._name_members(record)
            write = writes.get(kind)
            if write is not None:
                write(record)
            about = self._about.get(kind)
            if about is not None:
                about_line, name, number_of = about
                about_line(f"{self.seq}{COLUMN}{number_of(record[6][name])}")
            accepted.append(record)
        for record in refused:
            self._remove_stubs(record[6])
        return verdicts

    def _prepare(self, fresh: Sequence[Record], now: int) -> None:
        """Take the locks of a batch, and let it make the shares that it tells of."""
        if any(one[1] in BINDING_TYPES and "inviterId" in one[6] for one in fresh):
            self.bindings.begin_round(now)
        told = [one[6] for one in fresh if one[1] == "share.created"]
        if not told:
            return
        shares = self.mall.shares
        if any("parentShareId" in data and data["shareId"] in shares for data in told):
            self.mall.locks[SHARE_LOCK] += 1
        names = {
            data[name] for data in told for name in ("shareId", "parentShareId") if name in data
        }
        for share_id in sorted(names):
            if share_id in shares:
                shares[share_id].held_by = self._holder
            else:
                self.mall.share(share_id).batch = self._holder

    # --- checks ---

    def _refusal(self, record: Record, now: int) -> Problem | None:
        kind, data = record[1], record[6]
        if kind == "share.created":
            return self._refuse_share(record)
        if kind == "order.paid":
            return self._refuse_payment(record)
        if kind == "order.refunded":
            return self._refuse_refund(record)
        if kind in BINDING_TYPES and "inviterId" in data:
            return self.bindings.bind(record, now)
        return None

    def _refuse_share(self, record: Record) -> Problem | None:
        data = record[6]
        share_id, parent_id = data["shareId"], data.get("parentShareId")
        share = self.mall.shares[share_id]
        if share.digest is not None:
            return REPEATS if share.digest == record[3] else OTHER_CONTENT
        # Nothing is under a share that nothing stored speaks of.
        parent_of = self._parent_of if share.linked else _no_parent
        return SHARE_CYCLE if comes_from(parent_of, parent_id, share_id) else None

    def _parent_of(self, share_id: str) -> str | None:
        share = self.mall.shares.get(share_id)
        return None if share is None else share.parent_id

    def _refuse_payment(self, record: Record) -> Problem | None:
        order = self.mall.orders.get(record[6]["orderId"])
        if order is None:
            return None
        return payment_problem(order, record[3], record[6]["amountMinor"])

    def _refuse_refund(self, record: Record) -> Problem | None:
        data, mall = record[6], self.mall
        known_digest = mall.refunds.get(data["refundId"])
        order = mall.orders.get(data["orderId"])
        return refund_problem(order, known_digest, record[3], data["amountMinor"])

    def _remove_stubs(self, data: Mapping[str, Any]) -> None:
        """Take away shares that only a refused fact named; orders are made when accepted."""
        for name in ("shareId", "parentShareId"):
            share = self.mall.shares.get(data.get(name, ""))
            if share is not None and share.digest is None and not share.linked:
                del self.mall.shares[share.share_id]

    # --- writes ---

    def _name_members(self, record: Record) -> None:
        data = record[6]
        member = self.mall.member
        for name in _OTHERS:
            if name in data:
                member(data[name])
        member_id = data.get("memberId")
        if member_id is not None:
            number = member(member_id)
            if record[1] in OWN_EVENTS and record[4] > self.mall.active_at[number]:
                self.mall.active_at[number] = record[4]

    def _update_member(self, record: Record) -> None:
        data, at = record[6], record[4]
        member_id = data["memberId"]
        if record[1] == "member.joined":
            joined = self.mall.joined_at
            joined[member_id] = min(joined.get(member_id, at), at)
        for name in PROPERTIES:
            if name in data:
                said = self.mall.said.setdefault(member_id, {})
                if name not in said or said[name][1] <= at:
                    said[name] = (data[name], at)

    def _store_share(self, record: Record) -> None:
        data, links = record[6], self._links
        share = self.mall.shares[data["shareId"]]
        share.digest, share.creator_id, share.linked = record[3], data["memberId"], True
        optional = (data.get(name, "") for name in ("channel", "materialId", "campaignId"))
        share.columns = (record[4], *optional)
        links["CREATED Member"](f"{self.mall.members[data['memberId']]}{COLUMN}{share.number}")
        if "parentShareId" in data:
            # A refused fact of this batch may name the same parent: it stays, for it is linked.
            parent = self.mall.share(data["parentShareId"])
            share.parent_id, parent.linked = parent.share_id, True
            links["RESHARE_OF Share"](f"{share.number}{COLUMN}{parent.number}")
        if "productId" in data:
            product = self.mall.named("Product", data["productId"])
            links["PROMOTES Share"](f"{share.number}{COLUMN}{product}")

    def _click(self, record: Record) -> None:
        _, _, key, _, at, micros, data, _ = record
        share = self.mall.share(data["shareId"])
        share.linked = True
        member_id = data.get("memberId")
        if member_id is not None:
            clicks = self.mall.member_clicks.setdefault(member_id, [])
            number, label = self.mall.members[member_id], "Member"
        else:
            visitor_id = data["visitorId"]
            clicks = self.mall.visitor_clicks.setdefault(visitor_id, [])
            number, label = self.mall.visitor(visitor_id).number, "Visitor"
        clicks.append(micros)
        clicks.append(share)
        if share.digest is None:
            early = share.early_visitors if member_id is None else share.early_members
            early.append(data["visitorId"] if member_id is None else member_id)
        link = self._links[f"CLICKED {label}"]
        link(f"{number}{COLUMN}{share.number}{COLUMN}{key}{COLUMN}{at}")

    def _store_order(self, record: Record) -> None:
        _, _, _, digest, at, micros, data, _ = record
        mall = self.mall
        order = self._held(data)
        created_at = data.get("createdAt")
        order.digest, order.buyer_id = digest, data["memberId"]
        order.created = micros if created_at is None else micros_of(created_at)
        order.paid, order.texts = micros, (created_at or at, at)
        order.amount_minor, order.currency = data["amountMinor"], data["currency"]
        order.channel = data.get("channel", "")
        order.platform_order_no = data.get("platformOrderNo", "")
        mall.newest_order = max(mall.newest_order, order.created)
        mall.orders_of.setdefault(order.buyer_id, []).append(data["orderId"])
        self._links["PLACED Member"](f"{mall.members[order.buyer_id]}{COLUMN}{order.number}")
        self._write_lines(order, data["lines"])
        self._link_order(order, record)

    def _write_lines(self, order: Order, lines: Sequence[Mapping[str, Any]]) -> None:
        mall = self.mall
        contains = self._links["CONTAINS Order"]
        for line in lines:
            product = mall.named("Product", line["productId"])
            ends = f"{order.number}{COLUMN}{product}"
            contains(f"{ends}{COLUMN}{line['quantity']}{COLUMN}{line['amountMinor']}")
            if "categoryId" in line:
                mall.categories[product, mall.named("Category", line["categoryId"])] = None

    def _link_order(self, order: Order, record: Record) -> None:
        data, order_end = record[6], f"{order.number}{COLUMN}"
        mall, links = self.mall, self._links
        if "shareId" in data:
            share: Share = mall.share(data["shareId"])
            order.share_id, share.linked = share.share_id, True
            if share.digest is None:
                share.early_orders.append(data["orderId"])
            links["CAME_THROUGH Order"](f"{order_end}{share.number}")
        if "couponCode" in data:
            coupon = mall.coupon(data["couponCode"])
            order.coupon_code = data["couponCode"]
            coupon.order_ids.append(data["orderId"])
            links["REDEEMED Order"](f"{order_end}{coupon.number}")
        if "shopId" in data:
            shop = mall.named("Shop", data["shopId"])
            links["SOLD_BY Order"](f"{order_end}{shop}")
        linked = {(item["kind"], item["value"]) for item in data.get("identifiers", ())}
        for kind, token in sorted(linked):
            link = links[f"{ORDER_LINKS.get(kind, 'PLACED_FROM')} Order"]
            link(f"{order_end}{mall.identifier(kind, token)}")
            if kind != "phone":
                self.identities.see(record, kind, token)

    def _refund(self, record: Record) -> None:
        data = record[6]
        order = self._held(data)
        refund_id, amount_minor = data["refundId"], data["amountMinor"]
        sheets, number = self.mall.sheets, len(self.mall.refunds)
        self.mall.refunds[refund_id] = record[3]
        order.refunded_minor += amount_minor
        sheets.nodes("Refund").row(
            number, refund_id, amount_minor, record[4], record[3], order.held_by
        )
        self._links["REFUNDS Refund"](f"{number}{COLUMN}{order.number}")

    def _end_order(self, record: Record) -> None:
        order = self._held(record[6])
        if order.ended[0] <= record[4]:
            order.ended = (record[4], ENDINGS[record[1]])

    def _held(self, data: Mapping[str, Any]) -> Order:
        order = self.mall.order(data["orderId"])
        order.held_by = self._holder
        return order

    def _issue_coupon(self, record: Record) -> None:
        data, at = record[6], record[4]
        coupon = self.mall.coupon(data["couponCode"])
        if coupon.issued_at <= at:
            coupon.issued_at, coupon.owner_id = at, data.get("ownerMemberId")
            coupon.exclusive, coupon.value_minor = data.get("exclusive"), data.get("valueMinor")

    def _register_shop(self, record: Record) -> None:
        data, at = record[6], record[4]
        shop_id = data["shopId"]
        self.mall.named("Shop", shop_id)
        if self.mall.registered.get(shop_id, ("", None))[0] <= at:
            self.mall.registered[shop_id] = at, data.get("ownerMemberId")


def _no_parent(_: str) -> None:
    return None
