"""What an event may look like: CloudEvents 1.0 around one typed fact."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    StrictBool,
    StrictInt,
    model_validator,
)
from pydantic.alias_generators import to_camel

from graph_service.money import AMOUNT_MINOR_MAX, CURRENCIES

ID_CHARACTERS_MAX = 256
TEXT_CHARACTERS_MAX = 4_000
VALUE_CHARACTERS_MAX = 1_024
LINES_MAX = 500
IDENTIFIERS_MAX = 50
YEARS = range(1970, 2101)
_RFC3339 = re.compile(
    r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)
EXTENSION = re.compile(r"[a-z0-9]{1,32}")
_NAME = re.compile(r"[A-Za-z][A-Za-z_]{0,31}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def parse_time(value: object) -> datetime:
    """An RFC 3339 time with its offset, in UTC, to the microsecond."""
    if not isinstance(value, str) or not _RFC3339.fullmatch(value):
        raise ValueError("is not an RFC 3339 date and time with an offset")
    try:
        moment = datetime.fromisoformat(value.upper()).astimezone(UTC)
    except OverflowError as fault:
        raise ValueError("is out of range") from fault
    if moment.year not in YEARS:
        raise ValueError(f"is not in the years {YEARS.start} to {YEARS.stop - 1}")
    return moment


def shown(name: str) -> str:
    """The name of an unknown field, where it looks like a name and not like somebody's data."""
    return f" {name}" if _NAME.fullmatch(name) else ""


def _no_control(value: str) -> str:
    if _CONTROL.search(value):
        raise ValueError("holds a control character")
    return value


def _known_currency(value: str) -> str:
    if value not in CURRENCIES:
        raise ValueError("is not a currency code of ISO 4217")
    return value


Time = Annotated[datetime, BeforeValidator(parse_time)]
Id = Annotated[
    str,
    Field(strict=True, min_length=1, max_length=ID_CHARACTERS_MAX),
    AfterValidator(_no_control),
]
Word = Annotated[str, Field(strict=True, min_length=1, max_length=64), AfterValidator(_no_control)]
Text = Annotated[str, Field(strict=True, max_length=TEXT_CHARACTERS_MAX)]
Amount = Annotated[StrictInt, Field(ge=0, le=AMOUNT_MINOR_MAX)]
Currency = Annotated[str, Field(strict=True), AfterValidator(_known_currency)]
Role = Literal["member", "promoter", "partner"]
Status = Literal["active", "frozen", "closed"]
IdentifierKind = Literal["device", "ip", "address", "payment", "phone"]


class _Strict(BaseModel):
    model_config = ConfigDict(
        alias_generator=to_camel, extra="forbid", frozen=True, hide_input_in_errors=True
    )


class Envelope(BaseModel):
    """The CloudEvents attributes; extension attributes are allowed and not kept."""

    model_config = ConfigDict(extra="allow", frozen=True, hide_input_in_errors=True)

    specversion: Literal["1.0"]
    id: Id
    source: Id
    type: Word
    time: Time
    data: dict[str, Any]
    subject: Id | None = None
    dataschema: Id | None = None
    datacontenttype: Literal["application/json"] | None = None

    @model_validator(mode="after")
    def _extensions_are_named_as_cloudevents_says(self) -> "Envelope":
        for name in self.model_extra or {}:
            if not EXTENSION.fullmatch(name):
                raise ValueError(f"has an unknown attribute{shown(name)}")
        return self


class _Someone(_Strict):
    """A fact about a member or, before anybody knows who it is, a visitor."""

    member_id: Id | None = None
    visitor_id: Id | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> "_Someone":
        if (self.member_id is None) == (self.visitor_id is None):
            raise ValueError("needs exactly one of memberId and visitorId")
        return self


class MemberJoined(_Strict):
    """member.joined"""

    member_id: Id
    role: Role | None = None
    inviter_id: Id | None = None
    channel: Word | None = None
    community_id: Id | None = None


class MemberUpdated(_Strict):
    """member.updated"""

    member_id: Id
    role: Role | None = None
    status: Status | None = None
    community_id: Id | None = None
    kyc: Literal["none", "pending", "verified", "rejected"] | None = None
    tax_registered: StrictBool | None = None


class MemberActive(_Strict):
    """member.active"""

    member_id: Id


class ReferralBound(_Strict):
    """referral.bound; expiresAt goes with the mode expiring and with no other."""

    member_id: Id
    inviter_id: Id
    mode: Literal["first", "override", "expiring"] | None = None
    expires_at: Time | None = None

    @model_validator(mode="after")
    def _expiry_fits_mode(self) -> "ReferralBound":
        if (self.mode == "expiring") != (self.expires_at is not None):
            raise ValueError("needs expiresAt with the mode expiring, and only then")
        return self


class IdentityObserved(_Someone):
    """identity.observed"""

    kind: IdentifierKind
    value: Annotated[str, Field(strict=True, min_length=1, max_length=VALUE_CHARACTERS_MAX)]


class AccountLinked(_Strict):
    """account.linked"""

    member_id: Id
    channel: Word
    external_id: Id
    union_id: Id | None = None


class VisitorIdentified(_Strict):
    """visitor.identified"""

    visitor_id: Id
    member_id: Id


class MemberMerged(_Strict):
    """member.merged, member.unmerged"""

    from_id: Id
    into_id: Id
    reason: Text

    @model_validator(mode="after")
    def _of_two_members(self) -> "MemberMerged":
        if self.from_id == self.into_id:
            raise ValueError("needs two members, fromId and intoId are one")
        return self


