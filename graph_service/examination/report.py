"""What did an examination show, as a table and as JSON?"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from statistics import mean
from typing import Any

from rich.console import Console
from rich.table import Table

from graph_service.examination.judging import Judgement, deviation, together, wilson

# The goals of recall hold up to this camouflage. Source: fraud.md, "How it is judged" 4.
POOLED_MAX = 0.5
PERCENT = 100.0


def pooled_of(found: Mapping[float, Judgement]) -> tuple[str, Judgement] | None:
    """What all malls up to POOLED_MAX are called, and their judgement as one; None without any.

    found: as many malls at each camouflage. Those of one place count as one mall, since the malls
    of one seed are alike but for the frauds: as several they would differ too little.
    """
    hidden = [at for at in found if at <= POOLED_MAX]
    if not hidden:
        return None
    low, high = min(hidden), max(hidden)
    name = f"{low:g}" if low == high else f"{low:g} to {high:g}"
    alike = zip(*(found[at].each for at in hidden), strict=True)
    malls = tuple(replace(together(one), malls=()) for one in alike)
    return name, replace(together(found[at] for at in hidden), malls=malls)


def answer_of(found: Mapping[float, Judgement]) -> dict[str, Any]:
    """The judgement at each camouflage as JSON, and that of all up to POOLED_MAX as pooled."""
    answer: dict[str, Any] = {f"{at:g}": one.body() for at, one in found.items()}
    pooled = pooled_of(found)
    if pooled is not None:
        hidden = [at for at in found if at <= POOLED_MAX]
        answer["pooled"] = {"camouflages": hidden, **pooled[1].body()}
    return answer


def show_judgements(found: Mapping[float, Judgement], console: Console) -> None:
    """Print what was found at each camouflage, and of all up to POOLED_MAX with its interval."""
    kinds = sorted({group.kind for one in found.values() for group in one.groups})
    pooled = pooled_of(found)
    columns = list(found.values())
    heads = [f"{at:g}" for at in found]
    if pooled is not None:
        heads.append(f"{pooled[0]}: right kind")
        columns.append(pooled[1])
    table = Table("found (any kind) of", *heads, box=None)
    for kind in kinds:
        cells = [_cell(one, kind) for one in found.values()]
        if pooled is not None:
            cells.append(_interval(pooled[1], kind))
        table.add_row(kind, *cells)
    table.add_row(
        "false alerts per 10,000", *(_spread(one, _false_per_10_000, 1) for one in columns)
    )
    table.add_row("honest accused %", *(_spread(one, _accused_percent, 3) for one in columns))
    console.print(table)
    notes: list[str] = []
    if pooled is not None:
        notes.append("In brackets after a percentage: its 95 % interval (Wilson).")
    malls = [len(one.each) for one in columns]
    if max(malls, default=0) > 1:
        last = "" if pooled is None else "; in the last column each seed counts once"
        notes.append(f"±: standard deviation over {malls[0]} malls{last}.")
    for note in notes:
        console.print(note, highlight=False, markup=False)


def _cell(judgement: Judgement, kind: str) -> str:
    hits, of = judgement.recall().get(kind, (0, 0))
    any_kind, _ = judgement.recall(any_kind=True).get(kind, (0, 0))
    return f"{hits} ({any_kind}) of {of}" if of else "-"


def _interval(judgement: Judgement, kind: str) -> str:
    hits, of = judgement.recall().get(kind, (0, 0))
    if not of:
        return "-"
    low, high = (PERCENT * one for one in wilson(hits, of))
    return f"{hits} of {of}: {PERCENT * hits / of:.0f} % ({low:.0f} to {high:.0f})"


def _spread(judgement: Judgement, figure: Callable[[Judgement], float], digits: int) -> str:
    """The mean over malls, and how they differ where there are several."""
    values = [figure(one) for one in judgement.each]
    spread = deviation(values)
    told = f"{mean(values):.{digits}f}"
    return told if spread is None else f"{told} ± {spread:.{digits}f}"


def _false_per_10_000(judgement: Judgement) -> float:
    return judgement.false_per_10_000


def _accused_percent(judgement: Judgement) -> float:
    return judgement.accused_percent
