"""Are findings on the same people told once? Beside a plain reference that tries every pair."""

from hypothesis import given
from hypothesis import strategies as st

from graph_service.fraud.detectors.kinds import ALERT_SCORE
from graph_service.fraud.detectors.shape import Finding
from graph_service.fraud.signs.merging import is_shared, join, merge

SCORES = st.sampled_from([0.3, 0.49, 0.5, 0.7, 0.9])
MEMBERS = st.frozensets(st.integers(0, 9), min_size=1, max_size=5)


def finding(score: float, members: frozenset[int]) -> Finding:
    return Finding(
        kind="sleeper",
        score=score,
        members=tuple(sorted(members)),
        reasons=(),
        first_seen=min(members),
        last_seen=max(members),
    )


def plain(findings: list[Finding]) -> list[Finding]:
    kept: list[Finding] = []
    for one in sorted(findings, key=lambda one: (-one.score, one.members)):
        for place, other in enumerate(kept):
            if is_shared(one, other):
                if one.score >= ALERT_SCORE or other.score < ALERT_SCORE:
                    kept[place] = join(other, one)
                break
        else:
            kept.append(one)
    return kept


@given(st.lists(st.tuples(SCORES, MEMBERS), max_size=12))
def test_merged_findings_are_those_of_trying_every_pair(
    drawn: list[tuple[float, frozenset[int]]],
) -> None:
    findings = [finding(score, members) for score, members in drawn]

    assert merge(findings) == plain(findings)
