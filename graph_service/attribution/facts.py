"""How shares, clicks, orders and coupons are stored, and what is refused."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from graph_service.attribution.admission import ORDER_TYPES, admit
from graph_service.ingest.facts import Fact
from graph_service.ingest.store import RoomFacts, Statement, linked_facts

Shape = Callable[[Fact], list[dict[str, Any]]]
SHARE_TYPES = frozenset({"share.created"})
COUPON_TYPES = frozenset({"coupon.issued"})
SHOP_TYPES = frozenset({"shop.registered"})
ENDINGS = {"order.completed": "completed", "order.cancelled": "cancelled"}


def room_facts() -> RoomFacts:
    """Nodes before what hangs on them; rows sorted by the key that a statement locks."""
    return RoomFacts(
        statements=(
            _each("store_shares", "share.created", "shareId", _timed),
            _each("link_reshares", "share.created", "parentShareId", _with("parentShareId")),
            _each("link_promoted_products", "share.created", "productId", _with("productId")),
            _each("store_clicks", "share.clicked", "shareId", _click_of("memberId")),
            _each("store_visitor_clicks", "share.clicked", "shareId", _click_of("visitorId")),
            _each("store_orders", "order.paid", "orderId", _order),
            _each("store_order_lines", "order.paid", "productId", _lines),
            _each("link_order_shares", "order.paid", "shareId", _with("shareId")),
            _each("link_order_coupons", "order.paid", "couponCode", _with("couponCode")),
            _each("link_order_shops", "order.paid", "shopId", _with("shopId")),
            _each("link_order_identifiers", "order.paid", "token", _identifiers),
            _each("store_refunds", "order.refunded", "orderId", _timed),
            Statement("attribution/update_orders", frozenset(ENDINGS), _endings),
            Statement("attribution/store_coupons", COUPON_TYPES, _coupons),
            Statement("attribution/store_shops", SHOP_TYPES, _shops),
            linked_facts("attribution/link_order_facts", ORDER_TYPES, "orderId"),
            linked_facts("attribution/link_share_facts", SHARE_TYPES, "shareId"),
            linked_facts("attribution/link_coupon_facts", COUPON_TYPES, "couponCode"),
        ),
        check=admit,
    )


def _each(query: str, event_type: str, key: str, shape: Shape) -> Statement:
    """A statement with the rows that each fact gives, sorted by the key it locks."""

    def rows(facts: Sequence[Fact]) -> list[dict[str, Any]]:
        found = [row for fact in facts for row in shape(fact)]
        return sorted(found, key=lambda row: row[key])

    return Statement(f"attribution/{query}", frozenset({event_type}), rows)


def _timed(fact: Fact) -> list[dict[str, Any]]:
    return [{**fact.data, "at": fact.at, "digest": fact.digest}]


def _with(name: str) -> Shape:
    """A row for each fact that has this field."""

    def shape(fact: Fact) -> list[dict[str, Any]]:
        kept = ("shareId", "orderId", name)
        return [{one: fact.data.get(one) for one in kept}] if name in fact.data else []

    return shape


def _click_of(name: str) -> Shape:
    def shape(fact: Fact) -> list[dict[str, Any]]:
        if name not in fact.data:
            return []
        return [{**fact.data, "eventId": fact.key, "at": fact.at}]

    return shape


def _order(fact: Fact) -> list[dict[str, Any]]:
    created = fact.data.get("createdAt")
    row = {name: value for name, value in fact.data.items() if not isinstance(value, list)}
    row["createdAt"] = fact.at if created is None else created
    row["paidAt"] = fact.at
    row["digest"] = fact.digest
    return [row]


def _lines(fact: Fact) -> list[dict[str, Any]]:
    return [{**line, "orderId": fact.data["orderId"]} for line in fact.data["lines"]]


def _identifiers(fact: Fact) -> list[dict[str, Any]]:
    return [
        {"orderId": fact.data["orderId"], "kind": item["kind"], "token": item["value"]}
        for item in fact.data.get("identifiers", ())
    ]


def _latest(facts: Sequence[Fact], key: str) -> Mapping[str, Fact]:
    """Per key the fact of the latest time, of equal times the last to arrive."""
    return {fact.data[key]: fact for fact in sorted(facts, key=lambda fact: fact.time)}


def _endings(facts: Sequence[Fact]) -> list[dict[str, Any]]:
    latest = _latest(facts, "orderId")
    return [
        {"orderId": one, "status": ENDINGS[latest[one].type], "at": latest[one].at}
        for one in sorted(latest)
    ]


def _coupons(facts: Sequence[Fact]) -> list[dict[str, Any]]:
    latest = _latest(facts, "couponCode")
    return [{**latest[one].data, "at": latest[one].at} for one in sorted(latest)]


def _shops(facts: Sequence[Fact]) -> list[dict[str, Any]]:
    latest = _latest(facts, "shopId")
    return [{**latest[one].data, "at": latest[one].at} for one in sorted(latest)]
