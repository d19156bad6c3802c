"""What every detector is and gives: findings with a score, a subject and reasons in words."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import exp

from graph_service.fraud.detectors.kinds import Kind
from graph_service.fraud.scene import Scene


@dataclass(frozen=True)
class Threshold:
    """A number that a detector rests on, with its unit and where it comes from."""

    value: float
    unit: str
    source: str


@dataclass(frozen=True)
class Reason:
    """What speaks for a finding.

    contribution: its part of the score; those of a finding add up to its score.
    baseline: what the comparison group has. zh, en: whole sentences.
    """

    feature: str
    value: float
    baseline: float
    contribution: float
    zh: str
    en: str


@dataclass(frozen=True)
class Finding:
    """A group that looks false; members, orders and shops by their numbers in the snapshot, sorted.

    score: 0 to 1, ALERT_SCORE is the default threshold. first_seen, last_seen: us.
    amount_minor: money at risk. truncated: was a limit met, so that there may be more?
    """

    kind: Kind
    score: float
    members: tuple[int, ...]
    reasons: tuple[Reason, ...]
    orders: tuple[int, ...] = ()
    shops: tuple[int, ...] = ()
    first_seen: int = 0
    last_seen: int = 0
    amount_minor: int = 0
    truncated: bool = False

    def __post_init__(self) -> None:
        if not self.members:
            raise ValueError("a finding is about members")
        if not 0 <= self.score <= 1:
            raise ValueError(f"a score is from 0 to 1, not {self.score}")


@dataclass(frozen=True)
class Detector:
    """A pattern of fraud. find: from a scene to findings, best first, of any score above 0.

    evidence, picture: queries of cypher/fraud that take $memberIds and tell the same in the
    Browser. compared_with: the comparison group or null model in words.
    """

    kind: Kind
    question: str
    evidence: str
    picture: str
    compared_with: str
    thresholds: Mapping[str, Threshold]
    find: Callable[[Scene], Sequence[Finding]]

    def __post_init__(self) -> None:
        if not (self.question.endswith("?") and self.evidence and self.picture):
            raise ValueError(f"{self.kind}: a detector has a question and two queries")

    def value(self, name: str) -> float:
        """The value of one of its thresholds."""
        return self.thresholds[name].value


def scaled(strength: float, threshold: float, *, spread: float) -> float:
    """A score from 0 to 1 that is 0.5 where the strength is at its threshold.

    spread: by how much more strength the odds are e times as high.
    """
    x = (strength - threshold) / spread
    return 1 / (1 + exp(-x)) if x > -700 else 0.0


def together(parts: Iterable[float]) -> float:
    """Noisy-or: the score of several independent signs, 1 - (1 - a)(1 - b)…"""
    left = 1.0
    for part in parts:
        left *= 1 - part
    return 1 - left


def shared_out(score: float, weights: Mapping[str, float]) -> dict[str, float]:
    """What each sign contributes to a score, by its weight (≥ 0); all add up to the score."""
    whole = sum(weights.values())
    if whole <= 0:
        return {name: score / len(weights) for name in weights}
    return {name: score * weight / whole for name, weight in weights.items()}
