"""The grid of planted rings, as a table and as JSON."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np
from rich.table import Table

from graph_service.evaluation.injection import (
    GRID,
    Cell,
    Injected,
    Trial,
    named_users,
    read_reviews,
    try_cell,
)
from graph_service.processes import peak_memory_mib

# The seeds of what is reported; the search was built while looking at others.
SEED = 20_261_126
TRIALS = 5


@dataclass(frozen=True)
class Score:
    """Mean and standard deviation over trials."""

    mean: float
    sd: float


@dataclass(frozen=True)
class CellScores:
    """F1 of users by procedure; copurchase: of two and three common products the better.

    false_users: honest users that ours names, mean of the trials.
    """

    cell: Cell
    ours: Score
    fraudar: Score
    unweighted: Score
    copurchase: Score
    copurchase_common: int
    false_users: float


@dataclass(frozen=True)
class InjectionReport:
    """The whole surface. honest_users_named: by our search in the file as it is."""

    cells: tuple[CellScores, ...]
    identity: float | None
    trials: int
    seed: int
    honest_users_named: int
    seconds: float
    peak_mib: float


def evaluate_injection(
    path: Path,
    *,
    identity: float | None = None,
    trials: int = TRIALS,
    seed: int = SEED,
    cells: Sequence[Cell] = GRID,
    progress: Callable[[int, int], None] | None = None,
) -> InjectionReport:
    """Plant rings of every cell among the reviews of a file and look for them, some minutes.

    identity: the part of ring members that share tokens. progress: told done and all trials.
    Raises ReviewsInvalid or NotFound where the file does not do.
    """
    started = monotonic()
    reviews = read_reviews(path)
    named = named_users(Injected(reviews, np.zeros(reviews.row_count, bool)))
    scores: list[CellScores] = []
    for number, cell in enumerate(cells):
        done: list[Trial] = []
        for trial in range(trials):
            generator = np.random.default_rng(cell.seeds(seed, trial))
            done.append(try_cell(reviews, cell, generator=generator, identity=identity))
            if progress is not None:
                progress(number * trials + trial + 1, len(cells) * trials)
        scores.append(_scores(cell, done))
    return InjectionReport(
        tuple(scores), identity, trials, seed, len(named), monotonic() - started, peak_memory_mib()
    )


def _scores(cell: Cell, done: Sequence[Trial]) -> CellScores:
    two = _score([one.copurchase_two for one in done])
    three = _score([one.copurchase_three for one in done])
    return CellScores(
        cell,
        _score([one.ours for one in done]),
        _score([one.fraudar for one in done]),
        _score([one.unweighted for one in done]),
        two if two.mean > three.mean else three,
        2 if two.mean > three.mean else 3,
        float(np.mean([one.false_users for one in done])),
    )


def _score(values: Sequence[float]) -> Score:
    spread = float(np.std(values, ddof=1)) if len(values) > 1 else 0.0
    return Score(float(np.mean(values)), spread)


def report_json(report: InjectionReport) -> dict[str, Any]:
    """The report as `evaluate --injection --json` prints it."""
    return {
        "cells": [_cell_json(one) for one in report.cells],
        "identity": report.identity,
        "trials": report.trials,
        "seed": report.seed,
        "honestUsersNamed": report.honest_users_named,
        "seconds": round(report.seconds, 1),
        "peakMib": round(report.peak_mib, 1),
    }


def _cell_json(scores: CellScores) -> dict[str, Any]:
    cell = scores.cell
    return {
        "users": cell.users,
        "products": cell.products,
        "density": cell.density,
        "timing": cell.timing,
        "camouflage": cell.camouflage,
        "ours": _score_json(scores.ours) | {"falseUsers": round(scores.false_users, 1)},
        "fraudar": _score_json(scores.fraudar),
        "unweighted": _score_json(scores.unweighted),
        "copurchase": _score_json(scores.copurchase) | {"common": scores.copurchase_common},
    }


def _score_json(score: Score) -> dict[str, float]:
    return {"mean": round(score.mean, 4), "sd": round(score.sd, 4)}


def report_table(report: InjectionReport) -> Table:
    """The report for people. Zeros are printed: what is not found belongs to the picture."""
    identity = "" if report.identity is None else f"; {report.identity:.0%} of rings share tokens"
    table = Table(
        title=f"F1 of ring members, {report.trials} trials{identity}",
        caption=(
            f"Honest users named where nothing is planted: {report.honest_users_named}. "
            "FRAUDAR and unweighted: the best of three blocks, chosen with the truth; co-purchase: "
            "two or three common products within 7 days, whichever is better."
        ),
    )
    for name in ("users × products", "density", "timing", "camouflage"):
        table.add_column(name)
    for name in ("ours", "false users", "FRAUDAR", "unweighted", "co-purchase"):
        table.add_column(name, justify="right")
    for one in report.cells:
        cell = one.cell
        table.add_row(
            f"{cell.users} × {cell.products}",
            f"{cell.density}",
            cell.timing,
            cell.camouflage,
            _score_text(one.ours),
            f"{one.false_users:.1f}",
            _score_text(one.fraudar),
            _score_text(one.unweighted),
            _score_text(one.copurchase),
        )
    return table


def _score_text(score: Score) -> str:
    return f"{score.mean:.2f} ± {score.sd:.2f}"
