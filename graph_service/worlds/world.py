"""Which worlds are there? Seeded, streamed events of a mall of any size."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from random import Random
from typing import Literal

import orjson

from graph_service.worlds.diary import DAY_S, DAYS, Diary, Event
from graph_service.worlds.mall import Mall
from graph_service.worlds.showcase import CAST, write_cast, write_showcase

EVENTS_PER_MEMBER = 10
MEMBERS_MIN = CAST + 10
MEMBERS_MAX = 20_000_000


@dataclass(frozen=True)
class World:
    """A mall's size and seed. events: about how many, a few per cent more or less."""

    name: str
    members: int
    events: int
    seed: int = 7


WorldName = Literal["S", "M", "L"]
WORLDS: dict[WorldName, World] = {
    "S": World("S", 20_000, 200_000),
    "M": World("M", 200_000, 2_000_000),
    "L": World("L", 2_000_000, 20_000_000),
}


def world_of(size: WorldName, *, members: int | None = None, seed: int | None = None) -> World:
    """The world of this name, or as large as `members` says; raises ValueError out of range."""
    world = WORLDS[size]
    if members is not None:
        if not MEMBERS_MIN <= members <= MEMBERS_MAX:
            raise ValueError(f"a world has {MEMBERS_MIN} to {MEMBERS_MAX:,} members")
        world = World(f"{members:,} members", members, members * EVENTS_PER_MEMBER)
    return world if seed is None else replace(world, seed=seed)


def world_events(world: World) -> Iterator[Event]:
    """The mall's CloudEvents in time order, the same for the same world; see world_lines."""
    return map(orjson.loads, world_lines(world))


def world_lines(world: World) -> Iterator[bytes]:
    """The mall's CloudEvents as JSON in time order, the same for the same world.

    Half a year of a mall: members are invited, share, click, buy and come back; there are homes,
    offices, circles of friends, influencers, flash sales and group buys, all of them honest, and
    the showcase (SHOWCASE_ORDER). Memory: 60 bytes a member and what has begun but not happened
    yet (a few days' events), never the whole. Raises ValueError below MEMBERS_MIN.
    """
    if world.members < MEMBERS_MIN:
        raise ValueError(f"a world has at least {MEMBERS_MIN} members")
    diary = Diary()
    mall = Mall(world.members - CAST, world.events, world.seed, diary)
    write_cast(diary)
    mall.open_shops()
    write_showcase(diary, mall.goods, Random(world.seed))  # noqa: S311 (keeps no secret)
    for day in range(DAYS):
        mall.live(day)
        yield from diary.read((day + 1) * DAY_S)
