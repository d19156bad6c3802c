"""Shares in a row, those who made and clicked them, and one order that came through them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from fractions import Fraction
from itertools import groupby

from hypothesis import strategies as st

from graph_service.attribution.path import Path, read_paths
from graph_service.attribution.touches import read_journeys
from graph_service.clock import to_micros
from graph_service.ledger.affected import LogFact
from graph_service.ledger.lines import Line, order_lines
from graph_service.plans.document import Plan
from graph_service.rewards.allowance import split_allowance
from tests.properties.memory_log import MemoryLog, at_once
from tests.worlds import START
from tests.worlds.random_mall import Dice

PAID_AT = to_micros(START + timedelta(days=45))
MICROS_PER_HOUR = 3_600_000_000
SHARERS = ("a", "b", "c", "d")
BUYERS = ("buyer", "buyer", "buyer", "c", "d")
VISITORS = tuple(f"v{number}" for number in range(8))
FANS = (*VISITORS, "e", "f", *SHARERS, "buyer")
CATEGORIES = ("tea", "phone", "other", None)
WINDOW_HOURS = 20 * 24
# Ages of clicks: few, so that many are equal; some of them lie before the window.
AGES_HOURS = 12
HOURS_APART = 48


@dataclass(frozen=True)
class Click:
    """A click on the share of this id so many hours before the order was paid."""

    share_id: str
    clicker: str
    age_hours: int


@dataclass(frozen=True)
class Cascade:
    """shares: id and sharer, the origin first. named: the share that the mall names, if any.

    goods: the order's lines. since: when sharers accepted to be promoters (us).
    """

    shares: tuple[tuple[str, str], ...]
    clicks: tuple[Click, ...]
    buyer: str
    named: str | None
    goods: tuple[tuple[str, str | None, int], ...]
    since: dict[str, int]

    @property
    def amount_minor(self) -> int:
        """What was paid."""
        return sum(amount_minor for _, _, amount_minor in self.goods)

    @property
    def closer(self) -> int | None:
        """The place of the share through which the order came: the last that the buyer touched."""
        touches = [
            (-one.age_hours, one.share_id)
            for one in self.clicks
            if one.clicker == self.buyer and one.age_hours < WINDOW_HOURS
        ]
        if self.named is not None:
            touches.append((0, self.named))
        if not touches:
            return None
        return [share_id for share_id, _ in self.shares].index(max(touches)[1])

    @property
    def on_path(self) -> Sequence[tuple[str, str]]:
        """The shares that the path leads through, each with its sharer."""
        closer = self.closer
        return () if closer is None else self.shares[: closer + 1]

    def steps_of(self, member_id: str) -> int:
        """How many steps of the path are theirs: neighbouring shares are one."""
        sharers = [sharer for sharer, _ in groupby(self.on_path, key=lambda one: one[1])]
        return sharers.count(member_id)

    def facts(self) -> Iterator[LogFact]:
        """Everything that is told of it."""
        parent: str | None = None
        for share_id, sharer in self.shares:
            data = {"shareId": share_id, "memberId": sharer}
            yield _fact(
                "share.created", 40 * 24, data | ({"parentShareId": parent} if parent else {})
            )
            parent = share_id
        for one in self.clicks:
            who = "visitorId" if one.clicker in VISITORS else "memberId"
            yield _fact("share.clicked", one.age_hours, {"shareId": one.share_id, who: one.clicker})
        for member_id, since in self.since.items():
            data = {"memberId": member_id, "inviteId": f"i-{member_id}"}
            yield LogFact(0, "promoter.accepted", since, data)
        lines = [
            {"productId": product_id, "quantity": 1, "amountMinor": amount_minor}
            | ({} if category_id is None else {"categoryId": category_id})
            for product_id, category_id, amount_minor in self.goods
        ]
        order = {"orderId": "o", "memberId": self.buyer, "amountMinor": self.amount_minor}
        order |= {"currency": "CNY", "lines": lines}
        yield _fact("order.paid", 0, order | ({"shareId": self.named} if self.named else {}))


def _fact(kind: str, age_hours: int, data: Mapping[str, object]) -> LogFact:
    return LogFact(0, kind, PAID_AT - age_hours * MICROS_PER_HOUR, data)


def cascade_of(move: bytes) -> Cascade:
    """The cascade of these bytes; fewer and plainer things as they shrink."""
    dice = Dice(move)
    shares = [(f"s{place:02}", dice.of(SHARERS)) for place in range(1 + dice.roll(6))]
    buyer = dice.of(BUYERS)
    named = None if dice.roll(4) == 3 else shares[-1][0]
    goods = tuple(
        (f"product-{dice.roll(4)}", dice.of(CATEGORIES), dice.roll(256) * 371 + dice.roll(256))
        for _ in range(1 + dice.roll(3))
    )
    since = {
        who: PAID_AT - dice.roll(180) * 24 * MICROS_PER_HOUR for who in SHARERS if dice.roll(2)
    }
    share_ids = [share_id for share_id, _ in shares]
    clicks = tuple(click_of(dice, share_ids) for _ in range(dice.roll(24)))
    return Cascade(tuple(shares), clicks, buyer, named, goods, since)


def click_of(dice: Dice, share_ids: Sequence[str]) -> Click:
    """Anybody's click on one of these shares."""
    share_id = share_ids[dice.roll(len(share_ids))]
    return Click(share_id, dice.of(FANS), dice.roll(AGES_HOURS) * HOURS_APART)


