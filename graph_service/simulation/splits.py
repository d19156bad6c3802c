"""Would a member have earned more as several accounts, on this graph, under a plan?

Each strategy takes what the member sold and shared, deals it out to accounts that nothing shows to
be one person, and counts by the ledger's own rules what they would have earned together. What such
accounts buy from each other is not counted: that is looked for as fraud.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import Literal, NamedTuple, get_args

from graph_service.clock import from_micros, to_micros
from graph_service.ledger.months import period_lines
from graph_service.months.counted import MemberSales, plan_of_period
from graph_service.plans.document import Plan
from graph_service.plans.rates import start_bonus
from graph_service.referrals.sales import PLATFORM
from graph_service.rewards.allowance import split_allowance
from graph_service.simulation.tally import Tally
from graph_service.simulation.trail import Sold, StepTaken

Strategy = Literal[
    "account_below", "split_sales", "fresh_promoter", "clone_step", "clone_under_cap"
]
STRATEGIES: tuple[Strategy, ...] = get_args(Strategy)
MEMBERS_MAX = 1_000
GAINS_MAX = 50
# Accounts among which a month's sales are split.
ACCOUNTS_MAX = 5
# Pieces that a month's sales are dealt out in; small orders go together.
PIECES_MAX = 60
ROUNDS_MAX = 3
# Up to so many people of a step every way to share them is tried.
CLICKS_TRIED = 12


class SplitGain(NamedTuple):
    """What a member would have gained (minor units) with so many accounts, the own one included."""

    member_id: str
    strategy: Strategy
    accounts: int
    gain_minor: int
    why: str


@dataclass(frozen=True)
class SplitScan:
    """The gains above 0, largest first, at most GAINS_MAX; members: how many were looked at."""

    members: int
    gains: tuple[SplitGain, ...]


def scan_splits(tally: Tally, opens: datetime) -> SplitScan:
    """Try every strategy on the members who earn most. opens: when the time begins."""
    earned = tally.by_member()
    earning = sorted(
        (one for one in earned if earned[one] > 0), key=lambda one: (-earned[one], one)
    )
    asked = earning[:MEMBERS_MAX]
    months: defaultdict[str, dict[str, MemberSales]] = defaultdict(dict)
    for (period, member_id), sales in tally.months.items():
        months[member_id][period] = sales
    gains: list[SplitGain] = []
    for member_id in asked:
        one = Member(tally, member_id, months[member_id], opens)
        gains += [gain for gain in one.gains() if gain.gain_minor > 0]
    gains.sort(key=lambda one: (-one.gain_minor, one.member_id, one.strategy))
    return SplitScan(len(asked), tuple(gains[:GAINS_MAX]))


@dataclass(frozen=True)
class Member:
    """One member's sales and steps, and what they would come to in other hands."""

    tally: Tally
    member_id: str
    months: Mapping[str, MemberSales]
    opens: datetime

    @property
    def plan(self) -> Plan:
        """The plan that is tried; it holds all the time."""
        return self.tally.plans.seed

    @property
    def sold(self) -> Sequence[Sold]:
        """The orders that were credited to the member."""
        return self.tally.trail.sold.get(self.member_id, ()) if self.tally.trail else ()

    @property
    def steps(self) -> Sequence[StepTaken]:
        """The member's best steps."""
        return self.tally.trail.steps.get(self.member_id, ()) if self.tally.trail else ()

    def gains(self) -> Iterator[SplitGain]:
        """What each strategy brings, also where that is nothing or a loss."""
        yield self.account_below()
        yield self.split_sales()
        yield self.fresh_promoter()
        yield self.clones("clone_step", 0)
        if self.plan.paid_levels_max:
            yield self.clones("clone_under_cap", self.plan.paid_levels_max)

    def account_below(self) -> SplitGain:
        """Sell everything through one account that the member invited.

        Its sales are those of the level below, on which team bonus and partner income are paid;
        the ladder then is the account's alone, and the start bonus is lost.
        """
        own, by_bonus = self._sums()
        gain = -sum(one.reward for one in self.sold)
        paid = 0
        for period in sorted({*own, *by_bonus}):
            before = self._sales(period)
            moved, bonus = own.get(period, 0), by_bonus.get(period, 0)
            after = replace(
                before,
                own=0,
                person_own=before.person_own - moved,
                direct=before.direct + moved,
                bonus=before.bonus + bonus,
                team=before.team + moved,
            )
            more = self._above(period, after) - self._above(period, before)
            paid += more
            gain += more + self._ladder(period, moved) - self._ladder_of(period, before)
        why = f"{paid} more of team bonus and partner income, on sales that were the member's own"
        return SplitGain(self.member_id, "account_below", 2, gain, why)

    def split_sales(self) -> SplitGain:
        """Deal a month's orders out among accounts; pays where a later step has a lower rate."""
        rates = [step.rate for step in self.plan.ladder.steps]
        gain, most = 0, 1
        if rates != sorted(rates):
            for month in sorted({one.month for one in self.sold}):
                sold = [one for one in self.sold if one.month == month]
                deal = self._dealt(month, sold)
                if deal.worth > self._ladder_of(month, self._sales(month)):
                    gain += deal.worth - self._ladder_of(month, self._sales(month))
                    most = max(most, deal.accounts)
        why = "each account stays on a lower step of the ladder, where the rate is higher"
        return SplitGain(self.member_id, "split_sales", most, gain, why)

    def fresh_promoter(self) -> SplitGain:
        """Sell through accounts that are invited promoters in their first months, one after the
        other; what has the start bonus already stays where it is.
        """
        gain, used = 0, set[int]()
        hands: defaultdict[tuple[str, int], int] = defaultdict(int)
        moved: defaultdict[str, int] = defaultdict(int)
        begins = list[int]()
        for one in sorted(self.sold, key=lambda sold: sold.paid_at):
            if one.reward or not one.fresh:
                continue
            while not begins or self._until(begins[-1]) <= one.paid_at:
                begins.append(self._until(begins[-1]) if begins else to_micros(self.opens))
            used.add(len(begins))
            gain += one.fresh
            hands[one.month, len(begins)] += one.net
            moved[one.month] += one.net
        for month, net in moved.items():
            sales = self._sales(month)
            left = replace(sales, own=sales.own - net, person_own=sales.person_own - net)
            gain += self._ladder_of(month, left) - self._ladder_of(month, sales)
        gain += sum(self._ladder(month, net) for (month, _), net in hands.items())
        why = "start bonus of new accounts on what the member sold, less what the ladder loses"
        return SplitGain(self.member_id, "fresh_promoter", 1 + len(used), gain, why)

    def clones(self, strategy: Strategy, levels_max: int) -> SplitGain:
        """Put a clone before each of the member's steps and share the step's people with it."""
        gain = sum(max(0, clone_gain(self.plan, one, levels_max)) for one in self.steps)
        why = f"clones on the paths of {len(self.steps)} orders"
        return SplitGain(self.member_id, strategy, 2, gain, why)

    # --- what sales come to ---

    def _until(self, since: int) -> int:
        moment = from_micros(since)
        return to_micros(start_bonus(self.plan, moment, moment).until)

    def _sums(self) -> tuple[dict[str, int], dict[str, int]]:
        """Own sales by month, and by the period of the team bonus."""
        own: defaultdict[str, int] = defaultdict(int)
        by_bonus: defaultdict[str, int] = defaultdict(int)
        for one in self.sold:
            own[one.month] += one.net
            by_bonus[one.bonus_period] += one.net
        return own, by_bonus

    def _sales(self, period: str) -> MemberSales:
        """The member's sales of a period; nothing where there were none."""
        there = self.months.get(period)
        if there is not None:
            return there
        role = self.tally.role(period, self.member_id)
        return replace(_stranger(self.member_id, 0), role=role)

    def _above(self, period: str, sales: MemberSales) -> int:
        """What a member earns of others' sales."""
        return self._earned(period, sales, ("team", "partner"))

    def _ladder_of(self, period: str, sales: MemberSales) -> int:
        return self._earned(period, sales, ("ladder",))

    def _ladder(self, period: str, own: int) -> int:
        """What the ladder pays an account of its own person."""
        return self._ladder_of(period, _stranger(f"{self.member_id}+", own))

    def _earned(self, period: str, sales: MemberSales, bases: Sequence[str]) -> int:
        plan = plan_of_period(self.tally.plans, period)
        lines = period_lines(plan, period, self.tally.currency, sales)
        return sum(
            line.amount_minor for line in lines if line.basis in bases and line.payee_id != PLATFORM
        )

    def _dealt(self, month: str, sold: Sequence[Sold]) -> "Deal":
        """How a month's orders are best dealt out among accounts."""
        sales = self._sales(month)
        others = sales.person_own - sum(one.net for one in sold)

        def worth(account: int, own: int) -> int:
            if account:
                return self._ladder(month, own)
            return self._ladder_of(month, replace(sales, own=own, person_own=others + own))

        return deal(pieces_of_sales(sold), cache(worth))


