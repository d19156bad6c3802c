"""What routes need of the graph, and whether it answers."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request

from graph_service.graph.session import Graph

router = APIRouter(tags=["health"])


def graph_of(request: Request) -> Graph:
    """The graph that the app opened."""
    graph: Graph = request.app.state.graph
    return graph


GraphOfApp = Annotated[Graph, Depends(graph_of)]


@router.get("/healthz", summary="Is the process alive?")
async def healthz() -> dict[str, str]:
    """Always ok while the process answers at all."""
    return {"status": "ok"}


@router.get("/readyz", summary="Can it answer questions?")
async def readyz(graph: GraphOfApp) -> dict[str, str]:
    """Ok if the database answers; 503 or 504 if not."""
    await graph.read("graph/check_health")
    return {"status": "ready"}
