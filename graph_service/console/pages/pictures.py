"""What does the browser draw? Pictures as JSON: of a case, an alert, a team, and next to a node."""

import asyncio
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query
from fastapi.responses import JSONResponse

from graph_service.console.casework.reading import brief_case
from graph_service.console.visiting import PageRoute, Visit, Visiting
from graph_service.referrals.teams import read_downline, read_member, read_upline
from graph_service.scans.alerts import list_case_alerts, read_alert
from graph_service.scans.pictures import PictureSize, draw_alert, draw_next_to

router = APIRouter(route_class=PageRoute)
Reader = Annotated[Visit, Depends(Visiting("risk:read"))]
# What a browser draws in well under a second (docs/console.md).
SIZE = PictureSize(nodes=300, members=200, edges=1_200)
# Alerts of a case that are drawn, those of the greatest scores.
ALERTS_DRAWN = 10
# Members of a case without an alert from whom the picture goes out.
STARTS_MAX = 8
UPLINE_MAX, LEVELS, DIRECTS_MAX = 3, 3, 60

Picture = dict[str, Any]


@router.get("/cases/{caseId}/graph")
async def get_case_picture(
    visit: Reader, case_id: Annotated[str, Path(alias="caseId")]
) -> JSONResponse:
    """The evidence of the case's alerts in one; without alerts, what stands next to its members."""
    case = await brief_case(visit, case_id)
    alerts = await list_case_alerts(visit.graph, case_id, visit.lang, skip=0, limit=ALERTS_DRAWN)
    drawn = [await draw_alert(visit.graph, one["alertId"], SIZE) for one in alerts]
    if not drawn:
        starts = [f"member:{one}" for one in case["memberIds"][:STARTS_MAX]]
        drawn = [_of_members(case["memberIds"][:STARTS_MAX])]
        drawn += await asyncio.gather(*(draw_next_to(visit.graph, one) for one in starts))
    picture = together(drawn, SIZE)
    picture["truncated"] |= len(case["alertIds"]) > ALERTS_DRAWN
    return _told(picture, case["memberIds"])


@router.get("/alerts/{alertId}/graph")
async def get_alert_picture(
    visit: Reader, alert_id: Annotated[str, Path(alias="alertId")]
) -> JSONResponse:
    """The evidence of an alert."""
    alert = await read_alert(visit.graph, alert_id, visit.lang)
    return _told(await draw_alert(visit.graph, alert_id, SIZE), alert["memberIds"])


@router.get("/graph/next")
async def get_next(
    visit: Reader, node: Annotated[str, Query(min_length=3, max_length=300)]
) -> JSONResponse:
    """What stands next to a node."""
    return _told(await draw_next_to(visit.graph, node), [])


@router.get("/members/{memberId:path}/graph")
async def get_team_picture(
    visit: Reader, member_id: Annotated[str, Path(alias="memberId")]
) -> JSONResponse:
    """The team: who stands above, and who was invited, level by level."""
    own = await read_member(visit.graph, member_id)
    above = (await read_upline(visit.graph, member_id, None))[:UPLINE_MAX]
    chain = [member_id, *(one["memberId"] for one in above)]
    drawn = _of_members(chain)
    drawn["edges"] = [_bond(upper, lower) for lower, upper in pairwise(chain)]
    drawn["nodes"][0]["facts"] = {"role": own["role"], "status": own["status"]}
    for level in range(1, LEVELS + 1):
        rows = await read_downline(
            visit.graph, member_id, level=level, after="", limit=DIRECTS_MAX + 1
        )
        drawn["truncated"] |= len(rows) > DIRECTS_MAX
        for row in rows[:DIRECTS_MAX]:
            drawn["nodes"] += _of_members([row["memberId"]])["nodes"]
            drawn["edges"].append(_bond(row["inviterId"], row["memberId"]))
    return _told(together([drawn], SIZE), [member_id])


def together(pictures: Iterable[Picture], size: PictureSize) -> Picture:
    """Pictures as one, each node and edge once, cut off at the size."""
    nodes: dict[str, Mapping[str, Any]] = {}
    edges: dict[tuple[Any, ...], Mapping[str, Any]] = {}
    truncated = False
    for picture in pictures:
        truncated |= picture["truncated"]
        for node in picture["nodes"]:
            nodes.setdefault(node["id"], node)
        for edge in picture["edges"]:
            key = (edge["from"], edge["to"], edge["type"], edge["at"])
            edges.setdefault(key, edge)
    kept = dict(list(nodes.items())[: size.nodes])
    inner = [one for one in edges.values() if one["from"] in kept and one["to"] in kept]
    return {
        "nodes": list(kept.values()),
        "edges": inner[: size.edges],
        "truncated": truncated or len(kept) < len(nodes) or len(inner) > size.edges,
    }


def _told(picture: Picture, core: Iterable[str]) -> JSONResponse:
    """As it is sent. core: members whom it is about."""
    return JSONResponse({**picture, "core": [f"member:{one}" for one in core]})


def _of_members(member_ids: Iterable[str]) -> Picture:
    nodes: list[dict[str, Any]] = [
        {"id": f"member:{one}", "kind": "member", "label": one, "facts": {}} for one in member_ids
    ]
    return {"nodes": nodes, "edges": [], "truncated": False}


def _bond(inviter_id: str, member_id: str) -> dict[str, Any]:
    ends = {"from": f"member:{inviter_id}", "to": f"member:{member_id}"}
    return {**ends, "type": "REFERRED", "at": None, "amountMinor": None, "weight": None}
