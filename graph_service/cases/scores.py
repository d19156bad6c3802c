"""How risky is a member, and what follows? Scores as facts; holds and cases by the rules."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from graph_service.cases.desk.inbox import RULE, NewCase, open_case
from graph_service.cases.rules import SCORE_DECIMALS, Level, RiskRule, RiskRules
from graph_service.clock import from_micros
from graph_service.errors import Conflict, MemberNotFound
from graph_service.graph.session import Graph, Row, Transaction
from graph_service.holds.placing import NewHold, link_to_case, millis_of, place_hold, spelled
from graph_service.holds.reading import list_holds
from graph_service.ids import new_id
from graph_service.ingest.facts import Fact, canonical, digest, own_fact
from graph_service.ingest.store import record_own_facts

# Who says so: a search for fraud.
SCAN: Final = "scan"
MODEL_REASON: Final = ("feature", "value", "percentile", "contribution")
STORE_TIMEOUT_S = 10.0
HOLDS_SHOWN_MAX = 500


class ScoreDiffers(Conflict):
    """The same idempotencyId recorded another score."""

    code = "score_differs"


@dataclass(frozen=True)
class RiskScore:
    """How risky somebody says that a member is. score: 0 to 1. reasons: feature, value, text."""

    member_id: str
    score: Decimal
    source: str
    model: str | None = None
    reasons: Sequence[Mapping[str, Any]] = ()

    def data(self) -> dict[str, Any]:
        """What is recorded of it."""
        told = {
            "memberId": self.member_id,
            "score": decimal_text(self.score),
            "source": self.source,
            "model": self.model,
            "reasons": [dict(one) for one in self.reasons],
        }
        return {name: value for name, value in told.items() if value is not None}


def decimal_text(value: Decimal) -> str:
    """A decimal in its shortest plain spelling."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


async def record_score(
    graph: Graph, score: RiskScore, rules: RiskRules, now: datetime, idempotency_id: str | None
) -> None:
    """Record a score with all that the rules make of it, in one transaction, and once.

    Raises MemberNotFound, and ScoreDiffers where the id recorded something else.
    """
    name = digest(canonical([score.member_id, idempotency_id or new_id()]))
    # As precise as what is kept beside it.
    at = from_micros(1_000 * millis_of(now))
    fact = own_fact("risk.scored", f"risk.scored {name}", at, score.data())

    async def work(transaction: Transaction) -> None:
        # Scores of one member take their turns, so that a rule sees what the one before did.
        held = await transaction.run("cases/lock_member", memberId=score.member_id, batch=new_id())
        if not held:
            raise MemberNotFound(f"there is no member {score.member_id}")
        if not await record_own_facts(transaction, [fact]):
            rows = await transaction.run("cases/read_fact", key=fact.key)
            if json.loads(rows[0]["data"]) != fact.data:
                raise ScoreDiffers(f"the idempotencyId {idempotency_id} recorded another score")
            return
        await transaction.run(
            "cases/store_score",
            memberId=score.member_id,
            score=fact.data["score"],
            level=rules.levels.of(score.score),
            atMillis=millis_of(at),
            key=fact.key,
        )
        await _apply(transaction, rules.speaking(score.score), fact)

    await graph.write_together(work, name="cases/record_score", timeout_s=STORE_TIMEOUT_S)


async def clear_scores(
    transaction: Transaction,
    member_ids: Sequence[str],
    case_id: str,
    reason: str,
    at: datetime,
    *,
    number: int = 1,
) -> None:
    """Who was cleared is of no risk until a later score says otherwise.

    number: of the decision, among those of the case.
    """
    named = f"risk.scored {case_id}" + (f" {number}" if number > 1 else "")
    for member_id in sorted(member_ids):
        reasons = [{"feature": "case", "value": case_id, "text": reason}]
        score = RiskScore(member_id, Decimal(0), source="case", reasons=reasons)
        fact = own_fact("risk.scored", f"{named} {member_id}", at, score.data())
        await record_own_facts(transaction, [fact])
        await transaction.run(
            "cases/store_score",
            memberId=member_id,
            score=fact.data["score"],
            level="clear",
            atMillis=millis_of(at),
            key=fact.key,
        )


async def _apply(transaction: Transaction, rules: Sequence[RiskRule], fact: Fact) -> None:
    """Do what these rules say of a score."""
    if not rules:
        return
    rows = await transaction.run(
        "cases/read_standings",
        memberId=fact.data["memberId"],
        codes=[rule.code for rule in rules],
        nowMillis=millis_of(fact.time),
    )
    standings = {row["code"]: row for row in rows}
    for rule in rules:
        if not standings[rule.code]["silent"]:
            await _act(transaction, rule, standings[rule.code], fact)


