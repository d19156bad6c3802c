"""How is a rule, or a kind of alert, kept silent about a member at the console?"""

from datetime import timedelta
from typing import Annotated, Final
from urllib.parse import quote

from fastapi import APIRouter, Depends, Path, Response

from graph_service.access.people import signature
from graph_service.cases.desk.working import Asker
from graph_service.cases.rules import RiskRules
from graph_service.cases.silences import end_silence, silence
from graph_service.console.casework.deciding import reason_of
from graph_service.console.visiting import ROOT, PageRoute, Visit, Visiting, seen_other
from graph_service.errors import Invalid

router = APIRouter(prefix="/silences", route_class=PageRoute)
Decider = Annotated[Visit, Depends(Visiting("risk:decide"))]
MemberId = Annotated[str, Path(alias="memberId", max_length=256)]
SILENCE_DAYS: Final = ("7", "30", "90", "365")


@router.post("/{memberId:path}/place")
async def post_silence(visit: Decider, member_id: MemberId) -> Response:
    """It is silent from now on; a renewal takes the place of what was said before."""
    days = visit.told("days")
    if days not in SILENCE_DAYS:
        raise Invalid("how long it is silent is to be chosen")
    asker = Asker(signature(visit.key), visit.books.clock())
    rules: RiskRules = visit.request.app.state.risk_rules
    await silence(
        visit.graph,
        member_id,
        asker,
        rules,
        code=visit.told("code"),
        until=asker.now + timedelta(days=int(days)),
        reason=reason_of(visit),
    )
    return seen_other(f"{ROOT}/members/{quote(member_id, safe='')}#silences")


@router.post("/{memberId:path}/end")
async def post_end(visit: Decider, member_id: MemberId) -> Response:
    """It speaks again."""
    asker = Asker(signature(visit.key), visit.books.clock())
    await end_silence(visit.graph, member_id, visit.told("code"), asker)
    return seen_other(f"{ROOT}/members/{quote(member_id, safe='')}#silences")
