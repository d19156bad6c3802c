"""Persons over HTTP: whose accounts are one human's and why, and who else may be."""

from datetime import UTC
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query
from pydantic import Field

from graph_service.access.endpoints import Requires
from graph_service.answers import Answer, Cursor, Limit, answers
from graph_service.books import SETTLE_S, BooksOfApp
from graph_service.errors import MemberNotFound
from graph_service.graph.endpoints import GraphOfApp
from graph_service.identity.telling import list_suggestions, tell_person
from graph_service.ingest.envelope import Currency, Status
from graph_service.pages import CursorInvalid, decode_cursor, encode_cursor
from graph_service.periods import month_of

router = APIRouter(prefix="/v1", tags=["persons"])


class SharedThing(Answer):
    """One thing that two accounts share, and what it says."""

    kind: str = Field(
        description="union, phone, payment, paid, device, address, ip, or merged by the staff"
    )
    token: str | None = Field(description="the identifier; null of what the staff said")
    bits: int = Field(description="doublings of the odds that both are one human")
    users: int = Field(description="at most so many members are seen with it")
    recycled: bool = Field(description="a number that rested so long that it may be another's now")
    text: str
    text_zh: str


class Link(Answer):
    """Why two accounts are one person's."""

    member_ids: list[str] = Field(description="two")
    bits: int = Field(description="what all that they share says together; 1000: the staff said so")
    score: str = Field(description="how likely it is that both are one human, from 0 to 1")
    reasons: list[SharedThing] = Field(description="what says most first")


class Suggestion(Link):
    """Two members who may be one human, to be confirmed (member.merged) or denied."""

    household: bool = Field(description="all that they share is what one household shares")


class ChannelAccount(Answer):
    """A login on a channel."""

    channel: str
    external_id: str


class Doings(Answer):
    """What was done under an account, or under all of them."""

    shares: int
    clicks: int
    orders: int
    invited: int = Field(description="members invited, by the bindings in force")
    own_sales_minor: int = Field(description="credited in the month asked for (minor units)")


class AccountOfPerson(Doings):
    """One account of a person."""

    member_id: str
    status: Status | None
    joined_at: str | None = Field(description="(UTC)")
    since: str | None = Field(description="from when it is believed to be this person's (UTC)")
    held: bool = Field(description="as booked: whether its person is under a hold")
    channels: list[ChannelAccount]


class FormerPerson(Answer):
    """A time in which the member was believed to be one person with others."""

    person_id: str
    member_ids: list[str] = Field(description="the others, at most 100")
    since: str
    until: str


class Person(Answer):
    """The human behind a member: accounts, what joins them, and who else may be one of them."""

    member_id: str
    person_id: str = Field(description="the least id of the accounts")
    held: bool = Field(description="as booked: whether any account is under a hold")
    accounts: list[AccountOfPerson] = Field(description="the member first")
    together: Doings = Field(description="of all accounts")
    links: list[Link] = Field(description="what holds the accounts together, strongest first")
    formerly: list[FormerPerson] = Field(description="latest first, at most 100")
    suggestions: list[Suggestion] = Field(description="likeliest first, at most 50")


class Suggestions(Answer):
    """A page of pairs that may be one human."""

    items: list[Suggestion] = Field(description="by the lesser id; a page may be short")
    next_cursor: str | None = Field(description="cursor of the next page; null on the last")


@router.get(
    "/members/{memberId}/person",
    summary="Whose accounts are one person's, and why?",
    dependencies=[Depends(Requires("risk:read"))],
    responses=answers(Person, MemberNotFound),
)
async def read_person(
    member_id: Annotated[str, Path(alias="memberId", description="The member")],
    books: BooksOfApp,
    graph: GraphOfApp,
    month: Annotated[
        str | None, Query(pattern=r"^\d{4}-(0[1-9]|1[0-2])$", description="default: this month")
    ] = None,
    currency: Annotated[Currency | None, Query(description="default: the plan's")] = None,
) -> Any:
    """Accounts, what joins them with the weight of each thing, and suggestions."""
    await books.settle(timeout_s=SETTLE_S)
    plan = books.plan
    asked = month or month_of(books.clock().astimezone(UTC), plan.month_zone)
    return await tell_person(graph, member_id, f"{asked} {currency or plan.currency} ")


@router.get(
    "/persons/suggestions",
    summary="Which members may be one person?",
    dependencies=[Depends(Requires("risk:read"))],
    responses=answers(Suggestions, CursorInvalid),
)
async def read_suggestions(graph: GraphOfApp, limit: Limit, cursor: Cursor = None) -> Any:
    """Pairs that share something but are not joined by themselves, with score and reasons."""
    after = "" if cursor is None else decode_cursor(cursor, (str,))[0]
    items, last = await list_suggestions(graph, after, limit)
    return {"items": items, "nextCursor": None if last is None else encode_cursor([last])}
