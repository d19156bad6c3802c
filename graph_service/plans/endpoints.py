"""Plans over HTTP: put, read, activated, and told to a member in sentences."""

import asyncio
from typing import Annotated, Any, Literal, Protocol, cast

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import Field, ValidationError

from graph_service.access.endpoints import Requires
from graph_service.answers import Answer, Asked, Cursor, Limit, answers
from graph_service.clock import Clock, time_string
from graph_service.errors import GraphTimeout, Invalid, MemberNotFound, UnsupportedMedia
from graph_service.graph.endpoints import GraphOfApp
from graph_service.ingest.envelope import parse_time
from graph_service.pages import CursorInvalid
from graph_service.plans.document import Plan, Role
from graph_service.plans.member import Lang, read_member_plan, warning_texts
from graph_service.plans.parsing import parse_plan
from graph_service.plans.timeline import Plans
from graph_service.plans.versions import (
    PlanExists,
    PlanNotFound,
    PlanTooLate,
    Version,
    activate_version,
    document_of,
    list_versions,
    put_version,
    read_version,
)
from graph_service.settings import Settings

MEDIA_TYPES = ("application/json", "application/yaml")
VERSION = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
# How long a reader of sales waits for what was stored just before (s).
SETTLE_S = 1.0
READS, CHANGES = Depends(Requires("read")), Depends(Requires("admin"))
router = APIRouter(prefix="/v1", tags=["plans"])


class PlanWarning(Answer):
    """Something doubtful about a plan that is valid."""

    code: str
    text: str = Field(description="in words, with the legal source")


class PlanState(Answer):
    """A version of the plan and when it was put and activated."""

    version: str
    title: str | None
    created_at: str | None = Field(description="when it was put (UTC); null: the seed plan")
    activated_at: str | None = Field(description="when it was last activated (UTC)")
    active_from: str | None = Field(description="from when on it then was to hold (UTC)")
    in_force: bool = Field(description="orders paid now are under it")


class PlanVersion(PlanState):
    """A version of the plan with its document."""

    document: Plan = Field(description="every rule, as in docs/plan.md")
    warnings: list[PlanWarning]


class PlanList(Answer):
    """A page of the versions of the plan."""

    items: list[PlanState] = Field(description="in order of version")
    next_cursor: str | None = Field(description="cursor of the next page; null on the last")


class ActivationWanted(Asked):
    """From when on a plan is to hold."""

    starts: str | None = Field(
        None, alias="from", max_length=40, description="RFC 3339 with an offset; absent: now"
    )


class RuleText(Answer):
    """A rule in a sentence."""

    code: str = Field(description="which rule; the same in every language")
    text: str


class LadderState(Answer):
    """Where the member stands on the ladder of the running month."""

    month: str = Field(description="calendar month of the plan's zone, YYYY-MM")
    promoted_sales_minor: int = Field(description="promoted by the member's person (minor units)")
    rate: str = Field(description="of the step reached, decimal from 0 to 1")
    earned_minor: int = Field(description="what that earns on the ladder so far (minor units)")
    next_at_minor: int | None = Field(description="where the next step begins; null at the top")
    next_rate: str | None = Field(description="its rate, decimal from 0 to 1")
    missing_minor: int | None = Field(description="what is still to be promoted (minor units)")
    next_would_bring_minor: int | None = Field(
        description="what the ladder earns there more than now (minor units)"
    )


class StartState(Answer):
    """The bonus of a promoter's first months."""

    until: str | None = Field(description="when it ends (UTC); null: it is not the member's")
    active: bool


class CampaignState(Answer):
    """A campaign that holds now."""

    name: str
    multiplier: str = Field(description="decimal from 1 to 10")
    starts: str | None = Field(alias="from", description="UTC; null: open")
    ends: str | None = Field(alias="to", description="UTC, not included; null: open")
    categories: list[str] = Field(description="of these goods; of all if nothing is named")
    product_ids: list[str]


class MemberPlan(Answer):
    """Which rules apply to a member now, and what the next step would bring."""

    member_id: str
    plan_version: str
    role: Role
    lang: Literal["zh", "en"]
    currency: str = Field(description="ISO 4217")
    rules: list[RuleText]
    ladder: LadderState
    start_bonus: StartState
    campaigns: list[CampaignState]


class Books(Protocol):
    """The plans as booked, the time, and whether everything stored is booked."""

    clock: Clock
    plans: Plans

    @property
    def plan(self) -> Plan:
        """The plan in force."""
        ...

    async def settle(self, batch: str = "", *, timeout_s: float) -> bool:
        """Wait until what was stored is booked."""
        ...

    async def follow_activation(self, number: int, *, timeout_s: float) -> bool:
        """Wait until so many activations are booked."""
        ...


async def books_of(request: Request) -> Books:
    """The pipeline that the app opened."""
    return cast(Books, request.app.state.pipeline)


async def _lang(
    request: Request,
    lang: Annotated[
        Literal["zh", "en"] | None,
        Query(description="Language of the texts; else by Accept-Language, else zh"),
    ] = None,
) -> Lang:
    return lang or preferred_lang(request.headers.get("accept-language", ""))


def preferred_lang(header: str) -> Lang:
    """The first of our languages by weight that an Accept-Language header names."""
    found: list[tuple[float, Lang]] = []
    for part in header[:1_000].split(","):
        name, _, parameter = part.strip().lower().partition(";")
        language = name.split("-")[0]
        try:
            weight = float(parameter.strip().removeprefix("q=") or 1)
        except ValueError:
            continue
        if language in ("zh", "en") and 0 < weight <= 1:
            found.append((-weight, "zh" if language == "zh" else "en"))
    return min(found, key=lambda one: one[0])[1] if found else "zh"


