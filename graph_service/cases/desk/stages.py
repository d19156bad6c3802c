"""What is a case at, what may be done with it there, and until when?"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final, Literal, get_args

from graph_service.errors import Conflict
from graph_service.holds.placing import millis_of

Stage = Literal[
    "NEW", "TRIAGED", "IN_REVIEW", "PENDING_APPROVAL", "DECIDED", "APPEALED", "REOPENED"
]
# What lists may be asked for; open and closed are several stages each.
State = Literal["open", "closed"]
AnyState = Literal[
    "open",
    "closed",
    "NEW",
    "TRIAGED",
    "IN_REVIEW",
    "PENDING_APPROVAL",
    "DECIDED",
    "APPEALED",
    "REOPENED",
]
Step = Literal[
    "opened",
    "joined",
    "triaged",
    "assigned",
    "released",
    "snoozed",
    "woken",
    "commented",
    "attached",
    "proposed",
    "refused",
    "decided",
    "appealed",
    "reopened",
]
STAGES: Final[tuple[Stage, ...]] = get_args(Stage)
WORKED_ON: Final[frozenset[Stage]] = frozenset(
    ("NEW", "TRIAGED", "IN_REVIEW", "APPEALED", "REOPENED")
)
PROPOSED: Final[frozenset[Stage]] = frozenset(("PENDING_APPROVAL",))
PENDING: Final[Stage] = "PENDING_APPROVAL"
CLOSED: Final[Stage] = "DECIDED"
# By step, the stages in which it may be taken.
ALLOWED: Final[Mapping[Step, frozenset[Stage]]] = {
    "opened": frozenset(("NEW",)),
    "joined": WORKED_ON | PROPOSED,
    "triaged": WORKED_ON,
    "assigned": WORKED_ON,
    "released": WORKED_ON,
    "snoozed": WORKED_ON,
    "woken": WORKED_ON,
    "commented": frozenset(STAGES),
    "attached": frozenset(STAGES),
    "proposed": WORKED_ON,
    "refused": PROPOSED,
    "decided": WORKED_ON | PROPOSED,
    "appealed": frozenset(("DECIDED",)),
    "reopened": frozenset(("DECIDED",)),
}
# Where a step leads; steps and stages that are not here stay where they are. An appeal stays one
# until it is decided: a decision of it that is refused leads back to it.
LEADS: Final[Mapping[Step, Mapping[Stage, Stage]]] = {
    "triaged": {"NEW": "TRIAGED"},
    "assigned": {"NEW": "IN_REVIEW", "TRIAGED": "IN_REVIEW", "REOPENED": "IN_REVIEW"},
    "released": {"IN_REVIEW": "TRIAGED"},
    "proposed": dict.fromkeys(WORKED_ON, PENDING),
    "refused": {"PENDING_APPROVAL": "IN_REVIEW"},
    "decided": dict.fromkeys(WORKED_ON | PROPOSED, "DECIDED"),
    "appealed": {"DECIDED": "APPEALED"},
    "reopened": {"DECIDED": "REOPENED"},
}
# By priority, in how many hours a case is due. Source: issue 8.
DUE_HOURS: Final[Mapping[int, int]] = {1: 4, 2: 24, 3: 72, 4: 120}
# An alert is urgent where payouts are held already and much money is at risk; set.
URGENT_SCORE: Final = 0.9
LIKELY_SCORE: Final = 0.7
MUCH_MINOR: Final = 1_000_000


class StepRefused(Conflict):
    """That cannot be done with a case at this stage."""

    code = "step_refused"


def stage_after(step: Step, stage: Stage, *, appealed: bool = False) -> Stage:
    """The stage that a step leads to. Raises StepRefused where it may not be taken."""
    if stage not in ALLOWED[step]:
        raise StepRefused(f"a case that is {stage} cannot be {step}")
    if step == "refused" and appealed:
        return "APPEALED"
    if step in LEADS and stage in LEADS[step]:
        return LEADS[step][stage]
    return stage


def state_of(stage: Stage) -> State:
    """Does somebody still have to judge it?"""
    return "closed" if stage == "DECIDED" else "open"


def due_ms(priority: int, since: datetime) -> int:
    """When a case of that priority is due (ms)."""
    return millis_of(since + timedelta(hours=DUE_HOURS[priority]))


def priority_of(score: float, amount_minor: int) -> int:
    """How urgent an alert is, 1 to 4."""
    if score >= URGENT_SCORE:
        return 1 if amount_minor >= MUCH_MINOR else 2
    return 3 if score >= LIKELY_SCORE else 4
