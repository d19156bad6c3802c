"""What is known of the mall so far? Everything that later facts may change, by its key."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from graph_service.attribution.admission import ORDER_TYPES
from graph_service.attribution.facts import COUPON_TYPES, SHARE_TYPES
from graph_service.attribution.models import model_name
from graph_service.bulk.sheets import ELEMENT, Sheets
from graph_service.identity.facts import VISITOR_TYPES
from graph_service.money import decimal_string
from graph_service.referrals.facts import MEMBER_TYPES
from graph_service.referrals.sales import PLATFORM, period_id, sales_month_id

# The statements of the rooms whose writes are kept here; a load refuses to go without a new one.
WRITTEN = frozenset(
    """referrals/store_members referrals/update_members identity/identify_visitors
    identity/record_identifications identity/link_accounts identity/observe_identifiers
    identity/merge_tokens identity/renew_tokens
    attribution/store_shares attribution/link_reshares attribution/link_promoted_products
    attribution/store_clicks attribution/store_visitor_clicks attribution/store_orders
    attribution/store_order_lines attribution/link_order_shares attribution/link_order_coupons
    attribution/link_order_shops attribution/link_order_identifiers attribution/store_refunds
    attribution/update_orders attribution/store_coupons attribution/store_shops
    attribution/link_order_facts attribution/link_share_facts attribution/link_coupon_facts
    referrals/link_member_facts identity/link_visitor_facts""".split()
)
# The weight of a credit where the whole order is one member's.
# The seed plan's model; no other is loaded in bulk.
MODEL = model_name("last_touch")
# How many levels above an order get the team bonus of the seed plan.
BONUS_DEPTH = 1
WHOLE = decimal_string(Fraction(1))
# Own, direct and team sales (minor units).
SalesMonth = list[int]
Line = Callable[[str], None]


@dataclass(slots=True)
class Share:
    """A share; a stub while digest is None. early: who clicked, what came through it as a stub."""

    number: int
    share_id: str
    digest: str | None = None
    creator_id: str | None = None
    parent_id: str | None = None
    columns: tuple[str, ...] = ("", "", "", "")
    batch: str = ""
    held_by: str = ""
    linked: bool = False
    early_members: list[str] = field(default_factory=list[str])
    early_visitors: list[str] = field(default_factory=list[str])
    early_orders: list[str] = field(default_factory=list[str])


@dataclass(frozen=True, slots=True)
class Sale:
    """What is booked for an order: it counts for this member and these uplines (minor units)."""

    member_id: str
    month: str
    currency: str
    amount_minor: int
    net_minor: int
    upline_ids: list[str]
    excluded: str | None


@dataclass(slots=True)
class Order:
    """An order; a stub while digest is None. created, paid: us; texts: the same as sent."""

    number: int
    digest: str | None = None
    buyer_id: str = ""
    created: int = 0
    paid: int = 0
    texts: tuple[str, str] = ("", "")
    amount_minor: int | None = None
    currency: str = ""
    channel: str = ""
    platform_order_no: str = ""
    share_id: str | None = None
    coupon_code: str | None = None
    refunded_minor: int = 0
    ended: tuple[str, str] = ("", "")
    held_by: str = ""
    booking: Sale | None = None


@dataclass(slots=True)
class Coupon:
    """A coupon, and the orders that used it."""

    number: int
    issued_at: str = ""
    owner_id: str | None = None
    exclusive: bool | None = None
    value_minor: int | None = None
    order_ids: list[str] = field(default_factory=list[str])


@dataclass(slots=True)
class Visitor:
    """A visitor: who it is since when, and who it was said to be otherwise."""

    number: int
    known: tuple[str, str] | None = None
    former: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])


class Mall:
    """The tables. Nodes are numbered in the order in which they are first named."""

    def __init__(self, sheets: Sheets) -> None:
        self.sheets = sheets
        self.members: dict[str, int] = {}
        self.active_at: list[str] = []
        self.joined_at: dict[str, str] = {}
        self.said: dict[str, dict[str, tuple[Any, str]]] = {}
        self.visitors: dict[str, Visitor] = {}
        self.visitors_of: dict[str, set[str]] = {}
        self.accounts: dict[str, tuple[int, str, str, str, str, str]] = {}
        self.identifiers: dict[str, int] = {}
        self.seen: dict[tuple[str, str, int], list[Any]] = {}
        self.shares: dict[str, Share] = {}
        self.share_count = 0
        self.orders: dict[str, Order] = {}
        self.order_count = 0
        # The latest moment (us) at which an order was placed.
        self.newest_order = 0
        self.orders_of: dict[str, list[str]] = {}
        self.refunds: dict[str, str] = {}
        self.coupons: dict[str, Coupon] = {}
        # When shops were registered last, and whose they are.
        self.registered: dict[str, tuple[str, str | None]] = {}
        # Who clicked what when: time (us) and share in turns, which takes a third of the memory.
        self.member_clicks: dict[str, list[Any]] = {}
        self.visitor_clicks: dict[str, list[Any]] = {}
        self.names: dict[str, dict[str, int]] = {"Product": {}, "Category": {}, "Shop": {}}
        self.categories: dict[tuple[int, int], None] = {}
        # By month, currency and member.
        self.sales: dict[tuple[str, str, str], SalesMonth] = {}
        self.credited: dict[str, dict[str, None]] = {}
        self.locks: Counter[str] = Counter()

    def member(self, member_id: str) -> int:
        """The number of a member, who is known from now on."""
        number = self.members.get(member_id)
        if number is None:
            number = self.members[member_id] = len(self.members)
            self.active_at.append("")
        return number

    def visitor(self, visitor_id: str) -> Visitor:
        """A visitor, known from now on."""
        found = self.visitors.get(visitor_id)
        if found is None:
            found = self.visitors[visitor_id] = Visitor(len(self.visitors))
            self.sheets.nodes("Visitor").row(found.number, visitor_id)
        return found

    def share(self, share_id: str) -> Share:
        """A share, known from now on."""
        found = self.shares.get(share_id)
        if found is None:
            found = self.shares[share_id] = Share(self.share_count, share_id)
            self.share_count += 1
        return found

    def order(self, order_id: str) -> Order:
        """An order, known from now on."""
        found = self.orders.get(order_id)
        if found is None:
            found = self.orders[order_id] = Order(self.order_count)
            self.order_count += 1
        return found

    def coupon(self, code: str) -> Coupon:
        """A coupon, known from now on."""
        found = self.coupons.get(code)
        if found is None:
            found = self.coupons[code] = Coupon(len(self.coupons))
        return found

    def named(self, label: str, key: str) -> int:
        """The number of a product, category or shop, which is known from now on."""
        numbers = self.names[label]
        number = numbers.get(key)
        if number is None:
            number = numbers[key] = len(numbers)
            # Of a shop more may be told later.
            if label != "Shop":
                self.sheets.nodes(label).row(number, key)
        return number

    def identifier(self, kind: str, token: str) -> int:
        """The number of an identifier, which is known from now on; its token tells its kind."""
        number = self.identifiers.get(token)
        if number is None:
            number = self.identifiers[token] = len(self.identifiers)
            self.sheets.nodes(f"Identifier:{kind.capitalize()}").row(number, token)
        return number

    def about(self) -> Mapping[str, tuple[Line, str, Callable[[str], int]]]:
        """Per type of fact: the sheet of what it is about, the field that names it, its number."""
        told: tuple[tuple[str, frozenset[str], str, Callable[[str], int]], ...] = (
            ("Order", ORDER_TYPES, "orderId", lambda one: self.orders[one].number),
            ("Share", SHARE_TYPES, "shareId", lambda one: self.shares[one].number),
            ("Coupon", COUPON_TYPES, "couponCode", lambda one: self.coupons[one].number),
            ("Member", MEMBER_TYPES, "memberId", self.members.__getitem__),
            ("Visitor", VISITOR_TYPES, "visitorId", lambda one: self.visitors[one].number),
        )
        return {
            kind: (self.sheets.relationships("ABOUT", "Fact", label).line, name, number_of)
            for label, kinds, name, number_of in told
            for kind in kinds
        }

    # --- what is left to write when all facts are settled ---

    def write(self, head_counts: Mapping[str, tuple[int, int]]) -> None:
        """Write what could change until the end. head_counts: direct and team, by member."""
        self._write_members(head_counts)
        self._write_people()
        self._write_shares()
        self._write_shops()
        self._write_orders()
        self._write_sales()

    def _write_members(self, head_counts: Mapping[str, tuple[int, int]]) -> None:
        sheet = self.sheets.nodes("Member")
        nothing: dict[str, tuple[Any, str]] = {}
        for member_id, number in self.members.items():
            said = self.said.get(member_id, nothing)
            role, role_at = said.get("role", ("member", ""))
            status, status_at = said.get("status", ("active", ""))
            community_id, community_at = said.get("communityId", ("", ""))
            kyc, kyc_at = said.get("kyc", ("", ""))
            tax, tax_at = said.get("taxRegistered", ("", ""))
            direct, team = head_counts.get(member_id, (0, 0))
            joined, active = self.joined_at.get(member_id), self.active_at[number]
            moments = (joined, active, role_at, status_at)
            more = (community_id, community_at, kyc, kyc_at, _boolean(tax), tax_at)
            sheet.row(number, member_id, role, status, direct, team, *moments, *more)

    def _write_people(self) -> None:
        standing = self.sheets.relationships("IDENTIFIED_AS", "Visitor", "Member")
        former = self.sheets.relationships("FORMERLY_IDENTIFIED_AS", "Visitor", "Member")
        for visitor in self.visitors.values():
            if visitor.known is not None:
                at, member_id = visitor.known
                standing.row(visitor.number, self.members[member_id], at)
            for at, member_id in visitor.former:
                former.row(visitor.number, self.members[member_id], at)
        belongs = self.sheets.relationships("BELONGS_TO", "Account", "Member")
        for account_id, (number, _, channel, external_id, member_id, at) in self.accounts.items():
            self.sheets.nodes("Account").row(number, account_id, channel, external_id)
            belongs.row(number, self.members[member_id], at)
        for (label, someone, number), times in self.seen.items():
            sheet = self.sheets.relationships("USES", label, "Identifier")
            if label == "Member":
                sheet.row(self.members[someone], number, *times)
            else:
                sheet.row(self.visitors[someone].number, number, *times[:3])

    def _write_shares(self) -> None:
        sheet = self.sheets.nodes("Share")
        for one in self.shares.values():
            sheet.row(one.number, one.share_id, *one.columns, one.digest, one.batch, one.held_by)
        owns = self.sheets.relationships("OWNS", "Member", "Coupon")
        for code, coupon in self.coupons.items():
            exclusive = _boolean(coupon.exclusive)
            issued_at, value_minor = coupon.issued_at, coupon.value_minor
            self.sheets.nodes("Coupon").row(coupon.number, code, issued_at, exclusive, value_minor)
            if coupon.owner_id is not None:
                owns.row(self.members[coupon.owner_id], coupon.number)

    def _write_shops(self) -> None:
        owns = self.sheets.relationships("OWNS", "Member", "Shop")
        for shop_id, number in self.names["Shop"].items():
            at, owner_id = self.registered.get(shop_id, ("", None))
            self.sheets.nodes("Shop").row(number, shop_id, at)
            if owner_id is not None:
                owns.row(self.members[owner_id], number)

    def _write_orders(self) -> None:
        sheet = self.sheets.nodes("Order")
        credited = self.sheets.relationships("CREDITED_TO", "Order", "Member")
        for order_id, one in self.orders.items():
            ended_at, ending = one.ended
            status = ending or ("" if one.digest is None else "paid")
            money = (one.amount_minor, one.currency, one.channel, one.platform_order_no)
            state = (one.digest, status, ended_at, one.refunded_minor, one.held_by)
            sheet.row(one.number, order_id, *one.texts, *money, *state)
            if one.booking is not None:
                sale = one.booking
                amounts = (WHOLE, sale.amount_minor, sale.net_minor)
                uplines = ELEMENT.join(sale.upline_ids)
                when = (sale.currency, sale.month, uplines, sale.excluded)
                by_plan = (sale.month, BONUS_DEPTH, MODEL)
                credited.row(one.number, self.members[sale.member_id], *amounts, *when, *by_plan)
        in_category = self.sheets.relationships("IN_CATEGORY", "Product", "Category")
        for product, category in self.categories:
            in_category.row(product, category)

    def _write_sales(self) -> None:
        sheet = self.sheets.nodes("SalesMonth")
        sold = self.sheets.relationships("SOLD_IN", "Member", "SalesMonth")
        for number, ((month, currency, member_id), sums) in enumerate(self.sales.items()):
            key = sales_month_id(month, currency, member_id)
            sheet.row(number, key, month, currency, *sums)
            if member_id != PLATFORM:
                sold.row(self.members[member_id], number)
        periods = dict.fromkeys((month, currency) for month, currency, _ in self.sales)
        for month, currency in periods:
            self.sheets.nodes("Period").row(period_id(month, currency), month, currency)


def _boolean(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else ""
