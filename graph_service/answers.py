"""What routes share: pages of lists, and the shapes of bodies, answers and errors."""

from collections.abc import Iterable
from typing import Annotated, Any, cast

from fastapi import Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

from graph_service.errors import Invalid, ServiceError
from graph_service.settings import Settings

PROBLEM = "application/problem+json"


class Answer(BaseModel):
    """A shape that an answer has. It is published and compared in tests; nothing passes through."""

    model_config = ConfigDict(alias_generator=to_camel)


class Asked(BaseModel):
    """A body that a route takes; one with a field that it does not have hears which it has."""

    model_config = ConfigDict(alias_generator=to_camel, extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _no_others(cls, given: object) -> object:
        known = [field.alias or name for name, field in cls.model_fields.items()]
        if isinstance(given, dict):
            asked = cast("dict[object, object]", given)
            if unknown := sorted(str(one) for one in asked if one not in known):
                raise ValueError(f"{unknown[0]} is no field here; there are {', '.join(known)}")
        return cast("object", given)


class FieldFault(Answer):
    """What is wrong with one parameter or field."""

    place: str = Field(description="where it stands, as in body.orderIds.0")
    message: str = Field(description="what is wrong")


class Problem(Answer):
    """An error in the form of RFC 9457."""

    type: str = Field(description="urn:graph-service:problem: and the code")
    title: str = Field(description="the code in words")
    status: int = Field(description="the HTTP status")
    code: str = Field(description="what went wrong; stable, to be compared by programs")
    detail: str = Field(description="what went wrong this time, for people")
    instance: str = Field(description="path of the request")
    request_id: str = Field(description="also in the header X-Request-Id and in the log")
    errors: list[FieldFault] | None = Field(
        None, description="only with invalid_request and malformed_body: each fault, at most 50"
    )


async def _limit(
    request: Request,
    limit: Annotated[int, Query(ge=1, le=500, description="Most items in the answer")] = 50,
) -> int:
    """Raises Invalid where the operator allows no page so large."""
    settings: Settings = request.app.state.settings
    if limit > settings.page_items_max:
        raise Invalid(f"limit: at most {settings.page_items_max}", code="invalid_request")
    return limit


Limit = Annotated[int, Depends(_limit)]
Cursor = Annotated[str | None, Query(description="nextCursor of the page before")]


def answers(
    shape: type[BaseModel] | None, *faults: type[ServiceError]
) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route that answers in this shape or with one of these errors."""
    found: dict[int | str, dict[str, Any]] = {} if shape is None else {200: {"model": shape}}
    for status in sorted({fault.status for fault in faults}):
        mine = {fault.code: first_line(fault) for fault in faults if fault.status == status}
        found[status] = problem_response(mine)
    return found


def problem_response(reasons: dict[str, str]) -> dict[str, Any]:
    """The response object of one status. reasons: what each code says."""
    schema = {
        "$ref": "#/components/schemas/Problem",
        "properties": {"code": {"enum": list(reasons)}},
    }
    return {"description": " ".join(reasons.values()), "content": {PROBLEM: {"schema": schema}}}


def codes_of(response: dict[str, Any]) -> list[str]:
    """The codes that a response object of problem_response names."""
    content = response.get("content", {}).get(PROBLEM)
    return [] if content is None else list(content["schema"]["properties"]["code"]["enum"])


def first_line(fault: type[ServiceError]) -> str:
    """What an error says of itself."""
    return (fault.__doc__ or "").strip().splitlines()[0]


def reasons_of(root: type[ServiceError] = ServiceError) -> dict[str, str]:
    """What each code of the error tree says; of classes with one code the one nearest the root."""
    found: dict[str, str] = {}
    waiting: list[type[ServiceError]] = [root]
    while waiting:
        found = {**{one.code: first_line(one) for one in waiting}, **found}
        waiting = [below for one in waiting for below in _below(one)]
    return found


def _below(fault: type[ServiceError]) -> Iterable[type[ServiceError]]:
    return fault.__subclasses__()
