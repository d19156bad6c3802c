"""Is what is kept what it should be? Recounts teams and sales, and follows the ledger's chains."""

import json
from typing import Literal

from rich.console import Console

from graph_service.ledger.chain import Verdict, prove_ledger
from graph_service.pipeline import Pipeline
from graph_service.rewards.verify import Verification, verify_teams

Kept = Literal["all", "teams", "ledger"]
DIFFERENCES_SHOWN_MAX = 20


async def verify_graph(pipeline: Pipeline, what: Kept, console: Console, *, as_json: bool) -> bool:
    """Tell what was looked at and every difference; True if there is none.

    JSON holds what was recounted of teams and sales, and the proof under `ledger`.
    """
    teams = await verify_teams(pipeline.graph, pipeline.plans) if what != "ledger" else None
    ledger = await prove_ledger(pipeline.graph) if what != "teams" else None
    if as_json:
        print(json.dumps(_as_json(teams, ledger)))  # noqa: T201
    else:
        _show(teams, ledger, console)
    is_broken = ledger is not None and ledger.first_broken is not None
    return not is_broken and not (teams and teams.differences)


def _as_json(teams: Verification | None, ledger: Verdict | None) -> dict[str, object]:
    found: dict[str, object] = {}
    if teams is not None:
        differences = [vars(one) for one in teams.differences]
        found = {**vars(teams), "differences": differences}
    if ledger is not None:
        found["ledger"] = vars(ledger)
    return found


def _show(teams: Verification | None, ledger: Verdict | None, console: Console) -> None:
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
