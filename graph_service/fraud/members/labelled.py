"""Of which members is it known what they are, and what were they like then?"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from graph_service.attribution.touches import MICROS_PER_DAY
from graph_service.features.catalogue import Features
from graph_service.features.gathering import wide_features_of
from graph_service.features.structure import LABEL_DELAY_DAYS
from graph_service.fraud.detectors.registry import DETECTORS
from graph_service.fraud.members.scoring import with_graded
from graph_service.fraud.scanning import run_detectors
from graph_service.fraud.scene import Scene
from graph_service.snapshot.log import NONE, Log, log_of, micros
from graph_service.snapshot.resolving import Snapshot
from graph_service.snapshot.snapshot import snapshot_of
from graph_service.typologies.world import FraudWorld
from graph_service.verdicts import CORE_WEIGHT, PERIPHERAL_WEIGHT

Ints = NDArray[np.int64]
HONEST: Final = "honest"


@dataclass(frozen=True)
class Labelled:
    """Members with what they are. values: (n, d) as of then; false: what they turned out to be.

    ring: by row, those of one ring or case have one number, and never are on both sides of a split.
    at: by row, when it was known, in any unit that orders. kinds: by row, of the typology or
    look-alike, HONEST for none, "" where nobody said. weight: by row, what it counts in learning.
    """

    names: tuple[str, ...]
    values: NDArray[np.float32]
    false: NDArray[np.bool_]
    ring: Ints
    at: Ints
    kinds: NDArray[np.str_]
    weight: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.false)

    @property
    def false_part(self) -> float:
        """The part that is false, by weight."""
        return float(np.average(self.false, weights=self.weight))

    def keep(self, which: NDArray[np.bool_]) -> "Labelled":
        """These rows only."""
        return Labelled(
            self.names,
            self.values[which],
            self.false[which],
            self.ring[which],
            self.at[which],
            self.kinds[which],
            self.weight[which],
        )


def together(sets: Sequence[Labelled]) -> Labelled:
    """All of these as one, later ones known later. Rings of different sets stay apart."""
    rings, start = list[Ints](), 0
    for one in sets:
        rings.append(one.ring + start)
        start += int(one.ring.max(initial=-1)) + 1
    return Labelled(
        sets[0].names,
        np.concatenate([one.values for one in sets]),
        np.concatenate([one.false for one in sets]),
        np.concatenate(rings),
        np.concatenate([one.at for one in sets]),
        np.concatenate([one.kinds for one in sets]),
        np.concatenate([one.weight for one in sets]),
    )


def of_world(world: FraudWorld, *, at: int = 0) -> Labelled:
    """All members of a generated world at its end. at: when it is known, as of its number."""
    scene = scene_of_world(world)
    return labelled_with(world, scene, known_of(scene), at=at)


def known_of(scene: Scene, *, delay_days: float = LABEL_DELAY_DAYS) -> Features:
    """All that a model may learn from: features, and what the detectors find."""
    features = wide_features_of(scene, delay_days=delay_days)
    return with_graded(features, run_detectors(scene, DETECTORS))


def labelled_with(world: FraudWorld, scene: Scene, features: Features, *, at: int = 0) -> Labelled:
    """The same of features that are there. An honest member is a ring of its own."""
    number = {name: place for place, name in enumerate(scene.snapshot.names["member"])}
    false = np.zeros(scene.people, np.bool_)
    ring = np.arange(scene.people, dtype=np.int64) + len(world.frauds)
    kinds = np.full(scene.people, HONEST, dtype="<U24")
    for group in world.lookalikes:
        kinds[[number[one] for one in group.member_ids]] = group.kind
    for place, group in enumerate(world.frauds):
        members = [number[one] for one in group.member_ids]
        false[members], ring[members], kinds[members] = True, place, group.kind
    known_at = np.full(scene.people, at, np.int64)
    alike = np.ones(scene.people)
    return Labelled(features.names, features.values, false, ring, known_at, kinds, alike)


def of_decisions(
    log: Log, *, delay_days: float = LABEL_DELAY_DAYS, features: Features | None = None
) -> Labelled:
    """Members that a case's decision confirmed or cleared delay_days ago or before.

    What they are like is as of now, so what was done to them since (a freeze) shows in it; take a
    log of before if that matters. features: of these members as of now, if they are there. What
    was decided at once is one case, and members who are one person are one ring. Who was at the
    core of no case that says so counts PERIPHERAL_WEIGHT.
    """
    shot = snapshot_of(log)
    features = known_of(Scene(shot), delay_days=delay_days) if features is None else features
    until = shot.now - round(delay_days * MICROS_PER_DAY)
    confirmed, cleared = (
        (at != NONE) & (at <= until) for at in (shot.confirmed_at, shot.cleared_at)
    )
    # Confirmed after it was cleared is confirmed; the other way round an appeal was granted.
    false = confirmed & ~(cleared & (shot.cleared_at > shot.confirmed_at))
    known = confirmed | cleared
    core = np.where(false, shot.confirmed_core, shot.cleared_core)
    when = np.where(false, shot.confirmed_at, shot.cleared_at)
    whole = Labelled(
        features.names,
        features.values,
        false,
        _cases(shot, when),
        when,
        np.full(len(when), "", dtype="<U24"),
        np.where(core, float(CORE_WEIGHT), float(PERIPHERAL_WEIGHT)),
    )
    return whole.keep(known)


def _cases(shot: Snapshot, when: Ints) -> Ints:
    """A number for each case: decided in one moment, or of one person (by the person's first)."""
    first = shot.members.person.astype(np.int64)
    moment = np.where(when[first] != NONE, when[first], when)
    alone = moment == NONE
    _, number = np.unique(moment, return_inverse=True)
    return np.where(alone, number.max(initial=0) + 1 + first, number).astype(np.int64)


def scene_of_world(world: FraudWorld) -> Scene:
    """The scene at a generated world's end."""
    return Scene(snapshot_of(log_of(facts_of_world(world))))


def facts_of_world(world: FraudWorld) -> list[tuple[str, int, Mapping[str, Any]]]:
    """What happens in it as facts: type, time (us), data."""
    return list(_facts(world.events))


def _facts(events: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, int, Mapping[str, Any]]]:
    """Events as facts. A made-up identifier needs no hash to be a token, only its kind."""
    for event in events:
        data = dict(event["data"])
        if "value" in data:
            data["value"] = f"{data['kind']}:{data['value']}"
        if "identifiers" in data:
            data["identifiers"] = [
                {"kind": one["kind"], "value": f"{one['kind']}:{one['value']}"}
                for one in data["identifiers"]
            ]
        yield event["type"], micros(event["time"]), data
