"""How well are the persons of made-up worlds found, by camouflage, over several seeds?"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from math import sqrt
from statistics import mean, stdev

from scipy.special import stdtrit  # pyright: ignore[reportMissingTypeStubs, reportUnknownVariableType]

from graph_service.identity.persons import (
    Known,
    Pair,
    links_of,
    pair_of,
    persons_of,
    score_pair,
)
from graph_service.identity.telling import SUGGEST_REACH
from graph_service.identity.weights import STRONG, SUGGEST_BITS
from graph_service.ingest.facts import Fact, parse_event
from graph_service.ingest.tokens import Tokeniser
from graph_service.quality.measures import (
    Agreement,
    agreement,
    components,
    false_pairs,
    joined_honest,
    joined_part,
)
from graph_service.quality.memory import remember
from graph_service.worlds.diary import Event
from graph_service.worlds.persons import PersonsWorld, persons_world

LEVELS = (0.0, 0.25, 0.5, 0.75, 1.0)
CONFIDENCE = 0.95
# What is joined by the baselines: by anything strong, by anything but an IP.
BASELINES: Mapping[str, frozenset[str]] = {
    "anyStrong": STRONG,
    "anythingButIp": STRONG | {"device", "address"},
}
Told = Callable[[int, int], None]
# Figures by name, false pairs by noise, and uses by noise.
Measured = tuple[dict[str, float], Counter[str], Counter[str]]


@dataclass(frozen=True)
class Figure:
    """A mean over seeds and its interval at CONFIDENCE (Student's t)."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class Level:
    """What one camouflage comes to. figures: by name.

    noise: false pairs by what caused them. uses: how often each noise had an account be seen with
    what is another's.
    """

    camouflage: float
    figures: Mapping[str, Figure]
    noise: Mapping[str, Figure]
    uses: Mapping[str, Figure]


def evaluate(
    accounts: int, seeds: int, told: Told, levels: Sequence[float] = LEVELS
) -> list[Level]:
    """Worlds of the seeds 1 … `seeds` under each camouflage; told: worlds done, and of how many."""
    measured: defaultdict[float, list[Measured]] = defaultdict(list)
    for number, seed in enumerate(range(1, seeds + 1)):
        # The honest are the same under each camouflage, so most is parsed once.
        parser = Parser()
        for place, camouflage in enumerate(levels):
            told(number * len(levels) + place, seeds * len(levels))
            measured[camouflage].append(measure(persons_world(accounts, seed, camouflage), parser))
    told(seeds * len(levels), seeds * len(levels))
    return [_level(camouflage, worlds) for camouflage, worlds in measured.items()]


def _level(camouflage: float, worlds: Sequence[Measured]) -> Level:
    return Level(
        camouflage,
        *(
            {
                name: figure_of([one[name] for one in counts])
                for name in sorted({name for one in counts for name in one})
            }
            for counts in zip(*worlds, strict=True)
        ),
    )


@dataclass
class Parser:
    """Takes events as the service does; what it has taken before it knows."""

    tokeniser: Tokeniser = field(default_factory=lambda: Tokeniser(b"pepper of made-up worlds"))
    _taken: dict[str, tuple[Event, Fact]] = field(default_factory=dict[str, tuple[Event, Fact]])

    def facts(self, events: Iterable[Event]) -> Iterator[Fact]:
        """The facts of good events."""
        for event in events:
            known = self._taken.get(event["id"])
            if known is not None and known[0] == event:
                yield known[1]
                continue
            fact = parse_event(event, 0, self.tokeniser)
            assert isinstance(fact, Fact), "a made-up event is a good one"
            self._taken[event["id"]] = (event, fact)
            yield fact


def figure_of(values: Sequence[float]) -> Figure:
    """The mean, and an interval that a single value does not have."""
    middle = mean(values)
    if len(values) == 1:
        return Figure(middle, middle, middle)
    quantile = float(stdtrit(len(values) - 1, (1 + CONFIDENCE) / 2))
    width = quantile * stdev(values) / sqrt(len(values))
    return Figure(middle, middle - width, middle + width)


def measure(world: PersonsWorld, parser: Parser) -> Measured:
    """The figures of one world, its false pairs and its uses by noise."""
    memory = remember(parser.facts(world.events))
    known, truth = memory.known(), world.truth
    groups = persons_of(known, truth)
    honest = {one: who for one, who in truth.items() if who not in world.fraudsters}
    fraud = {one: who for one, who in truth.items() if who in world.fraudsters}
    wrong, with_fraud = joined_honest(groups, truth, world.fraudsters)
    found: dict[str, float] = {
        **_named("", agreement(groups, truth)),
        "recallOfHonest": agreement(groups, honest).recall,
        "recallOfFraudsters": agreement(groups, fraud).recall,
        "fraudAccountsJoined": joined_part(groups, fraud),
        "honestPersons": len(set(honest.values())),
        "honestJoined": wrong,
        "honestJoinedToFraudsters": with_fraud,
    }
    for name, kinds in BASELINES.items():
        joined = components(memory.uses, memory.kinds, kinds)
        found |= _named(name, agreement(joined, truth))
        found[f"{name}HonestJoined"] = joined_honest(joined, truth, world.fraudsters)[0]
    found |= _suggested(world, known, groups)
    noise = _noise_of(world, parser.tokeniser)
    causes = false_pairs(links_of(known, truth), truth, noise)
    return found, causes, Counter(noise.values())


def _noise_of(world: PersonsWorld, tokeniser: Tokeniser) -> dict[tuple[str, str], str]:
    return {
        (member_id, tokeniser.token(kind, value)): name
        for (member_id, kind, value), name in world.noise.items()
    }


def _named(name: str, one: Agreement) -> dict[str, float]:
    """Figures of one way of joining, named after it."""
    figures = {
        "precision": one.precision,
        "recall": one.recall,
        "cubedPrecision": one.cubed_precision,
        "cubedRecall": one.cubed_recall,
        "cubedF1": one.cubed_f1,
    }
    return {f"{name}{key[0].upper()}{key[1:]}" if name else key: it for key, it in figures.items()}


def _suggested(
    world: PersonsWorld, known: Known, groups: Mapping[str, tuple[str, ...]]
) -> dict[str, float]:
    """How many pairs are suggested, how many of those are right, and what becomes of families."""
    truth = world.truth
    pairs = set(suggestions_of(known, groups))
    right = [one for one, other in pairs if truth[one] == truth[other]]
    suggested = {pair_of(truth[one], truth[other]) for one, other in pairs}
    families: dict[Pair, bool] = {}
    for home in world.households:
        for one, other in combinations(home, 2):
            if truth[one] != truth[other]:
                people = pair_of(truth[one], truth[other])
                families[people] = families.get(people, False) or groups[one] == groups[other]
    return {
        "suggestions": len(pairs),
        "suggestionsRight": len(right),
        "suggestionsRightOfFraudsters": sum(truth[one] in world.fraudsters for one in right),
        "householdPairs": len(families),
        "householdPairsJoined": sum(families.values()),
        "householdPairsSuggested": sum(pair in suggested for pair in families),
    }


def suggestions_of(known: Known, groups: Mapping[str, tuple[str, ...]]) -> Iterator[Pair]:
    """Pairs that the staff would be shown, as identity.telling lists them, each once."""
    users: defaultdict[str, list[str]] = defaultdict(list)
    for member_id in sorted(known.uses):
        for token in known.uses[member_id]:
            if 1 < known.tokens[token].reach <= SUGGEST_REACH:
                users[token].append(member_id)
    seen: set[Pair] = set()
    for accounts in users.values():
        for pair in combinations(accounts, 2):
            if pair not in seen and groups[pair[0]] != groups[pair[1]]:
                seen.add(pair)
                if score_pair(known, pair).bits >= SUGGEST_BITS:
                    yield pair
