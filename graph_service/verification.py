"""Is what is kept what it should be? Recounts what is kept, and proves the ledger."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from rich.console import Console

from graph_service.identity.standings import verify_persons
from graph_service.ledger.chain import Verdict, prove_ledger
from graph_service.ledger.months import MonthsVerdict, verify_months
from graph_service.pipeline import Pipeline
from graph_service.rewards.verify import Verification, verify_teams
from graph_service.wallets.verify import verify_wallets

Kept = Literal["all", "teams", "ledger", "persons"]
DIFFERENCES_SHOWN_MAX = 20


async def verify_graph(pipeline: Pipeline, what: Kept, console: Console, *, as_json: bool) -> bool:
    """Tell what was looked at and every difference; True if there is none.

    JSON holds what was recounted of teams and sales, the proof under `ledger`, under `months` what
    is booked for closed months beside what their sales earn (null while the ledger is behind),
    under `wallets` and `persons` how many were compared and which differ.
    """
    graph, all_of_it = pipeline.graph, what == "all"
    teams = ledger = months = None
    compared: dict[str, Compared] = {}
    if all_of_it or what == "teams":
        teams = await verify_teams(graph, pipeline.plans)
    if all_of_it or what == "ledger":
        ledger = await prove_ledger(graph)
        compared["wallets"] = Compared(*await verify_wallets(graph.read))
        if not await pipeline.behind():
            months = await verify_months(graph.read, pipeline.plans)
    if all_of_it or what == "persons":
        compared["persons"] = Compared(*await verify_persons(graph))
    if as_json:
        print(json.dumps(_as_json(teams, ledger, months, compared)))  # noqa: T201
    else:
        _show(teams, ledger, months, console)
        _show_compared(compared, console)
    is_broken = ledger is not None and ledger.first_broken is not None
    differs = (teams and teams.differences) or (months and months.differing)
    return not is_broken and not differs and not any(one.differing for one in compared.values())


@dataclass(frozen=True)
class Compared:
    """How many things were compared with what they follow from, and which differ."""

    count: int
    differing: Sequence[str]


def _as_json(
    teams: Verification | None,
    ledger: Verdict | None,
    months: MonthsVerdict | None,
    compared: Mapping[str, Compared],
) -> dict[str, object]:
    found: dict[str, object] = {}
    if teams is not None:
        differences = [vars(one) for one in teams.differences]
        found = {**vars(teams), "differences": differences}
    if ledger is not None:
        found["ledger"] = vars(ledger)
        found["months"] = months and vars(months)
    found.update((name, vars(one)) for name, one in compared.items())
    return found


def _show_compared(compared: Mapping[str, Compared], console: Console) -> None:
    told = {
        "wallets": "wallets with their entries",
        "persons": "members who may be one person with others with what is known of them",
    }
    for name, one in compared.items():
        console.print(f"compared {one.count:,} {told[name]}: {len(one.differing):,} differ")
        for key in one.differing[:DIFFERENCES_SHOWN_MAX]:
            console.print(f"  {key}", markup=False)


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
