"""Which steps of a case may be taken at the console?"""

import base64
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Final

from graph_service.cases.desk import deciding, working
from graph_service.console.casework.deciding import asker_of, reason_of, tell_of
from graph_service.console.visiting import Visit
from graph_service.errors import Invalid

PRIORITIES: Final = ("1", "2", "3", "4")
SNOOZE_DAYS: Final = ("1", "3", "7")
NAME_CHARACTERS_MAX: Final = 200


async def _claim(visit: Visit, case_id: str) -> None:
    await working.claim(visit.graph, case_id, asker_of(visit))


async def _release(visit: Visit, case_id: str) -> None:
    await working.assign(visit.graph, case_id, asker_of(visit), None)


async def _triage(visit: Visit, case_id: str) -> None:
    priority = visit.told("priority")
    if priority not in PRIORITIES:
        raise Invalid("a priority is to be chosen")
    await working.triage(
        visit.graph, case_id, asker_of(visit), priority=int(priority), typology=None, note=""
    )


async def _snooze(visit: Visit, case_id: str) -> None:
    days = visit.told("days")
    if days not in SNOOZE_DAYS:
        raise Invalid("how long it sleeps is to be chosen")
    until = visit.books.clock() + timedelta(days=int(days))
    await working.snooze(visit.graph, case_id, asker_of(visit), until, "console")


async def _wake(visit: Visit, case_id: str) -> None:
    await working.snooze(visit.graph, case_id, asker_of(visit), None, "console")


async def _comment(visit: Visit, case_id: str) -> None:
    await working.comment(visit.graph, case_id, asker_of(visit), reason_of(visit))


async def _attach(visit: Visit, case_id: str) -> None:
    file = visit.file
    if file is None or not file.name or len(file.name) > NAME_CHARACTERS_MAX:
        raise Invalid(f"a file is to be chosen, with a name of at most {NAME_CHARACTERS_MAX}")
    await working.attach(
        visit.graph,
        case_id,
        asker_of(visit),
        name=file.name,
        media_type=file.media,
        content=base64.b64encode(file.content).decode(),
    )


async def _approve(visit: Visit, case_id: str) -> None:
    await deciding.approve(visit.graph, case_id, asker_of(visit), agreed=True, reason="")
    await tell_of(visit, case_id)


async def _refuse(visit: Visit, case_id: str) -> None:
    reason = reason_of(visit)
    await deciding.approve(visit.graph, case_id, asker_of(visit), agreed=False, reason=reason)


async def _appeal(visit: Visit, case_id: str) -> None:
    await deciding.appeal(visit.graph, case_id, asker_of(visit), reason=reason_of(visit), by=None)


async def _reopen(visit: Visit, case_id: str) -> None:
    await deciding.reopen(visit.graph, case_id, asker_of(visit), reason=reason_of(visit))


STEPS: Final[Mapping[str, Callable[[Visit, str], Awaitable[None]]]] = {
    "claim": _claim,
    "release": _release,
    "triage": _triage,
    "snooze": _snooze,
    "wake": _wake,
    "comment": _comment,
    "attach": _attach,
    "approve": _approve,
    "refuse": _refuse,
    "appeal": _appeal,
    "reopen": _reopen,
}


async def take(visit: Visit, case_id: str, step: str) -> None:
    """Take a step as the form says. Raises Invalid, CaseNotFound, and as the step does."""
    if step not in STEPS:
        raise Invalid(f"there is no step {step}")
    await STEPS[step](visit, case_id)
