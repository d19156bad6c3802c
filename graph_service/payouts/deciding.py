"""May this money leave? What each rule says of a payout, from what is known of the whole person."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from graph_service.attribution.touches import MICROS_PER_DAY
from graph_service.clock import time_string, to_micros
from graph_service.graph.session import Read
from graph_service.payouts.rules import Code, Decision, Limits, Rules
from graph_service.periods import month_of, period_begins
from graph_service.plans.member import Lang, amount_text
from graph_service.plans.timeline import Plans
from graph_service.wallets.reading import ACCOUNTS_MAX, Holder, Question, read_holder

# Longer than a month and than every window.
RECENT = timedelta(days=32)


@dataclass(frozen=True)
class Wanted:
    """A payout to decide on. payout_id: of one that is there, which is not counted twice."""

    member_id: str
    amount_minor: int
    currency: str
    payout_id: str = ""


@dataclass(frozen=True)
class Spoken:
    """A rule that spoke. limit, value: what its sentence names, amounts (minor units) or counts."""

    code: Code
    limit: int = 0
    value: int = 0
    counts: bool = False


@dataclass(frozen=True)
class Verdict:
    """What is decided on a payout, and from what."""

    wanted: Wanted
    decision: Decision
    spoken: Sequence[Spoken]
    holder: Holder
    rules: Rules

    @property
    def codes(self) -> list[str]:
        """The rules that spoke."""
        return [one.code for one in self.spoken]

    def body(self, lang: Lang) -> dict[str, Any]:
        """As it is told: every rule that spoke, in the caller's language and in Chinese."""
        return {
            "decision": self.decision,
            "memberId": self.wanted.member_id,
            "personId": self.holder.person_id,
            "amountMinor": self.wanted.amount_minor,
            "currency": self.wanted.currency,
            "reasons": [self._reason(one, lang) for one in self.spoken],
            "holds": [_hold(one) for one in self.holder.holds],
            "balance": self.holder.balance(),
            "behindFacts": self.holder.behind,
            "rulesVersion": self.rules.version,
        }

    def _reason(self, one: Spoken, lang: Lang) -> dict[str, str]:
        texts = {each: self._text(one, each) for each in ("zh", "en")}
        decision = self.rules.rules[one.code].decision
        return {
            "code": one.code,
            "decision": decision,
            "text": texts[lang],
            "textZh": texts["zh"],
            "textEn": texts["en"],
        }

    def _text(self, one: Spoken, lang: Lang) -> str:
        def told(number: int) -> str:
            return str(number) if one.counts else amount_text(number, self.wanted.currency, lang)

        rule = self.rules.rules[one.code]
        return (rule.zh if lang == "zh" else rule.en).format(
            amount=amount_text(self.wanted.amount_minor, self.wanted.currency, lang),
            limit=told(one.limit),
            value=told(one.value),
            currency=self.wanted.currency,
        )


def _hold(hold: Mapping[str, Any]) -> dict[str, Any]:
    names = ("holdId", "memberId", "kind", "code", "reason", "caseId")
    return {**{one: hold[one] for one in names}, "expiresAt": time_string(hold["expiresAt"])}


async def decide(read: Read, wanted: Wanted, rules: Rules, plans: Plans, now: datetime) -> Verdict:
    """One round trip. Raises MemberNotFound."""
    asked = Question(wanted.member_id, wanted.currency, now, now - RECENT, wanted.payout_id)
    holder = await read_holder(read, asked, plans)
    spoken = [one for one in _speaking(holder, wanted, rules, now) if one.code in rules.rules]
    decisions = {rules.rules[one.code].decision for one in spoken}
    decision: Decision = (
        "deny" if "deny" in decisions else "review" if "review" in decisions else "allow"
    )
    return Verdict(wanted, decision, spoken, holder, rules)


