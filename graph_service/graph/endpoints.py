"""What routes need of the graph, and whether it answers."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import Field

from graph_service.answers import Answer, answers
from graph_service.errors import GraphTimeout, GraphUnavailable, StorageFull
from graph_service.graph.session import Graph

router = APIRouter(tags=["health"])


async def graph_of(request: Request) -> Graph:
    """The graph that the app opened."""
    graph: Graph = request.app.state.graph
    return graph


GraphOfApp = Annotated[Graph, Depends(graph_of)]


class Health(Answer):
    """How it is."""

    status: str = Field(description="ok or ready")
    fraud: str | None = Field(
        None,
        description="only where something is wrong with the search for fraud: canary_missed (a "
        "made-up ring was not found), scan_failed or detectors_broken",
    )


@router.get("/healthz", summary="Is the process alive?", responses=answers(Health))
async def healthz() -> dict[str, str]:
    """Always ok while the process answers at all."""
    return {"status": "ok"}


@router.get(
    "/readyz",
    summary="Can it answer questions?",
    responses=answers(Health, GraphUnavailable, StorageFull, GraphTimeout),
)
async def readyz(graph: GraphOfApp, request: Request) -> dict[str, str]:
    """Ok if the database answers and has room to write; 503 or 504 if not.

    Fraud that is no longer found is a warning: all else is answered as before.
    """
    await graph.read("graph/check_health")
    graph.require_room()
    warning: Callable[[], str | None] = request.app.state.fraud_warning
    found = warning()
    return {"status": "ready"} if found is None else {"status": "ready", "fraud": found}
