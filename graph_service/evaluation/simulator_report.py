"""What the simulator showed beside what was to be reached, as a table and as JSON."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from graph_service.evaluation.simulator import Interval, Simulated
from graph_service.typologies.world import KINDS

# The strongest simple features that are shown.
ARTEFACTS_SHOWN = 5


@dataclass(frozen=True)
class Goal:
    """What a figure is to reach: at least, at most or less than so much."""

    sign: str
    value: float

    def is_met(self, value: float) -> bool:
        """Whether a mean, as it is and not as it is shown, reaches the goal."""
        if self.sign == "≥":
            return value >= self.value
        return value < self.value if self.sign == "<" else value <= self.value

    def told(self, value: float, *, percent: bool = False) -> str:
        """The goal and whether this reaches it."""
        shown = 100 * self.value if percent else self.value
        return f"{self.sign} {shown:g} {'met' if self.is_met(value) else 'missed'}"


# Source of all goals: fraud.md, "How it is judged" 3.
SHIFT_GOALS: Final = {0.5: Goal("≥", 0.92), 0.75: Goal("≥", 0.75)}
ACCUSED_GOAL: Final = Goal("≤", 0.002)
LOOKALIKE_GOAL: Final = Goal("<", 0.01)
# Every kind that was left out, and so many of the kinds.
LEFT_OUT_GOAL: Final = Goal("≥", 0.3)
WELL_GOAL, MANY_GOAL = Goal("≥", 0.6), Goal("≥", 6)
ARTEFACT_GOAL: Final = Goal("≤", 0.85)


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
        "goalsMet": _goals_met(found),
    }


def _goals_met(found: Simulated) -> dict[str, Any]:
    """Of every goal whether it is met, by what it is of."""

    def met(part: Mapping[Any, Interval], goal: Goal) -> dict[str, bool]:
        return {str(key): goal.is_met(one.mean) for key, one in part.items()}

    goals = {at: goal for at, goal in SHIFT_GOALS.items() if at in found.shift}
    return {
        "shift": {str(at): goal.is_met(found.shift[at].mean) for at, goal in goals.items()},
        "leftOut": met(found.left_out, LEFT_OUT_GOAL),
        "leftOutModel": met(found.left_out_model, LEFT_OUT_GOAL),
        "leftOutMany": MANY_GOAL.is_met(_many(found.left_out)),
        "leftOutModelMany": MANY_GOAL.is_met(_many(found.left_out_model)),
        "lookalikePart": met(found.lookalike_part, LOOKALIKE_GOAL),
        "accusedPart": met(found.accused_part, ACCUSED_GOAL),
        "artefacts": {
            name: ARTEFACT_GOAL.is_met(_apart(one)) for name, one in found.artefacts.items()
        },
    }


def _apart(one: Interval) -> float:
    """How well a feature tells frauds apart, whichever way it points."""
    return max(one.mean, 1 - one.mean)


def _many(left_out: Mapping[str, Interval]) -> int:
    """How many kinds that were left out are found well."""
    return sum(WELL_GOAL.is_met(one.mean) for one in left_out.values())


def show(found: Simulated, console: Console) -> None:
    """Print the figures; zeros too."""
    console.print(
        f"{found.worlds} malls of {found.members:,} members learned from at camouflage 0.25; "
        "mean ± standard deviation over seeds",
        highlight=False,
    )
    shift = Table("AUPRC of members at camouflage", *(f"{at:g}" for at in found.shift), box=None)
    shift.add_row("model and detectors", *map(_spelled, found.shift.values()))
    shift.add_row(
        "  goal",
        *(
            SHIFT_GOALS[at].told(one.mean) if at in SHIFT_GOALS else ""
            for at, one in found.shift.items()
        ),
    )
    shift.add_row("model alone", *map(_spelled, found.shift_model.values()))
    shift.add_row("detectors alone", *map(_spelled, found.shift_findings.values()))
    shift.add_row("honest members accused %", *map(_percent, found.accused_part.values()))
    accused = (ACCUSED_GOAL.told(one.mean, percent=True) for one in found.accused_part.values())
    shift.add_row("  goal", *accused)
    shift.add_row("honest members watched %", *map(_percent, found.watched_part.values()))
    console.print(shift)
    console.print(_left_out(found))
    alike = Table("look-alike", "% of those watched or accused", "goal", box=None)
    for kind, one in found.lookalike_part.items():
        told = LOOKALIKE_GOAL.told(one.mean, percent=True)
        alike.add_row(kind, f"{100 * one.mean:.2f} ± {100 * one.sd:.2f}", told)
    console.print(alike)
    loudest = sorted(found.artefacts.items(), key=lambda one: -abs(one[1].mean - 0.5))
    audit = Table("one simple feature alone", "AUROC", "goal", box=None)
    for name, one in loudest[:ARTEFACTS_SHOWN]:
        audit.add_row(name, _spelled(one), ARTEFACT_GOAL.told(_apart(one)))
    console.print(audit)


def _left_out(found: Simulated) -> Table:
    """The goals of both: the model alone has seen nothing of the kind, the detectors know it."""
    heads = ("with detectors", "goal", "model alone", "goal")
    left = Table("AUPRC of a kind left out", *heads, box=None)
    parts = (found.left_out, found.left_out_model)
    for kind in found.left_out:
        figures = [part[kind] for part in parts]
        told = [(_spelled(one), LEFT_OUT_GOAL.told(one.mean)) for one in figures]
        left.add_row(kind, *told[0], *told[1])
    counts = [(f"{_many(part)} of {len(part)}", MANY_GOAL.told(_many(part))) for part in parts]
    left.add_row(f"kinds {WELL_GOAL.sign} {WELL_GOAL.value:g}", *counts[0], *counts[1])
    return left


def _percent(one: Interval) -> str:
    return f"{100 * one.mean:.3f} ± {100 * one.sd:.3f}"


def _spelled(one: Interval) -> str:
    return f"{one.mean:.2f} ± {one.sd:.2f}"