BooksOfApp = Annotated[Books, Depends(books_of)]
LangOfAnswer = Annotated[Lang, Depends(_lang)]
VersionName = Annotated[
    str, Path(alias="version", max_length=64, description="version of the plan")
]


@router.get(
    "/plans",
    summary="Which versions of the plan are there?",
    dependencies=[READS],
    responses=answers(PlanList, CursorInvalid),
)
async def get_plans(
    graph: GraphOfApp, books: BooksOfApp, limit: Limit, cursor: Cursor = None
) -> dict[str, Any]:
    """Every version that was put, and the seed plan, in order of version."""
    rows, following = await list_versions(graph, limit=limit, cursor=cursor)
    items = [{**row, **_activation(books, row["version"])} for row in rows]
    return {"items": items, "nextCursor": following}


@router.get(
    "/plans/{version}",
    summary="What does a version of the plan say?",
    dependencies=[READS],
    responses=answers(PlanVersion, PlanNotFound),
)
async def get_plan(
    graph: GraphOfApp, books: BooksOfApp, version: VersionName, lang: LangOfAnswer
) -> dict[str, Any]:
    """The whole document with its warnings, and when it was put and activated."""
    return _told(await read_version(graph, version), books, lang)


@router.put(
    "/plans/{version}",
    summary="Put a version of the plan",
    dependencies=[CHANGES],
    response_model=None,
    responses=answers(PlanVersion, PlanExists, UnsupportedMedia, Invalid)
    | {201: {"model": PlanVersion}},
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                media: {"schema": {"$ref": "#/components/schemas/Plan"}} for media in MEDIA_TYPES
            },
        }
    },
)
async def put_plan(
    request: Request,
    response: Response,
    graph: GraphOfApp,
    books: BooksOfApp,
    version: VersionName,
    lang: LangOfAnswer,
) -> dict[str, Any]:
    """Keep it for good: 201 if it is new, 200 if the same is there. It is in force only once
    it is activated.
    """
    plan = await _plan(request)
    if plan.version != version:
        _refuse([(("version",), f"is not {version}, the version of the address")])
    if await put_version(graph, plan, books.clock()):
        response.status_code = 201
    return _told(await read_version(graph, version), books, lang)


@router.post(
    "/plans/{version}:activate",
    summary="Put a version of the plan in force",
    dependencies=[CHANGES],
    responses=answers(PlanVersion, PlanNotFound, PlanTooLate, Invalid),
)
async def activate_plan(
    request: Request,
    graph: GraphOfApp,
    books: BooksOfApp,
    version: VersionName,
    lang: LangOfAnswer,
    *,
    wanted: ActivationWanted | None = None,
) -> dict[str, Any]:
    """From `from` (else now) on every order is under it, whatever was activated before; orders
    paid earlier keep their plan. The same again changes nothing.
    """
    settings: Settings = request.app.state.settings
    starts = None
    if wanted is not None and wanted.starts is not None:
        try:
            starts = parse_time(wanted.starts)
        except ValueError as fault:
            raise Invalid(f"from {fault}") from fault
    number = await activate_version(graph, version, starts, books.clock())
    if not await books.follow_activation(number, timeout_s=settings.wait_timeout_s):
        raise GraphTimeout("the activation is recorded, but not booked yet")
    return _told(await read_version(graph, version), books, lang)


@router.get(
    "/members/{memberId}/plan",
    summary="Which rules apply to a member now, and what would the next step bring?",
    dependencies=[READS],
    responses=answers(MemberPlan, MemberNotFound),
)
async def get_member_plan(
    graph: GraphOfApp,
    books: BooksOfApp,
    lang: LangOfAnswer,
    member_id: Annotated[str, Path(alias="memberId", description="The member")],
) -> dict[str, Any]:
    """Plain sentences, the ladder of the running month, the start bonus and campaigns."""
    await books.settle(timeout_s=SETTLE_S)
    return await read_member_plan(graph, books.plan, member_id, lang, books.clock())


async def _plan(request: Request) -> Plan:
    """The plan in the body. Raises UnsupportedMedia, Malformed, RequestValidationError."""
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media not in MEDIA_TYPES:
        raise UnsupportedMedia(f"the body must be one of {', '.join(MEDIA_TYPES)}")
    body = await request.body()
    try:
        return await asyncio.to_thread(parse_plan, body, is_yaml=media != MEDIA_TYPES[0])
    except ValidationError as fault:
        _refuse([(error["loc"], error["msg"]) for error in fault.errors(include_url=False)])
        raise


def _refuse(faults: list[tuple[tuple[int | str, ...], str]]) -> None:
    """Raises RequestValidationError with the place of each fault."""
    raise RequestValidationError(
        [{"type": "value_error", "loc": ("body", *place), "msg": text} for place, text in faults]
    )


def _told(found: Version, books: Books, lang: Lang) -> dict[str, Any]:
    plan = found.plan
    return {
        "version": plan.version,
        "title": plan.title or None,
        "createdAt": time_string(found.created_at),
        **_activation(books, plan.version),
        "document": document_of(plan),
        "warnings": warning_texts(plan, lang),
    }


def _activation(books: Books, version: str) -> dict[str, Any]:
    last = next(
        (one for one, _ in reversed(books.plans.activations) if one.version == version), None
    )
    return {
        "activatedAt": last and time_string(last.activated_at),
        "activeFrom": last and time_string(last.starts_at),
        "inForce": books.plan.version == version,
    }
