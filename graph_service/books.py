"""What routes below the pipeline ask of it, without knowing it."""

from typing import Annotated, Protocol, cast
from zoneinfo import ZoneInfo

from fastapi import Depends, Request

from graph_service.clock import Clock

# How long a reader waits for what was stored just before (s).
SETTLE_S = 1.0


class Months(Protocol):
    """Where months begin, and in which currency sales are counted."""

    currency: str

    @property
    def month_zone(self) -> ZoneInfo:
        """The zone in which months begin and end."""
        ...


class Books(Protocol):
    """The month's zone and currency, the time, and whether everything stored is booked."""

    clock: Clock

    @property
    def plan(self) -> Months:
        """The plan in force."""
        ...

    async def settle(self, batch: str = "", *, timeout_s: float) -> bool:
        """Wait until what was stored is booked."""
        ...


async def books_of(request: Request) -> Books:
    """The pipeline that the app opened."""
    return cast(Books, request.app.state.pipeline)


async def clock_of(request: Request) -> Clock:
    """The clock of the pipeline that the app opened."""
    return cast(Books, request.app.state.pipeline).clock


BooksOfApp = Annotated[Books, Depends(books_of)]
ClockOfApp = Annotated[Clock, Depends(clock_of)]
