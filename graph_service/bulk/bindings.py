"""Who invited whom, in memory? The plain first binding is settled here, the rest by the room."""

from bisect import insort
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from datetime import datetime
from heapq import heappop, heappush
from typing import Any, TypeVar, cast

from graph_service.bulk.mall import Mall
from graph_service.bulk.parsing import Record
from graph_service.clock import from_micros, to_micros
from graph_service.graph.session import Graph, Row, Transaction
from graph_service.ingest.facts import Fact, Problem
from graph_service.referrals.bindings import (
    CYCLE,
    LOCK,
    TOO_DEEP,
    Binding,
    binding_check,
    end_expired,
)
from graph_service.referrals.forest import DEPTH_MAX

T = TypeVar("T")
Answer = Callable[..., list[Row]]
BINDING_TYPES = frozenset({"member.joined", "referral.bound"})


class Memory(Transaction):
    """A transaction whose queries are answered from memory, by name. It is never committed."""

    def __init__(self, answers: Mapping[str, Answer]) -> None:
        super().__init__(cast(Graph, None), cast(Any, None))
        object.__setattr__(self, "answers", answers)

    async def run(self, name: str, /, **params: object) -> list[Row]:
        """The rows that the database would answer. Raises KeyError on a query not known here."""
        answers = cast("Mapping[str, Answer]", self.__dict__["answers"])
        return answers[name](**params)


def finished(work: Awaitable[T]) -> T:
    """What a coroutine returns that never has to wait, since memory answers it."""
    try:
        next(work.__await__())
    except StopIteration as end:
        return end.value
    raise AssertionError("memory answers at once")


def fact_of(record: Record) -> Fact:
    """The record as the rooms' own functions take it; what only storing needs is left empty."""
    position, kind, key, digest, at, micros, data, _ = record
    return Fact(key, "", "", kind, from_micros(micros), at, data, digest, position)