@dataclass(frozen=True)
class Deal:
    """What the accounts that took a month's orders earn (minor units), and how many did."""

    worth: int
    accounts: int


class Piece(NamedTuple):
    """Orders that go together. net: sales; reward: the start bonus that moving them loses."""

    net: int
    reward: int


Worth = Callable[[int, int], int]


def deal(pieces: Sequence[Piece], worth: Worth) -> Deal:
    """The best deal found from several starts: all in one hand, dealt evenly, and one by one.

    worth: of an account with these sales; account 0 is the member's own.
    """
    starts = [_even(pieces, accounts) for accounts in range(1, ACCOUNTS_MAX + 1)]
    return max((_settled(pieces, worth, places) for places in [*starts, None]), key=_merit)


def _merit(found: Deal) -> tuple[int, int]:
    return found.worth, -found.accounts


def _even(pieces: Sequence[Piece], accounts: int) -> list[int]:
    """Each piece to the account that has least so far; the pieces come largest first."""
    sums, places = [0] * accounts, list[int]()
    for piece in pieces:
        places.append(sums.index(min(sums)))
        sums[places[-1]] += piece.net
    return places


def _settled(pieces: Sequence[Piece], worth: Worth, start: Sequence[int] | None) -> Deal:
    """A deal after pieces were moved one by one to where they add most, a few times round."""
    sums, places = [0] * ACCOUNTS_MAX, list(start or ())
    for piece, place in zip(pieces, places, strict=False):
        sums[place] += piece.net
    for piece in pieces[len(places) :]:
        places.append(_best_place(worth, sums, piece))
        sums[places[-1]] += piece.net
    for _ in range(ROUNDS_MAX):
        before = list(places)
        for i, piece in enumerate(pieces):
            sums[places[i]] -= piece.net
            places[i] = _best_place(worth, sums, piece)
            sums[places[i]] += piece.net
        if places == before:
            break
    lost = sum(piece.reward for piece, place in zip(pieces, places, strict=True) if place)
    total = sum(worth(account, own) for account, own in enumerate(sums))
    return Deal(total - lost, len({0, *places}))