def _speaking(holder: Holder, wanted: Wanted, rules: Rules, now: datetime) -> Iterator[Spoken]:
    """Every rule that has something to say, also where it is switched off."""
    limits = rules.currencies.get(wanted.currency)
    if limits is None:
        yield Spoken("currency_unknown")
    elif wanted.amount_minor < limits.minimum_minor:
        yield Spoken("amount_below_minimum", limits.minimum_minor)
    yield from _of_balance(holder, wanted)
    yield from _of_standing(holder)
    if limits is not None:
        yield from _of_amounts(holder, wanted, limits, rules, now)
    yield from _of_counts(holder, rules, now)
    if holder.behind > rules.behind_max:
        yield Spoken("ledger_behind", rules.behind_max, holder.behind, counts=True)


def _of_balance(holder: Holder, wanted: Wanted) -> Iterator[Spoken]:
    free, owed = holder.account.free_minor, holder.owed_elsewhere_minor
    if wanted.amount_minor > free:
        yield Spoken("amount_over_balance", max(free, 0))
    elif wanted.amount_minor > free - owed:
        yield Spoken("person_owes", max(free - owed, 0), owed)


def _of_standing(holder: Holder) -> Iterator[Spoken]:
    account = holder.account
    if holder.has_more:
        # A hold or a debt may be on an account that was not looked at.
        yield Spoken("person_too_large", ACCOUNTS_MAX, counts=True)
    if holder.holds:
        yield Spoken("hold_in_force", value=len(holder.holds), counts=True)
    status: dict[str, Code] = {"frozen": "member_frozen", "closed": "member_closed"}
    if account.status in status:
        yield Spoken(status[account.status])
    if any(one.status == "frozen" for one in holder.others):
        yield Spoken("person_frozen")
    kyc: dict[str, Code] = {"pending": "kyc_pending", "rejected": "kyc_rejected"}
    if account.kyc != "verified":
        yield Spoken(kyc.get(account.kyc, "kyc_missing"))
    if any(one.kyc == "rejected" for one in holder.others):
        yield Spoken("kyc_rejected_elsewhere")
    if not account.tax_registered:
        yield Spoken("tax_unregistered")
    levels = {one.risk_level for one in holder.accounts}
    if "freeze" in levels:
        yield Spoken("risk_freeze")
    elif "review" in levels:
        yield Spoken("risk_review")


def _of_amounts(
    holder: Holder, wanted: Wanted, limits: Limits, rules: Rules, now: datetime
) -> Iterator[Spoken]:
    single = limits.single_max_minor
    if single is not None and wanted.amount_minor > single:
        yield Spoken("single_amount", single)
    month = period_begins(month_of(now, ZoneInfo(rules.zone)), ZoneInfo(rules.zone))
    windows: tuple[tuple[Code, int | None, int], ...] = (
        ("day_amount", limits.day_max_minor, to_micros(now) - MICROS_PER_DAY),
        ("week_amount", limits.week_max_minor, to_micros(now) - 7 * MICROS_PER_DAY),
        # The first moment of the month is in it.
        ("month_amount", limits.month_max_minor, to_micros(month) - 1),
    )
    for code, most, since in windows:
        sums = _since(holder, since, lambda one: one["amountMinor"], wanted.currency)
        if most is not None and sums + wanted.amount_minor > most:
            yield Spoken(code, most, sums + wanted.amount_minor)


def _of_counts(holder: Holder, rules: Rules, now: datetime) -> Iterator[Spoken]:
    windows: tuple[tuple[Code, int | None, int], ...] = (
        ("day_count", rules.day_count_max, 1),
        ("week_count", rules.week_count_max, 7),
    )
    for code, most, days in windows:
        count = 1 + _since(holder, to_micros(now) - days * MICROS_PER_DAY, lambda _: 1)
        if most is not None and count > most:
            yield Spoken(code, most, count, counts=True)


def _since(
    holder: Holder,
    since: int,
    number: Callable[[Mapping[str, Any]], int],
    currency: str | None = None,
) -> int:
    """A sum over the payouts of the person after this moment (us)."""
    return sum(
        number(one)
        for account in holder.accounts
        for one in account.recent
        if one["at"] > since and currency in (None, one["currency"])
    )