class Bindings:
    """Every member's bindings and the forest of those in force, as the database would hold them.

    sizes, directs: how many stand below a member, and right below.
    """

    def __init__(self, mall: Mall) -> None:
        self.mall = mall
        self.histories: dict[str, list[Binding]] = {}
        self.inviters: dict[str, str] = {}
        self.sizes: dict[str, int] = {}
        self.directs: dict[str, int] = {}
        # Whom a member ever invited, also where that has ended.
        self.below: dict[str, dict[str, None]] = {}
        self._expiries: list[tuple[int, str]] = []
        self.answers: Mapping[str, Answer] = {
            "graph/lock_name": _lock_name,
            "referrals/list_expired": self._list_expired,
            "referrals/read_bindings": self._read_bindings,
            "referrals/read_forest": self._read_forest,
            "referrals/read_subtree": self._read_subtree,
        }
        self.writes: Mapping[str, Answer] = {
            "referrals/remove_bindings": self._remove_bindings,
            "referrals/bind_members": self._bind_members,
            "referrals/record_ended_bindings": self._bind_members,
            "referrals/add_team_counts": self._add_team_counts,
        }
        self._memory = Memory(self.answers)
        self._ending = Memory({**self.answers, **self.writes})

    def begin_round(self, now: int) -> None:
        """End what has expired by now (us), as a batch that binds somebody would."""
        self.mall.locks[LOCK] += 1
        if self._expiries and self._expiries[0][0] <= now:
            finished(end_expired(self._ending, now))

    def bind(self, record: Record, now: int) -> Problem | None:
        """Bind as this fact asks; why not, if it is refused. now: us."""
        data = record[6]
        member_id, inviter_id = data["memberId"], data["inviterId"]
        if member_id == inviter_id:
            return CYCLE
        mode = data.get("mode", "first")
        if mode != "override" and member_id in self.inviters:
            return None
        if mode == "expiring" or member_id in self.histories or self.sizes.get(member_id):
            return self._bind_otherwise(record, now)
        # Nobody is below the member, so no loop can close and only the way up may be too long.
        above = [inviter_id, *self.above(inviter_id)]
        if len(above) > DEPTH_MAX:
            return TOO_DEEP
        for one in above:
            self.sizes[one] = self.sizes.get(one, 0) + 1
        self.directs[inviter_id] = self.directs.get(inviter_id, 0) + 1
        self._add(member_id, Binding(inviter_id, record[5], mode, now))
        return None

    def _bind_otherwise(self, record: Record, now: int) -> Problem | None:
        fact = fact_of(record)
        check = binding_check(lambda: from_micros(now))
        admission = finished(check(self._memory, [fact]))
        if fact.key in admission.rejected:
            return admission.rejected[fact.key]
        for query, params in admission.writes:
            self.writes[query](**params)
        return None

    def _add(self, member_id: str, binding: Binding) -> None:
        self.histories.setdefault(member_id, []).append(binding)
        self.below.setdefault(binding.inviter_id, {})[member_id] = None
        if binding.until is None:
            self.inviters[member_id] = binding.inviter_id
            if binding.expires_at is not None:
                heappush(self._expiries, (binding.expires_at, member_id))

    # --- questions ---

    def above(self, member_id: str) -> Iterator[str]:
        """Who stands above a member now, nearest first."""
        current = self.inviters.get(member_id)
        while current is not None:
            yield current
            current = self.inviters.get(current)

    def inviter_at(self, member_id: str, at: int) -> str | None:
        """Whose binding was in force at a time (us); of several the latest, then the least id."""
        history = self.histories.get(member_id)
        if history is None:
            return None
        if len(history) == 1:
            return history[0].inviter_id if _covers(history[0], at) else None
        found = [(-one.since, one.inviter_id) for one in history if _covers(one, at)]
        return min(found)[1] if found else None

    def uplines_at(self, member_id: str, at: int) -> list[str]:
        """Who stood above a member at a time (us), nearest first, up to where a loop begins."""
        found: list[str] = []
        current = self.inviter_at(member_id, at)
        while current is not None and current != member_id and current not in found:
            found.append(current)
            current = self.inviter_at(current, at)
        return found

    def ever_below(self, member_id: str) -> Iterator[str]:
        """The member and everybody who ever stood below, also by bindings that have ended."""
        met = {member_id}
        waiting = [member_id]
        while waiting:
            current = waiting.pop()
            yield current
            for one in self.below.get(current, ()):
                if one not in met:
                    met.add(one)
                    waiting.append(one)

    # --- the room's queries ---

    def _list_expired(self, *, now: datetime) -> list[Row]:
        found: list[str] = []
        micros = to_micros(now)
        while self._expiries and self._expiries[0][0] <= micros:
            expires_at, member_id = heappop(self._expiries)
            ends = [one.expires_at for one in self.histories[member_id] if one.until is None]
            # The binding may have been replaced meanwhile.
            if ends == [expires_at] and member_id not in found:
                insort(found, member_id)
        return [{"memberIds": found}]

    def _read_bindings(self, *, memberIds: Sequence[str]) -> list[Row]:  # noqa: N803
        return [
            {
                "memberId": member_id,
                "inviterId": one.inviter_id,
                "since": one.since,
                "until": one.until,
                "recordedAt": one.recorded_at,
                "expiresAt": one.expires_at,
                "mode": one.mode,
            }
            for member_id in memberIds
            for one in sorted(
                self.histories.get(member_id, ()),
                key=lambda one: (one.recorded_at, one.since, one.inviter_id),
            )
        ]

    def _read_forest(self, *, memberIds: Sequence[str]) -> list[Row]:  # noqa: N803
        found: dict[str, None] = {}
        for member_id in memberIds:
            for one in (member_id, *self.above(member_id)):
                if one in found:
                    break
                found[one] = None
        return [
            {
                "memberIds": list(found),
                "inviterIds": [self.inviters.get(one, "") for one in found],
                "sizes": [self.sizes.get(one, 0) for one in found],
            }
        ]

    def _read_subtree(self, *, memberIds: Sequence[str]) -> list[Row]:  # noqa: N803
        found: dict[str, str] = {}
        waiting = list(memberIds)
        while waiting:
            current = waiting.pop()
            for one in self.below.get(current, ()):
                if self.inviters.get(one) == current and one not in found:
                    found[one] = current
                    waiting.append(one)
        return [{"memberIds": list(found), "inviterIds": list(found.values())}]

    def _remove_bindings(self, *, memberIds: Sequence[str]) -> list[Row]:  # noqa: N803
        for member_id in memberIds:
            self.histories.pop(member_id, None)
            self.inviters.pop(member_id, None)
        return []

    def _bind_members(self, *, rows: Sequence[Row]) -> list[Row]:
        for row in rows:
            binding = Binding(
                inviter_id=row["inviterId"],
                since=to_micros(row["since"]),
                mode=row["mode"],
                recorded_at=to_micros(row["recordedAt"]),
                expires_at=None if row["expiresAt"] is None else to_micros(row["expiresAt"]),
                until=None if row["until"] is None else to_micros(row["until"]),
            )
            self._add(row["memberId"], binding)
        return []

    def _add_team_counts(self, *, rows: Sequence[Row]) -> list[Row]:
        for row in rows:
            member_id = row["memberId"]
            self.sizes[member_id] = self.sizes.get(member_id, 0) + row["team"]
            self.directs[member_id] = self.directs.get(member_id, 0) + row["direct"]
        return []

    # --- the end ---

    def write(self) -> None:
        """Write every binding."""
        names = {
            kind: self.mall.sheets.relationships(kind, "Member", "Member")
            for kind in ("REFERRED", "FORMERLY_REFERRED")
        }
        members = self.mall.members
        for member_id, history in self.histories.items():
            for one in history:
                ends = (members[one.inviter_id], members[member_id])
                recorded_at, expires_at = _text(one.recorded_at), _text(one.expires_at)
                if one.until is None:
                    sheet, times = names["REFERRED"], (_text(one.since),)
                else:
                    sheet = names["FORMERLY_REFERRED"]
                    times = (_text(one.since), _text(one.until))
                sheet.row(*ends, *times, recorded_at, one.mode, expires_at)

    def head_counts(self) -> dict[str, tuple[int, int]]:
        """Direct and team counts of all who ever invited."""
        return {one: (self.directs.get(one, 0), self.sizes.get(one, 0)) for one in self.below}


def _covers(one: Binding, at: int) -> bool:
    end = one.expires_at if one.until is None else one.until
    return one.since <= at and (end is None or end > at)


def _text(micros: int | None) -> str | None:
    return None if micros is None else from_micros(micros).isoformat()


def _lock_name(*, name: str) -> list[Row]:
    """Nobody else is here; how often the lock is taken is counted per round, as it is online."""
    assert name == LOCK
    return []