async def _act(transaction: Transaction, rule: RiskRule, standing: Row, fact: Fact) -> None:
    """Place the rule's hold and open its case, but for what stands already.

    A hold in force without an open case was left so by a decision: nobody is asked again.
    """
    case_id: str | None = standing["caseId"]
    if rule.do.open_case and case_id is None and not standing["held"]:
        case_id = await _open_case(transaction, rule, fact)
    if rule.do.hold is not None and not standing["held"]:
        expires_at = rule.do.hold.expires_at(fact.time)
        wanted = NewHold(
            hold_id=f"hold_{digest(f'{rule.code} {fact.key}')}",
            member_id=fact.data["memberId"],
            kind="score",
            code=rule.code,
            reason=rule.reason,
            placed_by=RULE,
            expires_ms=None if expires_at is None else millis_of(expires_at),
            case_id=case_id,
        )
        await place_hold(transaction, wanted, fact.time)
    if case_id is not None:
        await link_to_case(transaction, [fact], case_id)


async def _open_case(transaction: Transaction, rule: RiskRule, fact: Fact) -> str:
    new = NewCase(
        case_id=f"case_{digest(f'{rule.code} {fact.key}')}",
        code=rule.code,
        reason=rule.reason,
        opened_by=RULE,
        member_ids=(fact.data["memberId"],),
        score=float(fact.data["score"]),
    )
    await open_case(transaction, new, fact.time)
    return new.case_id


@dataclass(frozen=True)
class Standing:
    """What is said of one account: data of the risk.scored that stands, and what a model says.

    A model's part joins that of a scan's alerts as an independent sign, 1 - (1 - a)(1 - b). Where
    somebody else scored the account last, a person who cleared it above all, that stands alone.
    """

    member_id: str
    data: Mapping[str, Any]
    at: str | None
    model: Mapping[str, Any] | None

    @property
    def is_joined(self) -> bool:
        """Whether the model's part counts."""
        return self.model is not None and self.data.get("source", SCAN) == SCAN

    @property
    def score(self) -> Decimal | None:
        """Both parts joined; None where nobody says anything."""
        told = Decimal(self.data["score"]) if self.data else None
        if self.model is None or not self.is_joined:
            return told
        left = (1 - (told or Decimal(0))) * (1 - Decimal(self.model["score"]))
        return round(1 - left, SCORE_DECIMALS)

    def level(self, rules: RiskRules) -> Level:
        """By what alerts and others say; what a model says beyond that is watched, and no more."""
        firm = rules.levels.of(Decimal(self.data["score"]) if self.data else None)
        return "watch" if firm == "clear" != rules.levels.of(self.score) else firm

    def body(self, rules: RiskRules) -> dict[str, Any]:
        """As it is told."""
        told, model, score = self.data, self.model, self.score
        joined = model if self.is_joined else None
        pattern = {
            "score": told.get("score"),
            "scoredAt": self.at,
            "source": told.get("source"),
            "model": told.get("model"),
            "reasons": reasons_of(told),
        }
        more = [] if joined is None else [_short(one) for one in joined["reasons"]]
        return {
            "score": None if score is None else decimal_text(score),
            "level": self.level(rules),
            "reasons": [*reasons_of(told), *more],
            "scoredMemberId": None if score is None else self.member_id,
            "scoredAt": self.at or (joined["scoredAt"] if joined else None),
            "source": told.get("source") or (SCAN if joined else None),
            "model": told.get("model") or (joined["model"] if joined else None),
            "components": {"pattern": pattern if told else None, "model": model},
        }


def standing_of(row: Row) -> Standing:
    """What a row of read_risk says of an account."""
    model: dict[str, Any] | None = None
    if row["model"] is not None:
        model = {
            "score": decimal_text(round(Decimal(str(row["model"])), SCORE_DECIMALS)),
            "scoredAt": spelled(row["modelMillis"]),
            "source": SCAN,
            "model": row["modelVersion"],
            "reasons": [
                {**{name: one[name] for name in MODEL_REASON}, "text": f"{one['zh']} / {one['en']}"}
                | {"textZh": one["zh"], "textEn": one["en"]}
                for one in json.loads(row["modelReasons"])
            ],
        }
    data: dict[str, Any] = {} if row["data"] is None else json.loads(row["data"])
    return Standing(row["memberId"], data, spelled(row["atMillis"]), model)


def _short(reason: Mapping[str, Any]) -> dict[str, Any]:
    return {name: reason[name] for name in ("feature", "value", "text")}


async def read_risk(
    graph: Graph, member_id: str, rules: RiskRules, now: datetime
) -> dict[str, Any]:
    """The greatest score of the person's accounts with its reasons, and the holds in force.

    Raises MemberNotFound.
    """
    rows = await graph.read("cases/read_risk", memberId=member_id)
    if not rows:
        raise MemberNotFound(f"there is no member {member_id}")
    found = [standing_of(row) for row in rows]
    best = max(found, key=lambda one: Decimal(-1) if one.score is None else one.score)
    now_ms = millis_of(now)
    holds, _ = await list_holds(
        graph, now_ms, member_id=member_id, active=True, limit=HOLDS_SHOWN_MAX
    )
    return {
        "memberId": member_id,
        **best.body(rules),
        "holds": [hold.body(now_ms) for hold in holds],
        "alertIds": rows[0]["alertIds"],
    }


def reasons_of(data: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The reasons in the data of a risk.scored, each with its value or null."""
    return [{"value": None, **one} for one in data.get("reasons", [])]