class ShareCreated(_Strict):
    """share.created"""

    share_id: Id
    member_id: Id
    parent_share_id: Id | None = None
    product_id: Id | None = None
    material_id: Id | None = None
    campaign_id: Id | None = None
    channel: Word | None = None


class ShareClicked(_Someone):
    """share.clicked"""

    share_id: Id


class OrderLine(_Strict):
    """One line of an order. amount_minor: of the whole line (minor units)."""

    product_id: Id
    category_id: Id | None = None
    quantity: Annotated[StrictInt, Field(ge=1, le=1_000_000)]
    amount_minor: Amount


class Identifier(_Strict):
    """Something that tells who somebody is."""

    kind: IdentifierKind
    value: Annotated[str, Field(strict=True, min_length=1, max_length=VALUE_CHARACTERS_MAX)]


class OrderPaid(_Strict):
    """order.paid"""

    order_id: Id
    member_id: Id
    amount_minor: Amount
    currency: Currency
    lines: Annotated[list[OrderLine], Field(max_length=LINES_MAX)]
    created_at: Time | None = None
    shop_id: Id | None = None
    share_id: Id | None = None
    coupon_code: Id | None = None
    channel: Word | None = None
    platform_order_no: Id | None = None
    identifiers: Annotated[list[Identifier], Field(max_length=IDENTIFIERS_MAX)] | None = None


class OrderNamed(_Strict):
    """order.completed, order.cancelled"""

    order_id: Id


class OrderRefunded(_Strict):
    """order.refunded"""

    order_id: Id
    refund_id: Id
    amount_minor: Annotated[StrictInt, Field(gt=0, le=AMOUNT_MINOR_MAX)]


class ShopRegistered(_Strict):
    """shop.registered"""

    shop_id: Id
    owner_member_id: Id | None = None


class ProductUpserted(_Strict):
    """product.upserted"""

    product_id: Id
    category_id: Id | None = None
    name: Text | None = None
    price_minor: Amount | None = None
    cost_minor: Amount | None = None
    attributes: dict[str, JsonValue] | None = None


class MaterialUpserted(_Strict):
    """material.upserted"""

    material_id: Id
    kind: Word
    style: Word
    product_id: Id | None = None
    text: Text | None = None


class MaterialExposed(_Someone):
    """material.exposed"""

    material_id: Id


class CouponIssued(_Strict):
    """coupon.issued"""

    coupon_code: Id
    owner_member_id: Id | None = None
    exclusive: StrictBool | None = None
    value_minor: Amount | None = None


class CampaignUpserted(_Strict):
    """campaign.upserted"""

    campaign_id: Id
    starts: Annotated[Time, Field(alias="from")]
    ends: Annotated[Time, Field(alias="to")]
    phase: Word | None = None
    multiplier: Annotated[Decimal, Field(ge=0, le=100)] | None = None
    rules: dict[str, JsonValue] | None = None


class CommunityUpserted(_Strict):
    """community.upserted"""

    community_id: Id
    parent_id: Id | None = None
    level: StrictInt | Word
    steward_id: Id | None = None


class CommunityPosted(_Strict):
    """community.posted"""

    community_id: Id
    member_id: Id
    kind: Word


class Invite(_Strict):
    """invite.sent, invite.accepted, promoter.invited, promoter.accepted"""

    member_id: Id
    invite_id: Id
    channel: Word | None = None


class TaskCompleted(_Strict):
    """task.completed"""

    member_id: Id
    task_id: Id


class BenefitGranted(_Strict):
    """benefit.granted"""

    member_id: Id
    benefit_id: Id


class FeedbackGiven(_Strict):
    """feedback.given"""

    member_id: Id
    subject: Literal["product", "material", "rule", "service"]
    subject_id: Id | None = None
    score: Annotated[StrictInt, Field(ge=1, le=5)] | None = None
    text: Text | None = None


DATA: Mapping[str, type[BaseModel]] = {
    "member.joined": MemberJoined,
    "member.updated": MemberUpdated,
    "member.active": MemberActive,
    "referral.bound": ReferralBound,
    "identity.observed": IdentityObserved,
    "account.linked": AccountLinked,
    "visitor.identified": VisitorIdentified,
    **dict.fromkeys(("member.merged", "member.unmerged"), MemberMerged),
    "share.created": ShareCreated,
    "share.clicked": ShareClicked,
    "order.paid": OrderPaid,
    **dict.fromkeys(("order.completed", "order.cancelled"), OrderNamed),
    "order.refunded": OrderRefunded,
    "shop.registered": ShopRegistered,
    "product.upserted": ProductUpserted,
    "material.upserted": MaterialUpserted,
    "material.exposed": MaterialExposed,
    "coupon.issued": CouponIssued,
    "campaign.upserted": CampaignUpserted,
    "community.upserted": CommunityUpserted,
    "community.posted": CommunityPosted,
    **dict.fromkeys(("invite.sent", "invite.accepted"), Invite),
    **dict.fromkeys(("promoter.invited", "promoter.accepted"), Invite),
    "task.completed": TaskCompleted,
    "benefit.granted": BenefitGranted,
    "feedback.given": FeedbackGiven,
}
# Events in which the member named by memberId did something.
OWN_EVENTS = frozenset(
    """member.joined member.active share.created share.clicked order.paid material.exposed
    community.posted invite.sent invite.accepted promoter.accepted task.completed
    feedback.given""".split()
)
