"""Binding a member to the one who invited them: one at most, no loops, history kept.

Competing bindings are settled by arrival: `first` and `expiring` do nothing while any binding is
in force, `override` takes over from its own time on. A member's bindings are intervals that never
overlap, so at any moment a member has at most one inviter.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from graph_service.clock import Clock, from_micros, micros_of, to_micros
from graph_service.graph.session import Row, Transaction
from graph_service.ingest.facts import Fact, Problem
from graph_service.ingest.store import Admission, Check
from graph_service.referrals.forest import DEPTH_MAX, Forest

LOCK = "referrals"
CYCLE = Problem("referral_cycle", "the inviter is the member or stands below the member")
TOO_DEEP = Problem(
    "referral_too_deep", f"the tree of invitations would be deeper than {DEPTH_MAX} levels"
)


@dataclass(frozen=True)
class Binding:
    """One interval [since, until) of one member (us since 1970); until None: in force."""

    inviter_id: str
    since: int
    mode: str
    recorded_at: int
    expires_at: int | None = None
    until: int | None = None


@dataclass(frozen=True)
class Wanted:
    """A binding that a fact asks for."""

    key: str
    member_id: str
    binding: Binding


def binding_check(clock: Clock) -> Check:
    """The check of facts that bind: takes the lock, refuses loops, plans the writes."""

    async def check(transaction: Transaction, facts: Sequence[Fact]) -> Admission:
        now = to_micros(clock())
        wanted = [item for fact in facts if (item := _wanted(fact, now))]
        if not wanted:
            return Admission()
        await transaction.run("graph/lock_name", name=LOCK)
        return await _admit(transaction, wanted, now)

    return check


async def end_expired(transaction: Transaction, now: int) -> None:
    """End the bindings whose time has run out (now: us). Takes the lock."""
    await transaction.run("graph/lock_name", name=LOCK)
    admission = await _admit(transaction, [], now)
    for query, params in admission.writes:
        await transaction.run(query, **params)


def _wanted(fact: Fact, now: int) -> Wanted | None:
    inviter_id = fact.data.get("inviterId")
    if inviter_id is None or fact.type not in ("member.joined", "referral.bound"):
        return None
    expires_at = fact.data.get("expiresAt")
    binding = Binding(
        inviter_id=inviter_id,
        since=to_micros(fact.time),
        mode=fact.data.get("mode", "first"),
        recorded_at=now,
        expires_at=None if expires_at is None else micros_of(expires_at),
    )
    return Wanted(fact.key, fact.data["memberId"], binding)


async def _admit(transaction: Transaction, wanted: Sequence[Wanted], now: int) -> Admission:
    expired = (await transaction.run("referrals/list_expired", now=from_micros(now)))[0]
    bound = sorted({item.member_id for item in wanted} | set(expired["memberIds"]))
    named = sorted(set(bound) | {item.binding.inviter_id for item in wanted})
    bindings = await _read_bindings(transaction, bound)
    forest = Forest.of_rows(await transaction.run("referrals/read_forest", memberIds=named))
    changed: set[str] = set()
    for member_id in expired["memberIds"]:
        bindings[member_id] = ended(bindings[member_id], now)
        forest.detach(member_id)
        changed.add(member_id)
    rejected: dict[str, Problem] = {}
    for item in wanted:
        if item.member_id == item.binding.inviter_id:
            rejected[item.key] = CYCLE
            continue
        before = bindings.get(item.member_id, [])
        after = with_binding(before, item.binding, now)
        if after == before:
            continue
        if after[-1].until is None:
            await _load_below(transaction, forest, item)
            problem = _attach(forest, item.member_id, item.binding.inviter_id)
            if problem is not None:
                rejected[item.key] = problem
                continue
        bindings[item.member_id] = after
        changed.add(item.member_id)
    return Admission(rejected, _writes(bindings, changed, forest))


def with_binding(before: list[Binding], new: Binding, now: int) -> list[Binding]:
    """The member's intervals after this binding; the same list if it has no effect."""
    if new.mode == "override":
        cut = [
            replace(one, until=max(one.since, new.since))
            if one.until is None or one.until > new.since
            else one
            for one in before
        ]
        return [*cut, new]
    if any(one.until is None for one in before):
        return before
    since = max([new.since, *(one.until or 0 for one in before)])
    if new.expires_at is not None and new.expires_at <= since:
        return before
    started = replace(new, since=since)
    return [*before, *ended([started], now)]


def ended(bindings: Iterable[Binding], now: int) -> list[Binding]:
    """The intervals with those closed whose time has run out."""
    return [
        replace(one, until=one.expires_at)
        if one.until is None and one.expires_at is not None and one.expires_at <= now
        else one
        for one in bindings
    ]


def _attach(forest: Forest, member_id: str, inviter_id: str) -> Problem | None:
    """Hang the member under the inviter, or say why not and leave the forest as it was."""
    if forest.is_above(member_id, inviter_id):
        return CYCLE
    if forest.depth(inviter_id) + 1 + forest.height(member_id) > DEPTH_MAX:
        return TOO_DEEP
    forest.detach(member_id)
    forest.attach(member_id, inviter_id)
    return None


async def _load_below(transaction: Transaction, forest: Forest, item: Wanted) -> None:
    """Read the member's team only where its height might matter."""
    least = forest.depth(item.binding.inviter_id) + 1 + forest.size(item.member_id)
    if least > DEPTH_MAX and not forest.knows_below(item.member_id):
        tops = sorted({item.member_id, *forest.known_below(item.member_id)})
        rows = await transaction.run("referrals/read_subtree", memberIds=tops)
        forest.add_below(item.member_id, rows[0]["memberIds"], rows[0]["inviterIds"])


async def _read_bindings(
    transaction: Transaction, member_ids: list[str]
) -> dict[str, list[Binding]]:
    found: dict[str, list[Binding]] = {}
    for row in await transaction.run("referrals/read_bindings", memberIds=member_ids):
        binding = Binding(
            inviter_id=row["inviterId"],
            since=row["since"],
            mode=row["mode"],
            recorded_at=row["recordedAt"],
            expires_at=row["expiresAt"],
            until=row["until"],
        )
        found.setdefault(row["memberId"], []).append(binding)
    return found


def _writes(
    bindings: dict[str, list[Binding]], changed: set[str], forest: Forest
) -> list[tuple[str, dict[str, object]]]:
    if not changed:
        return []
    rows = [_row(member_id, one) for member_id in sorted(changed) for one in bindings[member_id]]
    writes: list[tuple[str, dict[str, object]]] = [
        ("referrals/bind_members", {"rows": [row for row in rows if row["until"] is None]}),
        ("referrals/record_ended_bindings", {"rows": [row for row in rows if row["until"]]}),
        ("referrals/add_team_counts", {"rows": forest.count_changes()}),
    ]
    removed: dict[str, object] = {"memberIds": sorted(changed)}
    present = [write for write in writes if write[1]["rows"]]
    return [("referrals/remove_bindings", removed), *present]


def _row(member_id: str, one: Binding) -> Row:
    return {
        "memberId": member_id,
        "inviterId": one.inviter_id,
        "since": from_micros(one.since),
        "mode": one.mode,
        "recordedAt": from_micros(one.recorded_at),
        "expiresAt": None if one.expires_at is None else from_micros(one.expires_at),
        "until": None if one.until is None else from_micros(one.until),
    }