def split_up(cascade: Cascade, member_id: str, dice: Dice) -> tuple[Cascade, set[str]]:
    """The same with a member's shares made by several accounts, and these accounts.

    Each share becomes one to three in a row. Who clicked it clicks any of these, several of them,
    then or later; the buyer once, on the last. Accounts on the path click whatever they like. Who
    is one step also loses people; of several steps that may pay, but to nobody for being several.
    """
    loses = cascade.steps_of(member_id) == 1
    accounts = (member_id, *(f"{member_id}~{number}" for number in (1, 2, 3)))
    shares: list[tuple[str, str]] = []
    rows: dict[str, list[str]] = {}
    for share_id, sharer in cascade.shares:
        clones = 1 + dice.roll(3) if sharer == member_id else 1
        rows[share_id] = [share_id, *(f"{share_id}~{number}" for number in range(1, clones))]
        of_row = (dice.of(accounts) if sharer == member_id else sharer for _ in rows[share_id])
        shares += zip(rows[share_id], of_row, strict=True)
    clicks: list[Click] = []
    for one in cascade.clicks:
        if one.clicker != member_id:
            row = rows[one.share_id]
            if one.clicker == cascade.buyer or len(row) == 1:
                clicks.append(replace(one, share_id=row[-1]))
            else:
                clicks += _passed_on(one, row, dice, loses=loses)
    named = None if cascade.named is None else rows[cascade.named][-1]
    since = cascade.since
    if member_id in since:
        since = since | dict.fromkeys(accounts, since[member_id])
    changed = replace(cascade, shares=tuple(shares), clicks=tuple(clicks), named=named, since=since)
    path = changed.on_path
    walking = sorted({sharer for _, sharer in path} & set(accounts))
    if walking:
        for _ in range(dice.roll(7)):
            any_of_path = click_of(dice, [share_id for share_id, _ in path])
            clicks.append(replace(any_of_path, clicker=dice.of(tuple(walking))))
    return replace(changed, clicks=tuple(clicks)), set(accounts)


def _passed_on(click: Click, row: Sequence[str], dice: Dice, *, loses: bool) -> Iterator[Click]:
    # A click from before the window stays there, or more people would come than did.
    later = min(click.age_hours, HOURS_APART) if click.age_hours < WINDOW_HOURS else 0
    least = 0 if loses else 1
    chosen = least + dice.roll(2 ** len(row) - least)
    on = [share_id for place, share_id in enumerate(row) if chosen >> place & 1]
    first = dice.roll(max(len(on), 1))
    for place, share_id in enumerate(on):
        age_hours = click.age_hours - (0 if place == first else dice.roll(later + 1))
        yield Click(share_id, click.clicker, age_hours)


@dataclass(frozen=True)
class Worth:
    """What an order is worth to whom, by a plan."""

    path: Path
    lines: Sequence[Line]
    parts: Sequence[Fraction]

    def part_of(self, members: set[str]) -> Fraction:
        """Their part of the influence pool, exactly."""
        steps = zip(self.path.steps, self.parts, strict=True)
        return sum((part for step, part in steps if step.member_id in members), Fraction(0))

    def amount_of_step(self, place: int) -> int:
        """What a step has of the influence pool, in minor units."""
        part = f"step {place + 1}"
        influence = (one for one in self.lines if one.basis == "influence")
        return sum(one.amount_minor for one in influence if one.part.split(":")[0] == part)

    def earned(self, members: set[str], *bases: str) -> int:
        """What they earn on these grounds, in minor units."""
        return sum(
            one.amount_minor for one in self.lines if one.payee_id in members and one.basis in bases
        )


def worth_of(cascade: Cascade, plan: Plan) -> Worth:
    """What the cascade's order is worth once everything is told."""
    then = MemoryLog(cascade.facts()).then(["o"], [share_id for share_id, _ in cascade.shares])
    journeys = at_once(read_journeys(then.read, ["o"], plan.program))
    journey, path = journeys["o"], at_once(read_paths(then.read, journeys))["o"]
    lines = order_lines(journey, path, then.goods("o"), plan, cascade.since)
    clicks = [step.cleared for step in path.steps]
    parts = split_allowance(0, clicks, [False] * len(clicks), plan.beta).shares
    return Worth(path, lines, parts)


cascades = st.builds(cascade_of, st.binary(min_size=110, max_size=110))
dice = st.builds(Dice, st.binary(min_size=90, max_size=90))
