"""How a fact flows through the rooms: stored in one transaction, then booked from the outbox."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from math import inf
from time import monotonic

import structlog
from prometheus_client import Counter, Gauge

from graph_service.attribution.affected import affected_orders, orders_of_persons
from graph_service.attribution.facts import room_facts as attribution_facts
from graph_service.clock import Clock, from_micros, to_micros, utc_now
from graph_service.errors import GraphError
from graph_service.graph.session import Graph, Row, Transaction
from graph_service.holds.placing import has_expired_holds
from graph_service.holds.thawing import end_expired_holds
from graph_service.identity.facts import room_facts as identity_facts
from graph_service.identity.standings import (
    Change,
    accounts_of,
    change_standings,
    unknown_persons,
    update_standings,
)
from graph_service.ids import new_id
from graph_service.ingest.facts import Fact, Receipt, Rejection, parse_event
from graph_service.ingest.store import (
    STORE_TIMEOUT_S,
    RoomFacts,
    store_facts,
    store_within,
)
from graph_service.ingest.tokens import Tokeniser
from graph_service.ledger.booking import follow_log
from graph_service.months.closing import close_period, due_periods, recount_closed
from graph_service.months.counted import Period
from graph_service.plans.document import Plan, seed_plan
from graph_service.plans.timeline import Plans, orders_under_new_plans, read_plans
from graph_service.referrals.bindings import end_expired
from graph_service.referrals.facts import room_facts as referral_facts
from graph_service.referrals.sales import orders_below
from graph_service.rewards.orders import credit_orders

log = structlog.get_logger()

EVENTS = Counter("ingest_events", "Events by what became of them", ["status"])
PENDING = Gauge("outbox_pending", "Stored facts that are not booked yet")
BEHIND = Gauge("ledger_behind", "Booked facts that the ledger has not followed yet")
BOOKED_TOGETHER = 2_000
BOOK_TIMEOUT_S = 60.0
LEASE_S = 10
# How often an idle worker looks for facts that other processes stored (s).
IDLE_S = 1.0
# How long to wait for another process that holds the outbox before looking again (s).
OTHERS_S = 0.02
# How often an idle worker looks for bindings and holds that ran out and months that are over (s).
LOOK_S = 5.0
# How long no sales of a month are booked before it is closed, and how long that is waited for (s).
QUIET_S = 30.0
OVERDUE_S = 600.0
# So many facts behind, the ledger is following a load, which nobody who waits for a batch awaits.
CATCHING_UP = 10_000
# Events as sent, or rejections that are known already, in the order in which they are stored.
Decide = Callable[[Transaction], Awaitable[Sequence[object]]]


@dataclass
class Pipeline:
    """Storing and booking for one graph. Start `run` as a task where the outbox is worked off.

    seed: the plan before any is activated. grace: from a month's end until it is closed.
    quiet_s: how long no sales of it are booked before that. plans: as
    booked, read anew with every booking and by an idle worker every IDLE_S.
    """

    graph: Graph
    tokeniser: Tokeniser
    seed: Plan
    clock: Clock = utc_now
    grace: timedelta = timedelta(0)
    quiet_s: float = QUIET_S
    holder: str = field(default_factory=new_id)
    plans: Plans = field(init=False)
    _stored: asyncio.Event = field(default_factory=asyncio.Event)
    _booking: asyncio.Lock = field(default_factory=asyncio.Lock)
    _following: asyncio.Lock = field(default_factory=asyncio.Lock)
    # By period, when it was first seen to be due, and when sales of it were booked (s).
    _due: dict[str, float] = field(default_factory=dict[str, float])
    _sold: dict[str, float] = field(default_factory=dict[str, float])

    def __post_init__(self) -> None:
        self.plans = Plans(self.seed)

    @property
    def plan(self) -> Plan:
        """The plan in force now."""
        return self.plans.at(to_micros(self.clock()))

    @property
    def rooms(self) -> Sequence[RoomFacts]:
        """The rooms that take part in storing, in the order in which they write."""
        return (referral_facts(self.clock), identity_facts(), attribution_facts())

    async def store(self, events: Sequence[object], *, atomic: bool = False) -> Receipt:
        """Store events as sent (parsed JSON); what is derived follows. Raises NothingStored."""
        parsed = await asyncio.to_thread(self._parse, events)
        return self._stored_receipt(
            await store_facts(self.graph, parsed, self.rooms, atomic=atomic)
        )

    async def store_decided(self, decide: Decide, *, name: str) -> Receipt:
        """Store the events that `decide` gives, in the transaction in which it decides."""

        async def work(transaction: Transaction) -> Receipt:
            parsed = [
                replace(item, position=i)
                if isinstance(item, Rejection)
                else parse_event(item, i, self.tokeniser)
                for i, item in enumerate(await decide(transaction))
            ]
            return await store_within(transaction, parsed, self.rooms)

        return self._stored_receipt(
            await self.graph.write_together(work, name=name, timeout_s=STORE_TIMEOUT_S)
        )

    def _stored_receipt(self, receipt: Receipt) -> Receipt:
        for status in ("accepted", "duplicate", "rejected"):
            EVENTS.labels(status).inc(receipt.count(status))
        if receipt.count("accepted"):
            self._stored.set()
        return receipt

    def _parse(self, events: Sequence[object]) -> list[Fact | Rejection]:
        return [parse_event(raw, i, self.tokeniser) for i, raw in enumerate(events)]

    async def book_once(self) -> int:
        """Stamp the oldest pending facts and book what follows from them; returns how many.

        0 where nothing is pending or another process holds the lease.
        """

        async def work(transaction: Transaction) -> tuple[int, Plans]:
            if not await self._holds(transaction):
                return 0, self.plans
            row = (await transaction.run("ingest/stamp_facts", limit=BOOKED_TOGETHER))[0]
            facts = _facts(row)
            plans = await self._book(transaction, facts, row["seq"]) if facts else self.plans
            return len(facts), plans

        async with self._booking:
            booked, plans = await self.graph.write_together(
                work, name="pipeline/book", timeout_s=BOOK_TIMEOUT_S
            )
        self._follow(plans)
        return booked

    async def _book(self, transaction: Transaction, facts: Sequence[Fact], seq: int) -> Plans:
        now = self.clock()
        standings = await update_standings(transaction, facts, seq=seq, now=now)
        return await self._book_after(transaction, facts, standings, seq=seq, now=now)

    async def _book_after(
        self,
        transaction: Transaction,
        facts: Sequence[Fact],
        standings: Sequence[Change],
        *,
        seq: int,
        now: datetime,
    ) -> Plans:
        """Book what follows from these facts, and from what else these members are now."""
        plans = await read_plans(transaction.run, self.plans)
        moved = [one.member_id for one in standings if one.person]
        accounts = await accounts_of(transaction.run, moved)
        orders = await affected_orders(transaction, facts, plans.widest.program)
        orders |= await orders_below(transaction, facts)
        orders |= await orders_of_persons(transaction, accounts)
        orders |= await orders_under_new_plans(transaction, facts)
        changed = await credit_orders(transaction, sorted(orders), plans)
        self._sold.update({row["period"]: monotonic() for row in changed})
        everyone = sorted({*accounts, *(one for others in accounts.values() for one in others)})
        await recount_closed(transaction, changed, facts, plans, moved=everyone, seq=seq, now=now)
        return plans

    async def find_persons(self) -> None:
        """Find the persons of a graph that was written without any, and book what follows."""
        async for member_ids in unknown_persons(self.graph):

            async def work(transaction: Transaction, together: Sequence[str] = member_ids) -> Plans:
                now, name = self.clock(), new_id()
                standings = await change_standings(transaction, together, name=name, now=now)
                return await self._book_after(transaction, [], standings, seq=0, now=now)

            async with self._booking:
                self._follow(
                    await self.graph.write_together(
                        work, name="pipeline/find_persons", timeout_s=BOOK_TIMEOUT_S
                    )
                )

    def _follow(self, plans: Plans) -> None:
        """Activations are only ever added, so who knows fewer read before."""
        if len(plans.activations) >= len(self.plans.activations):
            self.plans = plans

    async def follow_plans(self) -> None:
        """Know what other processes have activated and booked by now."""
        self._follow(await read_plans(self.graph.read, self.plans))

    async def follow_activation(self, number: int, *, timeout_s: float) -> bool:
        """Book until this process follows so many activations; False if that takes too long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                while len(self.plans.activations) < number:
                    if not await self.book_once():
                        await self.follow_plans()
                        await asyncio.sleep(OTHERS_S)
                return True
        return False

    async def close_periods(self) -> int:
        """Close the months and weeks that are over for long enough; returns how many.

        One in which sales are being booked just now (a past that is loaded) waits until that rests,
        though not for ever: what comes after a close is put into the log anew.
        """
        closed, now = 0, monotonic()
        for period in await due_periods(self.graph.read, self.plans, self.clock(), self.grace):
            found = self._due.setdefault(period.key, now)
            rests = now - self._sold.get(period.key, -inf) >= self.quiet_s
            if not rests and now - found < OVERDUE_S:
                continue
            if not await self._close(period):
                break
            log.info("month.closed", period=period.key)
            closed += 1
            self._due.pop(period.key)
        return closed

    async def _close(self, period: Period) -> bool:
        """Close a period; False where another process holds the outbox."""

        async def work(transaction: Transaction) -> bool:
            if not await self._holds(transaction):
                return False
            plans = await read_plans(transaction.run, self.plans)
            await close_period(transaction, period, plans, self.clock())
            return True

        async with self._booking:
            return await self.graph.write_together(
                work, name="months/close", timeout_s=BOOK_TIMEOUT_S
            )

    async def _holds(self, transaction: Transaction) -> bool:
        """Take the outbox, or see that another process has it."""
        lease = await transaction.run(
            "ingest/renew_lease", name="outbox", holder=self.holder, seconds=LEASE_S
        )
        return bool(lease[0]["held"])

    async def pending(self, batch: str = "") -> int:
        """How many facts wait to be booked (of one batch, or all)."""
        rows = await self.graph.read("ingest/count_pending", batch=batch)
        return int(rows[0]["pending"])

    async def settle(self, batch: str = "", *, timeout_s: float) -> bool:
        """Book until nothing of a batch (or nothing at all) is pending; False if too long.

        For a batch the ledger follows too, unless it is catching up with a whole load.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                while await self.pending(batch):
                    if not await self.book_once():
                        await asyncio.sleep(OTHERS_S)
                while batch and 0 < await self.behind() <= CATCHING_UP:
                    await self._follow_next()
                return True
        return False

    async def follow_log(self) -> int:
        """Let the ledger follow the next facts that are booked; returns how many."""
        return await self._follow_next() if await self.behind() else 0

    async def _follow_next(self) -> int:
        async def work(transaction: Transaction) -> int:
            plans = await read_plans(transaction.run, self.plans)
            return await follow_log(transaction, plans, self.holder, self.clock)

        # Others of this process would only wait for the ledger's lock, each with a connection.
        async with self._following:
            return await self.graph.write_together(
                work, name="pipeline/follow", timeout_s=BOOK_TIMEOUT_S
            )

    async def behind(self) -> int:
        """How many booked facts the ledger has not followed yet."""
        behind = int((await self.graph.read("ledger/count_behind"))[0]["behind"])
        BEHIND.set(behind)
        return behind

    async def settle_ledger(self, *, timeout_s: float) -> bool:
        """Book and follow until the ledger holds everything stored; False if too long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self.settle(timeout_s=timeout_s)
                while await self.follow_log():
                    pass
                return True
        return False

    async def run(self) -> None:
        """Work the outbox off until cancelled; a failure is logged and tried again."""
        loop = asyncio.get_running_loop()
        # Not at once: a mall that loads its past does so in many requests.
        last_look = loop.time()
        while True:
            self._stored.clear()
            try:
                # In turns, so that new facts are booked also while the ledger catches up.
                while await self.book_once() + await self.follow_log():
                    if loop.time() - last_look > LOOK_S:
                        break
                await self.follow_plans()
                if loop.time() - last_look > LOOK_S:
                    last_look = loop.time()
                    await self.end_expired()
                    await self.end_expired_holds()
                    await self.close_periods()
                    continue
            except GraphError as fault:
                log.warning("outbox.failed", code=fault.code, reason=str(fault))
                await asyncio.sleep(IDLE_S)
            with suppress(TimeoutError):
                async with asyncio.timeout(IDLE_S):
                    await self._stored.wait()

    async def end_expired(self) -> None:
        """End bindings whose time has run out; takes no lock where there are none."""
        now = to_micros(self.clock())
        rows = await self.graph.read("referrals/list_expired", now=from_micros(now))
        if not rows[0]["memberIds"]:
            return

        async def work(transaction: Transaction) -> None:
            await end_expired(transaction, now)

        await self.graph.write_together(
            work, name="referrals/end_expired", timeout_s=BOOK_TIMEOUT_S
        )

    async def end_expired_holds(self) -> None:
        """End holds whose time has run out, and what they froze with them.

        Takes no lock where there are none.
        """
        now = self.clock()

        async def decide(transaction: Transaction) -> Sequence[object]:
            return await end_expired_holds(transaction, now)

        while await has_expired_holds(self.graph, now):
            await self.store_decided(decide, name="holds/end_expired")


async def open_pipeline(
    graph: Graph, tokeniser: Tokeniser, grace: timedelta = timedelta(0)
) -> Pipeline:
    """A pipeline that follows the plans that are activated already."""
    pipeline = Pipeline(graph, tokeniser, seed_plan(), grace=grace)
    await pipeline.follow_plans()
    return pipeline


def _facts(row: Row) -> list[Fact]:
    columns = zip(row["keys"], row["types"], row["times"], row["data"], strict=True)
    return [
        Fact(
            key=key,
            source="",
            event_id="",
            type=event_type,
            time=(moment := from_micros(time)),
            at=moment.isoformat(),
            data=json.loads(data),
            digest="",
            position=i,
        )
        for i, (key, event_type, time, data) in enumerate(columns)
    ]
