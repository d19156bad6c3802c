"""Erasing a member over HTTP."""

from datetime import datetime
from typing import Annotated, Any, Protocol, cast

from fastapi import APIRouter, Depends, Path, Request
from pydantic import Field
from pydantic.alias_generators import to_camel

from graph_service.access.endpoints import Requires
from graph_service.answers import Answer, answers
from graph_service.clock import Clock, time_string
from graph_service.erasure.erasing import MemberHeld, PayoutUnderWay, erase_member
from graph_service.errors import GraphTimeout, MemberNotFound
from graph_service.graph.endpoints import GraphOfApp
from graph_service.ingest.tokens import Tokeniser
from graph_service.settings import Settings

router = APIRouter(prefix="/v1/members", tags=["members"])


class RemovedCounts(Answer):
    """How much of each was removed or replaced by this request."""

    uses: int = Field(description="links from the member and its visitors to identifiers")
    order_links: int = Field(description="links from its orders to identifiers")
    identifiers: int = Field(description="identifiers that nobody else was seen with")
    accounts: int = Field(description="channel accounts")
    visitors: int = Field(description="visitors that go by a pseudonym now")
    facts: int = Field(description="facts that hold less than before")
    rejected: int = Field(description="events in quarantine that hold less than before")


class Erasure(Answer):
    """A member that is erased."""

    member_id: str
    erased_at: str = Field(description="when it was first erased (UTC)")
    removed: RemovedCounts


class Erasing(Protocol):
    """What an erasure needs of the pipeline."""

    tokeniser: Tokeniser

    @property
    def clock(self) -> Clock:
        """The time."""
        ...

    async def settle_ledger(self, *, timeout_s: float) -> bool:
        """Wait until the ledger has followed all that is stored."""
        ...


@router.delete(
    "/{memberId}/personal-data",
    summary="Erase what says who a member is",
    dependencies=[Depends(Requires("admin"))],
    responses=answers(Erasure, MemberNotFound, MemberHeld, PayoutUnderWay, GraphTimeout),
)
async def delete_personal_data(
    request: Request,
    graph: GraphOfApp,
    member_id: Annotated[str, Path(alias="memberId", description="the member to erase")],
) -> dict[str, Any]:
    """Remove a member's identifiers, accounts and visitors, also from facts and quarantine.

    Orders and ledger entries stay under memberId, a pseudonym. Again: what came in between goes.
    """
    pipeline = cast(Erasing, request.app.state.pipeline)
    settings = cast(Settings, request.app.state.settings)
    if not await pipeline.settle_ledger(timeout_s=settings.wait_timeout_s):
        raise GraphTimeout("the ledger is behind what is stored; nothing is erased yet")
    now: datetime = pipeline.clock()
    erased_at, removed = await erase_member(graph, pipeline.tokeniser, member_id, now)
    return {
        "memberId": member_id,
        "erasedAt": time_string(erased_at),
        "removed": {to_camel(name): count for name, count in vars(removed).items()},
    }
