"""From a platform's message to what it reports, as the platform's mapping file says."""

import json
import tomllib
from collections.abc import Mapping as Fields
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, Any, Literal, cast
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict

from graph_service.ingest.envelope import IdentifierKind
from graph_service.ingest.facts import Problem
from graph_service.money import AMOUNT_MINOR_MAX

ReportKind = Literal["paid", "refunded", "completed", "cancelled", "account"]
TimeFormat = Literal["rfc3339", "unix", "unix_ms", "local"]
Unit = Literal["minor", "major"]
FOLDER = Path(__file__).parent / "platforms"
TEXT_CHARACTERS_MAX = 2_048
NUMBER_CHARACTERS_MAX = 200
# What a mall may put into the field that a platform sends back as it came.
OWN_FIELDS = ("memberId", "shareId", "couponCode", "unionId")
# Of currencies that have none or three, ISO 4217; all others have two.
DECIMALS = {"JPY": 0, "KRW": 0, "VND": 0, "KWD": 3, "BHD": 3, "OMR": 3, "JOD": 3, "TND": 3}


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


# One or more paths, as amount.total; of several the first that leads to something.
Paths = Annotated[list[str], BeforeValidator(_as_list)]


class _Rule(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class LinesRule(_Rule):
    """Where the lines of an order are, and their fields within one."""

    each: str
    product_id: Paths
    quantity: Paths
    amount: Paths


class SchemeRule(_Rule):
    """Whose number of a payment is at a path: wechat, alipay, … when: as of a kind."""

    path: str
    scheme: str
    when: dict[str, list[str]] = {}


class KindRule(_Rule):
    """What a kind of message reports. when: values that the fields at these paths must have.

    report: noted is acknowledged and means nothing to us. payment_no, identifiers: all that are
    there count. own: JSON of the mall's own, which the platform sends back as it came.
    """

    name: str
    report: ReportKind | Literal["noted"]
    source: list[str]
    about: str = ""
    when: dict[str, list[str]] = {}
    time: TimeFormat | None = None
    unit: Unit | None = None
    order_no: Paths = []
    merchant_order_no: Paths = []
    payment_no: Paths = []
    payment_scheme: list[SchemeRule] = []
    at: Paths = []
    created_at: Paths = []
    amount: Paths = []
    currency: Paths = []
    buyer_id: Paths = []
    union_id: Paths = []
    shop_id: Paths = []
    own: Paths = []
    refund_no: Paths = []
    merchant_refund_no: Paths = []
    refund_payment_no: Paths = []
    identifiers: dict[IdentifierKind, Paths] = {}
    lines: LinesRule | None = None


class Mapping(_Rule):
    """A platform's mapping file. zone: of times without an offset."""

    zone: str
    currency: str
    time: TimeFormat
    unit: Unit
    kind: list[KindRule]


@dataclass(frozen=True)
class Message:
    """One message of a callback. message_id: the platform's own, the same when it is repeated."""

    kind: str
    message_id: str
    content: Fields[str, Any] = field(repr=False)


@dataclass(frozen=True)
class Report:
    """What a platform reports of a sale or a buyer, in our words. Times are in UTC.

    payment_nos, identifiers (kind and value), buyer_id and union_id are as the platform gives
    them: not to be logged, nor stored but as tokens or as an account. payment_schemes: whose
    number it is, by number, where that is known.
    """

    kind: ReportKind
    channel: str
    at: datetime
    order_no: str = ""
    merchant_order_no: str | None = None
    payment_nos: tuple[str, ...] = field(default=(), repr=False)
    payment_schemes: Fields[str, str] = field(default_factory=dict[str, str], repr=False)
    created_at: datetime | None = None
    amount_minor: int | None = None
    currency: str = ""
    buyer_id: str | None = field(default=None, repr=False)
    union_id: str | None = field(default=None, repr=False)
    shop_id: str | None = None
    own: Fields[str, str] = field(default_factory=dict[str, str], repr=False)
    refund_no: str = ""
    refund_nos: tuple[str, ...] = ()
    refund_payment_nos: tuple[str, ...] = field(default=(), repr=False)
    identifiers: tuple[tuple[IdentifierKind, str], ...] = field(default=(), repr=False)
    lines: tuple[Fields[str, Any], ...] = ()


KIND_UNKNOWN = Problem("channel_kind_unknown", "the channel's mapping has no such message", 422)
STATE_UNKNOWN = Problem(
    "channel_state_unknown", "the channel's mapping does not say what this state means", 422
)


class Unmapped(Exception):
    """A message that cannot be read as a report. problem: the reason for the quarantine."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.detail)
        self.problem = problem


def parse_mapping(text: str) -> Mapping:
    """A mapping from TOML. Raises ValueError."""
    return Mapping.model_validate(tomllib.loads(text))


def read_mapping(name: str) -> Mapping:
    """The mapping file beside a platform's code."""
    return parse_mapping((FOLDER / name).read_text(encoding="utf-8"))


def read_report(
    mapping: Mapping, channel: str, message: Message, received: datetime
) -> Report | None:
    """What a message reports; None where it means nothing to us. Raises Unmapped.

    received: stands for the time of what is said of a buyer without one.
    """
    rules = [rule for rule in mapping.kind if rule.name == message.kind]
    if not rules:
        raise Unmapped(KIND_UNKNOWN)
    reader = _Reader(message.content, mapping)
    for rule in rules:
        if reader.fits(rule.when):
            if rule.report == "noted":
                return None
            return reader.report(rule, rule.report, channel, received)
    raise Unmapped(STATE_UNKNOWN)


class _Reader:
    """Reads fields of one message; complains of their names, never of their values."""

    def __init__(self, content: Fields[str, Any], mapping: Mapping) -> None:
        self._content = content
        self._mapping = mapping

    def report(self, rule: KindRule, kind: ReportKind, channel: str, received: datetime) -> Report:
        """The report that a rule finds. Raises Unmapped where it lacks what it cannot lack."""
        time = rule.time or self._mapping.time
        currency = self.text(rule.currency) or self._mapping.currency
        at = self._time(rule.at, time)
        if at is None and kind == "account":
            at = received
        if at is None:
            raise _odd(rule.at)
        own = self._own(rule.own)
        report = Report(
            kind=kind,
            channel=channel,
            at=at,
            order_no=self.text(rule.order_no) or "",
            merchant_order_no=self.text(rule.merchant_order_no),
            payment_nos=self._texts(rule.payment_no),
            payment_schemes=self._schemes(rule.payment_scheme),
            created_at=self._time(rule.created_at, time),
            amount_minor=self._amount(
                self.text(rule.amount), rule.unit or self._mapping.unit, currency
            ),
            currency=currency,
            buyer_id=self.text(rule.buyer_id),
            union_id=self.text(rule.union_id) or own.get("unionId"),
            shop_id=self.text(rule.shop_id),
            own=own,
            refund_no=self.text(rule.refund_no) or "",
            refund_nos=self._texts(rule.merchant_refund_no),
            refund_payment_nos=self._texts(rule.refund_payment_no),
            identifiers=tuple(
                (one, value)
                for one, paths in sorted(rule.identifiers.items())
                if (value := self._joined(paths))
            ),
            lines=self._lines(rule, currency),
        )
        numbers = (report.order_no, report.merchant_order_no or "", report.refund_no)
        if any(len(number) > NUMBER_CHARACTERS_MAX for number in numbers):
            raise _odd(rule.order_no)
        if kind == "account" and report.buyer_id is None:
            raise _odd(rule.buyer_id)
        if kind != "account" and not report.order_no:
            raise _odd(rule.order_no)
        if kind == "refunded" and not report.refund_no:
            raise _odd(rule.refund_no)
        return report

    def fits(self, when: Fields[str, Sequence[str]]) -> bool:
        """Whether the fields at these paths have one of these values each."""
        return all(self.text([path]) in values for path, values in when.items())

    def text(self, paths: Sequence[str], within: object = None) -> str | None:
        """The first that is there and not empty, as text."""
        return next(iter(self._texts(paths, within)), None)

    def _texts(self, paths: Sequence[str], within: object = None) -> tuple[str, ...]:
        found: list[str] = []
        for path in paths:
            value = _value(self._content if within is None else within, path)
            if isinstance(value, bool) or not isinstance(value, (str, int, float)):
                continue
            text = str(value).strip()
            if text and len(text) > TEXT_CHARACTERS_MAX:
                raise _odd([path])
            if text:
                found.append(text)
        return tuple(dict.fromkeys(found))

    def _schemes(self, rules: Sequence[SchemeRule]) -> dict[str, str]:
        fitting = [rule for rule in rules if self.fits(rule.when)]
        return {number: rule.scheme for rule in fitting for number in self._texts([rule.path])}

    def _joined(self, paths: Sequence[str]) -> str:
        return " ".join(self._texts(paths))

    def _time(self, paths: Sequence[str], form: TimeFormat) -> datetime | None:
        text = self.text(paths)
        if text is None:
            return None
        try:
            if form == "rfc3339":
                moment = datetime.fromisoformat(text)
                if moment.tzinfo is None:
                    raise _odd(paths)
            elif form == "local":
                moment = datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(
                    tzinfo=ZoneInfo(self._mapping.zone)
                )
            else:
                moment = datetime.fromtimestamp(int(text) / (1000 if form == "unix_ms" else 1), UTC)
        except (ValueError, OverflowError, OSError):
            raise _odd(paths) from None
        return moment.astimezone(UTC)

    def _amount(self, text: str | None, unit: Unit, currency: str) -> int | None:
        if text is None:
            return None
        try:
            value = Decimal(text)
            if unit == "major":
                value = value.scaleb(DECIMALS.get(currency, 2))
            whole = int(value)
        except (InvalidOperation, ValueError, OverflowError):
            raise _invalid("an amount is no number") from None
        if whole != value or not 0 <= whole <= AMOUNT_MINOR_MAX:
            raise _invalid("an amount is no amount of this currency")
        return whole

    def _own(self, paths: Sequence[str]) -> dict[str, str]:
        try:
            content: object = json.loads(self.text(paths) or "null")
        except (ValueError, RecursionError):
            return {}
        if not isinstance(content, dict):
            return {}
        fields = cast("dict[str, object]", content)
        return {name: value for name in OWN_FIELDS if isinstance(value := fields.get(name), str)}

    def _lines(self, rule: KindRule, currency: str) -> tuple[dict[str, Any], ...]:
        found = None if rule.lines is None else _value(self._content, rule.lines.each)
        if rule.lines is None or not isinstance(found, list):
            return ()
        unit = rule.unit or self._mapping.unit
        lines: list[dict[str, Any]] = []
        for item in cast("list[object]", found):
            quantity = self.text(rule.lines.quantity, item) or ""
            line = {
                "productId": self.text(rule.lines.product_id, item),
                "quantity": int(quantity) if quantity.isdigit() else None,
                "amountMinor": self._amount(self.text(rule.lines.amount, item), unit, currency),
            }
            if None in line.values():
                raise _odd([rule.lines.each])
            lines.append(line)
        return tuple(lines)


def _value(content: object, path: str) -> object:
    """What a path such as amount.total leads to; None where it leads nowhere."""
    found = content
    for step in path.split("."):
        found = cast("dict[str, object]", found).get(step) if isinstance(found, dict) else None
    return found


def _odd(paths: Sequence[str]) -> Unmapped:
    names = " or ".join(paths) or "a field"
    return _invalid(f"{names} is missing or not as documented")


def _invalid(words: str) -> Unmapped:
    return Unmapped(Problem("channel_message_invalid", words, 422))
