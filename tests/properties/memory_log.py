"""The log of facts and the ledger in memory: what the ledger asks of a database, answered plainly.

So the real booking runs on thousands of small worlds in a minute. Which orders a fact may concern
is answered with all of them; that the database names enough of them is tested in tests/ledger.
No wallet is kept, since no order ever ends here; tests/wallets keeps them in a database.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from datetime import datetime
from random import Random
from typing import Any, TypeVar, cast

from graph_service.clock import to_micros
from graph_service.graph.session import Row, Transaction
from graph_service.identity.standings import CHANGED as STANDING_CHANGED
from graph_service.ingest.facts import Fact, parse_event
from graph_service.ingest.tokens import Tokeniser
from graph_service.ledger.affected import OF_MEMBERS, LogFact
from graph_service.ledger.booking import follow_log
from graph_service.ledger.evidence import Then, read_clicks_on, read_evidence
from graph_service.plans.timeline import Plans
from graph_service.wallets.keeping import NO_TIME
from tests.worlds import NOW, Event

T = TypeVar("T")
TOKENISER = Tokeniser(b"pepper")
NOW_MICROS = to_micros(NOW)
WINDOW_DAYS_MAX = 365
# Which field names what a fact is about; facts about members are those that may matter for money.
ABOUT = {"order": "orderId", "coupon": "couponCode", "visitor": "visitorId", "share": "shareId"}
SILENT = frozenset(
    {
        "ledger/record_ways",
        "ledger/record_credited",
        "ledger/advance_payees",
        "wallets/lock_wallets",
        "wallets/update_wallets",
    }
)
KEY_OF_ENTRY = ("payeeId", "basis", "part")


def at_once(coroutine: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine that waits for nothing."""
    try:
        coroutine.send(None)
    except StopIteration as done:
        return done.value
    raise AssertionError("it waits for something")


def facts_of(events: Iterable[Event]) -> list[LogFact]:
    """The facts that these events are stored as, in this order of arrival; invalid ones are not."""
    parsed = (parse_event(one, 0, TOKENISER) for one in events)
    return [
        LogFact(0, fact.type, to_micros(fact.time), fact.data)
        for fact in parsed
        if isinstance(fact, Fact)
    ]