def _best_place(worth: Worth, sums: Sequence[int], piece: Piece) -> int:
    """The account to which a piece adds most; the first of equals."""
    added = [
        worth(i, own + piece.net) - worth(i, own) - (piece.reward if i else 0)
        for i, own in enumerate(sums)
    ]
    return added.index(max(added))


def pieces_of_sales(sold: Sequence[Sold]) -> list[Piece]:
    """The orders of a month, the largest first; the smallest go together."""
    pieces = sorted((Piece(one.net, one.reward) for one in sold), reverse=True)
    small = pieces[PIECES_MAX - 1 :]
    if len(small) < 2:
        return pieces
    together = Piece(sum(one.net for one in small), sum(one.reward for one in small))
    return [*pieces[: PIECES_MAX - 1], together]


def _stranger(member_id: str, own: int) -> MemberSales:
    """Sales of an account that is nobody's upline and its person's only one."""
    return MemberSales(
        member_id=member_id,
        role="member",
        frozen=False,
        own=own,
        person_own=own,
        direct=0,
        bonus=0,
        team=0,
    )


def clone_gain(plan: Plan, step: StepTaken, levels_max: int) -> int:
    """What a step gains at best as two, the one reshared from the other (minor units).

    The people whom it brought come through either clone. Of levels_max members, the nearest to
    the sale first, the clone nearer to it keeps the step's place; 0: no cap.
    """
    clicks = step.clicks[step.place]
    before = _of_clones(plan, step, (clicks,), levels_max)
    shares = range(clicks + 1) if clicks <= CLICKS_TRIED else (0, 1, clicks // 2, clicks)
    return max(_of_clones(plan, step, (far, clicks - far), levels_max) - before for far in shares)


def _of_clones(plan: Plan, step: StepTaken, clones: Sequence[int], levels_max: int) -> int:
    """What these clones of a step are paid together. clones: people of each, origin first."""
    i = step.place
    clicks = (*step.clicks[:i], *clones, *step.clicks[i + 1 :])
    excluded = (*step.excluded[:i], *(False for _ in clones), *step.excluded[i + 1 :])
    amounts = split_allowance(step.pool, clicks, excluded, plan.beta).amounts_minor
    near = step.before_step
    mine = step.levels[near]
    names = [mine, *(f"{mine} clone {place}" for place in range(1, len(clones)))]
    levels = list(dict.fromkeys((*step.levels[:near], *names, *step.levels[near + 1 :])))
    paid = levels[:levels_max] if levels_max else levels
    # The clone nearest to the sale keeps the name.
    return sum(
        amounts[i + place] for place in range(len(clones)) if names[len(clones) - 1 - place] in paid
    )
