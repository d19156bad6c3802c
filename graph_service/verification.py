"""Is what is kept what it should be? Recounts teams and sales, and follows the ledger's chains."""

import json
from typing import Literal

from rich.console import Console

from graph_service.ledger.chain import Verdict, prove_ledger
from graph_service.ledger.months import MonthsVerdict, verify_months
from graph_service.pipeline import Pipeline
from graph_service.rewards.verify import Verification, verify_teams

Kept = Literal["all", "teams", "ledger"]
DIFFERENCES_SHOWN_MAX = 20


async def verify_graph(pipeline: Pipeline, what: Kept, console: Console, *, as_json: bool) -> bool:
    """Tell what was looked at and every difference; True if there is none.

    JSON holds what was recounted of teams and sales, the proof under `ledger`, and under `months`
    what is booked for closed months beside what their sales earn (null while the ledger is behind).
    """
    teams = await verify_teams(pipeline.graph, pipeline.plans) if what != "ledger" else None
    ledger = await prove_ledger(pipeline.graph) if what != "teams" else None
    months = None
    if what != "teams" and not await pipeline.behind():
        months = await verify_months(pipeline.graph.read, pipeline.plans)
    if as_json:
        print(json.dumps(_as_json(teams, ledger, months)))  # noqa: T201
    else:
        _show(teams, ledger, months, console)
    is_broken = ledger is not None and ledger.first_broken is not None
    differs = (teams and teams.differences) or (months and months.differing)
    return not is_broken and not differs


def _as_json(
    teams: Verification | None, ledger: Verdict | None, months: MonthsVerdict | None
) -> dict[str, object]:
    found: dict[str, object] = {}
    if teams is not None:
        differences = [vars(one) for one in teams.differences]
        found = {**vars(teams), "differences": differences}
    if ledger is not None:
        found["ledger"] = vars(ledger)
        found["months"] = months and vars(months)
    return found


def _show(
    teams: Verification | None,
    ledger: Verdict | None,
    months: MonthsVerdict | None,
    console: Console,
) -> None:
    if teams is not None:
        console.print(
            f"recounted {teams.members:,} members, {teams.orders:,} orders and "
            f"{teams.months:,} months: {len(teams.differences):,} differences"
        )
        for one in teams.differences[:DIFFERENCES_SHOWN_MAX]:
            console.print(f"  {one.what} {one.subject}: kept {one.kept}, is {one.recounted}")
    if ledger is not None:
        broken = ledger.first_broken
        word = "every entry is what it was" if broken is None else f"broken at {broken}"
        console.print(
            f"followed {ledger.entries:,} entries of {ledger.payees:,} payees: {word}",
            markup=False,
        )
    if months is not None:
        console.print(
            f"compared {months.sales:,} members' sales of closed months with their entries: "
            f"{len(months.differing):,} differ"
        )
        for key in months.differing[:DIFFERENCES_SHOWN_MAX]:
            console.print(f"  {key}", markup=False)
    elif ledger is not None:
        console.print("the ledger is behind what is stored: months are not compared")