class MemoryLog:
    """Facts with their numbers, and the entries booked for them. entries: rows as stored."""

    def __init__(self, facts: Iterable[LogFact] = ()) -> None:
        self.facts: list[LogFact] = []
        self.entries: list[Row] = []
        self.booked_seq = 0
        self.newest_paid_at = 0
        self._about: defaultdict[tuple[str, str], list[LogFact]] = defaultdict(list)
        self._clicks: list[LogFact] = []
        self._booked: dict[str, defaultdict[str, defaultdict[tuple[str, str, str], int]]] = {
            "orderId": defaultdict(lambda: defaultdict(int)),
            "salesMonthId": defaultdict(lambda: defaultdict(int)),
        }
        self._ends: dict[str, tuple[int, str]] = {}
        self.add(facts)

    def add(self, facts: Iterable[LogFact]) -> None:
        """Store facts: they get the next numbers."""
        for one in facts:
            fact = one._replace(seq=len(self.facts) + 1)
            self.facts.append(fact)
            if fact.type == "share.clicked":
                self._clicks.append(fact)
                continue
            if fact.type in OF_MEMBERS or fact.type == STANDING_CHANGED:
                self._about["member", fact.data["memberId"]].append(fact)
            what = fact.type.partition(".")[0]
            if what in ABOUT:
                self._about[what, fact.data[ABOUT[what]]].append(fact)

    def follow(self, plans: Plans, limits: Sequence[int] = (1_000,)) -> None:
        """Book what is stored, so many facts at a time in turn, until nothing is left."""
        turn = 0
        while self.booked_seq < len(self.facts):
            limit = limits[turn % len(limits)]
            booked = follow_log(cast(Transaction, self), plans, "test", lambda: NOW, limit)
            assert at_once(booked)
            turn += 1

    def then(self, order_ids: Sequence[str], share_ids: Iterable[str]) -> Then:
        """What all facts say of these orders; the clicks on these shares are known."""
        evidence = at_once(read_evidence(self.run, order_ids, WINDOW_DAYS_MAX, lambda: NOW))
        at_once(read_clicks_on(self.run, evidence, share_ids, 0, NOW_MICROS))
        return evidence.at(len(self.facts))

    async def run(self, name: str, /, **params: Any) -> list[Row]:
        """The rows that the query of this name would answer. Raises KeyError on another."""
        room, _, query = name.partition("/")
        if name in SILENT:
            return []
        if query.startswith("find_"):
            return [{"orderIds": [one for what, one in self._about if what == "order"]}]
        if room == "ledger" and query.endswith("_facts") and query.startswith("read_"):
            what = query.removeprefix("read_").removesuffix("_facts")
            return [self._told(what, one) for one in params["ids"]]
        answers: Mapping[str, Callable[..., list[Row]]] = {
            "ledger/open_ledger": self._open,
            "ledger/list_next_facts": self._next,
            "ledger/list_visitors": self._visitors,
            "ledger/list_judged": self._judged,
            "identity/list_accounts": self._accounts,
            "ledger/read_member_clicks": self._clicks_by("memberId"),
            "ledger/read_visitor_clicks": self._clicks_by("visitorId"),
            "ledger/read_clicks": self._clicks_on,
            "ledger/read_chains": self._chains,
            "ledger/read_booked": self._booked_for("orderId", "orderIds"),
            "ledger/read_booked_months": self._booked_for("salesMonthId", "salesMonthIds"),
            "ledger/lock_payees": self._lock,
            "ledger/append_entries": self._append("orderId"),
            "ledger/append_month_entries": self._append("salesMonthId"),
            "ledger/advance_ledger": self._advance,
            "wallets/read_orders": _open_orders,
        }
        return answers[name](**params)

    def _open(self, **_: str) -> list[Row]:
        return [{"bookedSeq": self.booked_seq, "newestPaidAt": self.newest_paid_at}]

    def _advance(self, *, bookedSeq: int, newestPaidAt: int) -> list[Row]:  # noqa: N803
        self.booked_seq, self.newest_paid_at = bookedSeq, newestPaidAt
        return []

    def _next(
        self,
        *,
        after: int,
        limit: int,
        heavyType: str,  # noqa: N803
        heavyMax: int,  # noqa: N803
    ) -> list[Row]:
        facts = self.facts[after : after + limit]
        heavy = [place for place, one in enumerate(facts) if one.type == heavyType]
        return [_columns(facts[: heavy[heavyMax]] if len(heavy) > heavyMax else facts)]

    def _told(self, what: str, one: str) -> Row:
        facts = self._about[("member" if what == "standing" else what), one]
        if what == "standing":
            said = ("promoter.accepted", STANDING_CHANGED)
            facts = [f for f in facts if f.type in said or "status" in f.data]
        return {"id": one, "stored": [NOW_MICROS] * len(facts), **_columns(facts)}

    def _visitors(self, *, memberIds: Sequence[str]) -> list[Row]:  # noqa: N803
        asked = set(memberIds)
        pairs = {
            (fact.data["memberId"], fact.data["visitorId"])
            for (what, _), facts in self._about.items()
            if what == "visitor"
            for fact in facts
            if fact.data["memberId"] in asked
        }
        found = sorted(pairs)
        return [{"memberIds": [one for one, _ in found], "visitorIds": [one for _, one in found]}]

    def _judged(self, *, memberIds: Sequence[str]) -> list[Row]:  # noqa: N803
        judged = {one.data["memberId"] for one in self.facts if one.type == STANDING_CHANGED}
        return [{"memberIds": sorted(judged.intersection(memberIds))}]

    def _accounts(self, *, memberIds: Sequence[str]) -> list[Row]:  # noqa: N803
        persons: defaultdict[str, set[str]] = defaultdict(set)
        for one in self.facts:
            if one.type == STANDING_CHANGED and "personId" in one.data:
                persons[one.data["personId"]].add(one.data["memberId"])
        pairs = sorted(
            {
                (one, other)
                for accounts in persons.values()
                for one in accounts.intersection(memberIds)
                for other in accounts - {one}
            }
        )
        return [{"memberIds": [one for one, _ in pairs], "otherIds": [other for _, other in pairs]}]

    def _clicks_by(self, name: str) -> Callable[..., list[Row]]:
        def answer(*, ids: Sequence[str], opens: datetime, closes: datetime) -> list[Row]:
            found = self._clicked(name, ids, opens, closes)
            return [{"clickers": [one.data[name] for one in found], **_click_columns(found)}]

        return answer

    def _clicks_on(
        self,
        *,
        shareIds: Sequence[str],  # noqa: N803
        opens: datetime,
        closes: datetime,
    ) -> list[Row]:
        found = self._clicked("shareId", shareIds, opens, closes)
        names = {"memberIds": "memberId", "visitorIds": "visitorId"}
        clickers = {key: [one.data.get(name, "") for one in found] for key, name in names.items()}
        return [{**clickers, **_click_columns(found)}]

    def _clicked(
        self, name: str, ids: Sequence[str], opens: datetime, closes: datetime
    ) -> list[LogFact]:
        first, last, asked = to_micros(opens), to_micros(closes), set(ids)
        return [
            one for one in self._clicks if one.data.get(name) in asked and first < one.time <= last
        ]

    def _chains(self, *, shareIds: Sequence[str]) -> list[Row]:  # noqa: N803
        found: dict[str, LogFact] = {}
        for share_id in shareIds:
            current: str | None = share_id
            while current is not None and current not in found:
                facts = self._about.get(("share", current))
                if not facts:
                    break
                found[current] = facts[0]
                current = facts[0].data.get("parentShareId")
        return [{"shareIds": list(found), **_columns(found.values())}]

    def _booked_for(self, name: str, asked: str) -> Callable[..., list[Row]]:
        columns = (asked, "payeeIds", "bases", "parts", "amounts")

        def answer(**params: Any) -> list[Row]:
            found = [
                (one, *key, amount)
                for one in params[asked]
                for key, amount in self._booked[name][one].items()
            ]
            return [{column: [row[i] for row in found] for i, column in enumerate(columns)}]

        return answer

    def _lock(self, *, payeeIds: Sequence[str], **_: str) -> list[Row]:  # noqa: N803
        ends = ((one, *self._ends.get(one, (0, ""))) for one in payeeIds)
        return [{"payeeId": one, "number": number, "hash": end} for one, number, end in ends]

    def _append(self, name: str) -> Callable[..., list[Row]]:
        def answer(*, rows: Sequence[Row]) -> list[Row]:
            for row in rows:
                entry = row["entry"]
                self.entries.append(entry)
                payee_id, basis, part = (entry[one] for one in KEY_OF_ENTRY)
                self._booked[name][row[name]][payee_id, basis, part] += entry["amountMinor"]
                self._ends[payee_id] = (entry["number"], entry["hash"])
            return []

        return answer


