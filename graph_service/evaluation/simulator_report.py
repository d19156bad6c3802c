"""What the simulator showed, as a table and as JSON."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from graph_service.evaluation.simulator import Interval, Simulated
from graph_service.typologies.world import KINDS

# The strongest simple features that are shown.
ARTEFACTS_SHOWN = 5


def stages(seeds: int) -> int:
    """How often the simulator says how far it is."""
    return seeds * (1 + len(KINDS))


def answer_of(found: Simulated) -> dict[str, Any]:
    """The figures as JSON."""
    parts: dict[str, Mapping[Any, Interval]] = {
        "shift": found.shift,
        "shiftModel": found.shift_model,
        "shiftDetectors": found.shift_findings,
        "leftOut": found.left_out,
        "leftOutModel": found.left_out_model,
        "lookalikePart": found.lookalike_part,
        "accusedPart": found.accused_part,
        "watchedPart": found.watched_part,
        "artefacts": found.artefacts,
    }
    return {
        "members": found.members,
        "worlds": found.worlds,
        **{
            name: {
                str(key): {"mean": round(one.mean, 4), "sd": round(one.sd, 4), "seeds": one.seeds}
                for key, one in part.items()
            }
            for name, part in parts.items()
        },
    }


def show(found: Simulated, console: Console) -> None:
    """Print the figures; zeros too."""
    console.print(
        f"{found.worlds} malls of {found.members:,} members learned from at camouflage 0.25; "
        "mean ± standard deviation over seeds",
        highlight=False,
    )
    shift = Table("AUPRC of members at camouflage", *(f"{at:g}" for at in found.shift), box=None)
    shift.add_row("model and detectors", *map(_spelled, found.shift.values()))
    shift.add_row("model alone", *map(_spelled, found.shift_model.values()))
    shift.add_row("detectors alone", *map(_spelled, found.shift_findings.values()))
    for name, part in (("accused", found.accused_part), ("watched", found.watched_part)):
        wrong = (f"{100 * one.mean:.3f} ± {100 * one.sd:.3f}" for one in part.values())
        shift.add_row(f"honest members {name} %", *wrong)
    console.print(shift)
    left = Table("AUPRC of a kind left out", "with detectors", "model alone", box=None)
    for kind, one in found.left_out.items():
        left.add_row(kind, _spelled(one), _spelled(found.left_out_model[kind]))
    console.print(left)
    alike = Table("look-alike", "% of those watched or accused", box=None)
    for kind, one in found.lookalike_part.items():
        alike.add_row(kind, f"{100 * one.mean:.2f} ± {100 * one.sd:.2f}")
    console.print(alike)
    loudest = sorted(found.artefacts.items(), key=lambda one: -abs(one[1].mean - 0.5))
    audit = Table("one simple feature alone", "AUROC", box=None)
    for name, one in loudest[:ARTEFACTS_SHOWN]:
        audit.add_row(name, _spelled(one))
    console.print(audit)


def _spelled(one: Interval) -> str:
    return f"{one.mean:.2f} ± {one.sd:.2f}"
