"""Which rules and kinds of alerts are silent about a member, and until when?

A silent rule holds nothing and opens no case. Alerts of a silent kind do not count in the member's
score and bring the member into no case; they are told as before.
"""

from datetime import datetime
from typing import Any, Final, get_args

from graph_service.cases.desk.working import Asker
from graph_service.cases.rules import RiskRules
from graph_service.errors import Invalid, MemberNotFound, NotFound
from graph_service.fraud.detectors.kinds import Kind
from graph_service.graph.session import Graph, Transaction
from graph_service.holds.placing import millis_of, spelled
from graph_service.ingest.facts import digest
from graph_service.pages import decode_cursor, encode_cursor

KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
SNOOZES_MAX: Final = 100
SILENCE_TIMEOUT_S: Final = 10.0


class SilenceNotFound(NotFound):
    """Nothing of this code is silent about the member."""

    code = "silence_not_found"


def silent_codes(rules: RiskRules) -> tuple[str, ...]:
    """What can be silenced: rules that do something, and kinds of alerts."""
    return (*sorted(rule.code for rule in rules.rules), *KINDS)


async def silence(
    graph: Graph,
    member_id: str,
    asker: Asker,
    rules: RiskRules,
    *,
    code: str,
    until: datetime,
    reason: str,
) -> None:
    """Let a rule or a kind of alert be silent about a member until then. A renewal takes the place

    of what was said before. Raises MemberNotFound, and Invalid where then is not later than now or
    there is no such code.
    """
    if until <= asker.now:
        raise Invalid("until: is not later than now")
    if code not in (known := silent_codes(rules)):
        raise Invalid(f"code: is none of {', '.join(known)}")

    async def work(transaction: Transaction) -> bool:
        rows = await transaction.run(
            "cases/place_snooze",
            snoozeId=_snooze_id(member_id, code),
            memberId=member_id,
            code=code,
            reason=reason,
            by=asker.name,
            placedMillis=millis_of(asker.now),
            untilMillis=millis_of(until),
        )
        return bool(rows)

    if not await graph.write_together(work, name="cases/silence", timeout_s=SILENCE_TIMEOUT_S):
        raise MemberNotFound(f"there is no member {member_id}")


async def end_silence(graph: Graph, member_id: str, code: str, asker: Asker) -> None:
    """Let it speak again from now on. Raises SilenceNotFound where it is not silent."""

    async def work(transaction: Transaction) -> bool:
        rows = await transaction.run(
            "cases/end_snooze",
            snoozeId=_snooze_id(member_id, code),
            by=asker.name,
            nowMillis=millis_of(asker.now),
        )
        return bool(rows)

    if not await graph.write_together(work, name="cases/end_silence", timeout_s=SILENCE_TIMEOUT_S):
        raise SilenceNotFound(f"{code} is not silent about {member_id}")


def _snooze_id(member_id: str, code: str) -> str:
    return f"snooze_{digest(f'{member_id} {code}')}"


async def list_silences(
    graph: Graph,
    member_id: str,
    now: datetime,
    *,
    limit: int = SNOOZES_MAX,
    cursor: str | None = None,
) -> tuple[list[dict[str, Any]], str | None]:
    """One page of what is silent about a member now, what ends first first, and the next cursor."""
    since, after = decode_cursor(cursor, (int, str)) if cursor else (0, "")
    rows = await graph.read(
        "cases/list_snoozes",
        memberId=member_id,
        nowMillis=millis_of(now),
        afterMillis=since,
        afterId=after,
        limit=limit + 1,
    )
    last = rows[limit - 1] if len(rows) > limit else None
    following = None if last is None else encode_cursor([last["untilMillis"], last["snoozeId"]])
    told = [
        {
            "snoozeId": row["snoozeId"],
            "memberId": member_id,
            "code": row["code"],
            "reason": row["reason"],
            "placedBy": row["placedBy"],
            "placedAt": spelled(row["placedMillis"]),
            "until": spelled(row["untilMillis"]),
        }
        for row in rows[:limit]
    ]
    return told, following
