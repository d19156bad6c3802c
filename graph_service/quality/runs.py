"""How well are the persons of made-up worlds found, by camouflage, over several seeds?"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
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
)
from graph_service.quality.memory import Memory, remember
from graph_service.worlds.persons import PersonsWorld, persons_world

LEVELS = (0.0, 0.25, 0.5, 0.75, 1.0)
CONFIDENCE = 0.95
# What is joined by the baselines: by anything strong, by anything but an IP.
BASELINES: Mapping[str, frozenset[str]] = {
    "anyStrong": STRONG,
    "anythingButIp": STRONG | {"device", "address"},
}
Told = Callable[[int, int], None]


@dataclass(frozen=True)
class Figure:
    """A mean over seeds and its interval at CONFIDENCE (Student's t)."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class Level:
    """What one camouflage comes to. figures: by name. noise: false pairs by what caused them."""

    camouflage: float
    figures: Mapping[str, Figure]
    noise: Mapping[str, Figure]


def evaluate(
    accounts: int, seeds: int, told: Told, levels: Sequence[float] = LEVELS
) -> list[Level]:
    """Worlds of the seeds 1 … `seeds` under each camouflage; a world of 20,000 takes 15 s."""
    found: list[Level] = []
    for camouflage in levels:
        figures: list[dict[str, float]] = []
        noise: list[Counter[str]] = []
        for seed in range(1, seeds + 1):
            told(len(found) * seeds + seed - 1, len(levels) * seeds)
            one, causes = measure(persons_world(accounts, seed, camouflage))
            figures.append(one)
            noise.append(causes)
        names = sorted({name for one in noise for name in one})
        found.append(
            Level(
                camouflage,
                {name: figure_of([one[name] for one in figures]) for name in figures[0]},
                {name: figure_of([one[name] for one in noise]) for name in names},
            )
        )
    return found


def figure_of(values: Sequence[float]) -> Figure:
    """The mean, and an interval that a single value does not have."""
    middle = mean(values)
    if len(values) == 1:
        return Figure(middle, middle, middle)
    quantile = float(stdtrit(len(values) - 1, (1 + CONFIDENCE) / 2))
    width = quantile * stdev(values) / sqrt(len(values))
    return Figure(middle, middle - width, middle + width)


def measure(world: PersonsWorld) -> tuple[dict[str, float], Counter[str]]:
    """The figures of one world, and its false pairs by noise."""
    tokeniser = Tokeniser(b"pepper of made-up worlds")
    memory = remember(facts_of(world, tokeniser))
    known, truth = memory.known(), world.truth
    groups = persons_of(known, truth)
    honest = {one: who for one, who in truth.items() if who not in world.fraudsters}
    fraud = {one: who for one, who in truth.items() if who in world.fraudsters}
    wrong, with_fraud = joined_honest(groups, truth, world.fraudsters)
    found: dict[str, float] = {
        **_named("", agreement(groups, truth)),
        "recallOfHonest": agreement(groups, honest).recall,
        "recallOfFraudsters": agreement(groups, fraud).recall,
        "honestPersons": len(set(honest.values())),
        "honestJoined": wrong,
        "honestJoinedToFraudsters": with_fraud,
    }
    for name, kinds in BASELINES.items():
        joined = components(memory.uses, memory.kinds, kinds)
        found |= _named(name, agreement(joined, truth))
        found[f"{name}HonestJoined"] = joined_honest(joined, truth, world.fraudsters)[0]
    found |= _suggested(world, known, groups)
    noise = _noise_of(world, tokeniser)
    return found, false_pairs(links_of(known, truth), truth, noise)


def facts_of(world: PersonsWorld, tokeniser: Tokeniser) -> Iterator[Fact]:
    """The world's events as the service takes them."""
    for i, event in enumerate(world.events):
        fact = parse_event(event, i, tokeniser)
        assert isinstance(fact, Fact), "a made-up event is a good one"
        yield fact


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
    right = sum(truth[one] == truth[other] for one, other in pairs)
    fraud = sum(
        truth[one] == truth[other] and truth[one] in world.fraudsters for one, other in pairs
    )
    families = [
        pair_of(one, other)
        for home in world.households
        for one, other in combinations(home, 2)
        if truth[one] != truth[other]
    ]
    return {
        "suggestions": len(pairs),
        "suggestionsRight": right,
        "suggestionsRightOfFraudsters": fraud,
        "householdPairs": len(families),
        "householdPairsJoined": sum(groups[one] == groups[other] for one, other in families),
        "householdPairsSuggested": sum(pair in pairs for pair in families),
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