def _open_orders(*, orderIds: Sequence[str]) -> list[Row]:  # noqa: N803
    never = [NO_TIME] * len(orderIds)
    paid = [NOW_MICROS] * len(orderIds)
    return [
        {"orderIds": orderIds, "paidTimes": paid, "endTimes": never, "countedTimes": never},
    ]


def _columns(facts: Iterable[LogFact]) -> Row:
    found = list(facts)
    return {
        "seqs": [one.seq for one in found],
        "types": [one.type for one in found],
        "times": [one.time for one in found],
        "data": [json.dumps(one.data) for one in found],
    }


def _click_columns(clicks: Sequence[LogFact]) -> Row:
    return {
        "shareIds": [one.data["shareId"] for one in clicks],
        "times": [one.time for one in clicks],
        "seqs": [one.seq for one in clicks],
    }


def shuffled(facts: Iterable[LogFact], seed: int) -> list[LogFact]:
    """The facts in another order of arrival; seed 0 leaves them as they are."""
    ordered = list(facts)
    if seed:
        Random(seed).shuffle(ordered)
    return ordered


def sums_of(entries: Iterable[Row]) -> dict[tuple[str, ...], int]:
    """What entries come to by payee, order, basis, month and part; what is 0 is left out."""
    found: defaultdict[tuple[str, ...], int] = defaultdict(int)
    for one in entries:
        key = tuple(one[name] for name in ("payeeId", "orderId", "basis", "month", "part"))
        found[key] += one["amountMinor"]
    return {key: amount for key, amount in found.items() if amount}
