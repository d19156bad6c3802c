"""Which alert is a group that was found? Beside a plain reference that tries every pair."""

from hypothesis import given
from hypothesis import strategies as st

from graph_service.scans.matching import CONTAINED_MIN, JACCARD_MIN, Known, matched, matched_again

GROUP = st.frozensets(st.sampled_from("abcdefghij"), min_size=1, max_size=6)
KIND = st.sampled_from(["account_farm", "sleeper"])


def known(*groups: str, kind: str = "sleeper") -> list[Known]:
    return [Known(f"alert-{i}", kind, 0.6, frozenset(one)) for i, one in enumerate(groups)]


def found(*groups: str, kind: str = "sleeper") -> list[tuple[str, frozenset[str]]]:
    return [(kind, frozenset(one)) for one in groups]


def ids(same: dict[int, Known]) -> dict[int, str]:
    return {place: one.alert_id for place, one in same.items()}


def test_a_ring_that_grew_or_shrank_is_the_same() -> None:
    same = matched(known("abcd", "efgh"), found("efg", "abcdxyz"))

    assert ids(dict(same)) == {0: "alert-1", 1: "alert-0"}


def test_a_ring_that_takes_in_another_keeps_the_id_of_the_more_alike() -> None:
    same = matched(known("abcdef", "gh"), found("abcdefgh"))

    assert ids(dict(same)) == {0: "alert-0"}


def test_a_ring_that_falls_apart_keeps_its_id_once() -> None:
    same = matched(known("abcdefgh"), found("abcdef", "gh"))

    assert ids(dict(same)) == {0: "alert-0"}


def test_groups_of_other_kinds_or_with_little_in_common_are_others() -> None:
    assert not matched(known("abcd"), found("abcd", kind="account_farm"))
    assert not matched(known("abcdefgh"), found("hijklmno"))


def test_only_a_ring_that_matches_no_live_alert_comes_back_as_one_that_was_gone() -> None:
    rings = found("abcd", "efgh")
    same = matched(known("abc"), rings)

    back = matched_again([Known("gone", "sleeper", 0.6, frozenset("abcdefg"))], rings, same)

    assert ids(dict(back)) == {1: "gone"}


def plain(alerts: list[Known], groups: list[tuple[str, frozenset[str]]]) -> dict[int, str]:
    """Best pair first, each side once, by trying every pair again and again."""
    left, places, same = list(alerts), set(range(len(groups))), dict[int, str]()
    while True:
        best = None
        for place in places:
            kind, members = groups[place]
            for alert in left:
                common = len(members & alert.members)
                jaccard = common / len(members | alert.members)
                contained = common / min(len(members), len(alert.members))
                if alert.kind == kind and (jaccard >= JACCARD_MIN or contained >= CONTAINED_MIN):
                    row = (-jaccard, -contained, alert.alert_id, place, alert)
                    if best is None or row[:4] < best[:4]:
                        best = row
        if best is None:
            return same
        same[best[3]] = best[4].alert_id
        places.remove(best[3])
        left.remove(best[4])


@given(st.lists(st.tuples(KIND, GROUP), max_size=6), st.lists(st.tuples(KIND, GROUP), max_size=6))
def test_matches_are_those_of_trying_every_pair(
    old: list[tuple[str, frozenset[str]]], new: list[tuple[str, frozenset[str]]]
) -> None:
    alerts = [Known(f"alert-{i}", kind, 0.6, group) for i, (kind, group) in enumerate(old)]

    assert ids(dict(matched(alerts, new))) == plain(alerts, new)
