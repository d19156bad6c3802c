"""What happens in a mall with planted frauds and honest look-alikes, and who is in which group?"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from graph_service.errors import Invalid
from graph_service.typologies.honest import live, populate
from graph_service.typologies.lookalikes import SCHEMES as LOOKALIKE_SCHEMES
from graph_service.typologies.people import Crew, Order, log_size
from graph_service.typologies.promoter_frauds import SCHEMES as PROMOTER_SCHEMES
from graph_service.typologies.rings import SCHEMES as RING_SCHEMES
from graph_service.typologies.town import CLOSES_S, Scheme, Town
from graph_service.worlds.diary import Event

# In the order in which they act: hijackers need buyers, the washers' month counts all.
FRAUD_SCHEMES: Mapping[str, Scheme] = {**RING_SCHEMES, **PROMOTER_SCHEMES}
KINDS: tuple[str, ...] = tuple(FRAUD_SCHEMES)
LOOKALIKES: tuple[str, ...] = tuple(LOOKALIKE_SCHEMES)
MEMBERS_MIN = 1_000
PREVALENCE_MAX = 0.2
# No fraud has more than this part of all accounts in frauds, no look-alike of all members.
FRAUD_PART_MAX, LOOKALIKE_PART_MAX = 0.22, 0.08
FRAUDS_MIN = 2
# One look-alike for so many members; one at least.
MEMBERS_PER: Mapping[str, int] = {
    "household": 500,
    "dormitory": 2_500,
    "office_nat": 3_000,
    "device_resale": 500,
    "influencer_burst": 5_000,
    "flash_sale": 2_500,
    "group_buy": 1_000,
    "gift_circle": 800,
    "re_registration": 600,
}


class WorldInvalid(Invalid):
    """No world can be made of these arguments."""

    code = "world_invalid"


@dataclass(frozen=True)
class Group:
    """A planted fraud or look-alike. order_ids, shop_ids: what it is about, if anything."""

    kind: str
    member_ids: tuple[str, ...]
    order_ids: tuple[str, ...] = ()
    shop_ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class FraudWorld:
    """Events in time order with the groups among them. members: how many there are."""

    events: list[Event]
    frauds: list[Group]
    lookalikes: list[Group]
    members: int
    camouflage: float


def fraud_world(
    members: int,
    seed: int,
    *,
    camouflage: float = 0.25,
    prevalence: float = 0.015,
    kinds: Sequence[str] = KINDS,
    lookalikes: Sequence[str] = LOOKALIKES,
) -> FraudWorld:
    """A mall of 200 days, the same for the same arguments.

    camouflage (0 to 1): the part of a group's accounts with things of their own, how many honest
    orders they place beside, how far their times are apart. prevalence: the part of the members
    that is in frauds; every kind has one group at least, so small worlds have more. Raises
    WorldInvalid for arguments out of range. Cost: about 0.4 ms a member.
    """
    _check(members, camouflage, prevalence, [*kinds, *lookalikes])
    town = Town(members, seed, camouflage)
    populate(town, members)
    frauds = [
        (kind, FRAUD_SCHEMES[kind].enlist(town, size))
        for kind, size in _fraud_sizes(town, round(members * prevalence), kinds)
    ]
    alike = [
        (kind, LOOKALIKE_SCHEMES[kind].enlist(town, size))
        for kind, size in _lookalike_sizes(town, members, lookalikes)
    ]
    town.settle()
    live(town)
    alike_groups = [
        _group(kind, crew, LOOKALIKE_SCHEMES[kind].act(town, crew)) for kind, crew in alike
    ]
    frauds.sort(key=lambda one: KINDS.index(one[0]))
    fraud_groups = [
        _group(kind, crew, FRAUD_SCHEMES[kind].act(town, crew)) for kind, crew in frauds
    ]
    return FraudWorld(town.events(), fraud_groups, alike_groups, members, camouflage)


def _check(members: int, camouflage: float, prevalence: float, names: Sequence[str]) -> None:
    unknown = sorted(set(names) - set(KINDS) - set(LOOKALIKES))
    if unknown:
        raise WorldInvalid(f"no kind of fraud or look-alike is called {unknown[0]}")
    if members < MEMBERS_MIN:
        raise WorldInvalid(f"a world has at least {MEMBERS_MIN} members")
    if not 0 <= camouflage <= 1 or not 0 <= prevalence <= PREVALENCE_MAX:
        raise WorldInvalid(f"camouflage is from 0 to 1, prevalence from 0 to {PREVALENCE_MAX}")


def _fraud_sizes(town: Town, accounts: int, kinds: Sequence[str]) -> Iterator[tuple[str, int]]:
    """Kinds with sizes: twice each if that fits, at least once; then any until all are given."""
    dice, left, most = town.dice, accounts, int(accounts * FRAUD_PART_MAX)
    for turn in range(FRAUDS_MIN):
        waiting = dice.sample(list(kinds), len(kinds))
        while waiting:
            kind = waiting.pop()
            few, many = FRAUD_SCHEMES[kind].sizes
            kept = sum(FRAUD_SCHEMES[other].sizes[0] for other in waiting)
            if turn and few > left:
                continue
            size = max(few, log_size(few, min(many, most, left - kept), dice))
            left -= size
            yield kind, size
    while fitting := [kind for kind in kinds if FRAUD_SCHEMES[kind].sizes[0] <= left]:
        kind = dice.choice(fitting)
        few, many = FRAUD_SCHEMES[kind].sizes
        size = log_size(few, min(many, max(most, few), left), dice)
        left -= size
        yield kind, size


def _lookalike_sizes(town: Town, members: int, kinds: Sequence[str]) -> Iterator[tuple[str, int]]:
    """Flash sales last, since their buyers are in no other group."""
    most = int(members * LOOKALIKE_PART_MAX)
    for kind in sorted(kinds, key=lambda one: (one == "flash_sale", LOOKALIKES.index(one))):
        few, many = LOOKALIKE_SCHEMES[kind].sizes
        for _ in range(max(1, round(members / MEMBERS_PER[kind]))):
            yield kind, log_size(min(few, most), min(many, most), town.dice)


def _group(kind: str, crew: Crew, orders: Sequence[Order]) -> Group:
    return Group(
        kind,
        tuple(sorted(one.member_id for one in crew.accounts)),
        tuple(one.order_id for one in orders if one.at_s < CLOSES_S),
        tuple(one.shop_id for one in crew.shops),
    )
