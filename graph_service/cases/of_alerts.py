"""Which cases are alerts in?"""

from collections.abc import Sequence

from graph_service.graph.session import Graph


async def cases_of_alerts(graph: Graph, alert_ids: Sequence[str]) -> dict[str, str]:
    """By alert the latest case that was opened for it; alerts without one are left out."""
    rows = await graph.read("cases/list_cases_of_alerts", alertIds=sorted(set(alert_ids)))
    return dict(zip(rows[0]["alertIds"], rows[0]["caseIds"], strict=True))
