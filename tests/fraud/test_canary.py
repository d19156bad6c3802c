"""Made-up fraud in the arrays: found by detectors that are awake, and never in an answer."""

from dataclasses import replace

import numpy as np
import pytest
from structlog.testing import capture_logs

from graph_service.fraud.canary import CANARY_KINDS, SIGN, joined, with_canary
from graph_service.fraud.detectors.registry import DETECTORS
from graph_service.fraud.detectors.shape import Detector, Finding
from graph_service.fraud.scanning import search_log
from graph_service.fraud.scene import Scene
from graph_service.ingest.tokens import Tokeniser
from graph_service.snapshot.log import Log, empty_log, log_of
from tests.scans.desk import ring
from tests.scans.detectors import detector, shared_shops
from tests.snapshot.worlds import log_in_memory, mall, rows_of, tables_of

TOKENISER = Tokeniser(b"pepper")
AWAKE = tuple(one for one in DETECTORS if one.kind in CANARY_KINDS)
FIVE = [f"a{number}" for number in range(5)]


def large(members: int = 9_000) -> Log:
    """A mall so large that canaries go among its own rows."""
    day = 86_400_000_000
    lines = [{"productId": "p", "quantity": 1, "amountMinor": 100}]
    order = {"amountMinor": 100, "currency": "CNY", "lines": lines}
    joins = [
        ("member.joined", 400 * day + number, {"memberId": f"m{number}"})
        for number in range(members)
    ]
    orders = [
        (
            "order.paid",
            410 * day + number,
            {**order, "memberId": f"m{number}", "orderId": f"o{number}"},
        )
        for number in range(members)
    ]
    return log_of([*joins, *orders])


def test_each_kind_of_canary_has_a_detector() -> None:
    assert [one.kind for one in AWAKE] == ["self_referral_cycle", "fake_order_ring"]


@pytest.mark.parametrize("told", [empty_log(), log_in_memory(mall(3), TOKENISER), large()])
def test_canaries_are_found_in_malls_without_fraud(told: Log) -> None:
    searched = search_log(told, AWAKE)

    assert (searched.missed, searched.failed) == ((), ())
    assert searched.canaries == ("self_referral_cycle", "fake_order_ring")


def test_canaries_that_a_mall_hides_are_looked_for_in_a_crowd() -> None:
    def shy(scene: Scene) -> list[Finding]:
        return [] if scene.people > 5_000 else shared_shops(scene)

    searched = search_log(large(), [detector(shy)])

    assert searched.missed == ()
    assert searched.notes == [
        "fake_order_ring: a made-up ring was found in a crowd, and not among what is usual here"
    ]


def test_a_detector_that_sees_nothing_misses_its_canary() -> None:
    def nothing(_scene: Scene) -> list[Finding]:
        return []

    blind = replace(AWAKE[0], find=nothing)

    assert search_log(large(), [blind, AWAKE[1]]).missed == ("self_referral_cycle",)
    assert search_log(empty_log(), [blind]).missed == ("self_referral_cycle",)


@pytest.mark.parametrize("members", [0, 9_000])
def test_canaries_come_into_no_answer(members: int) -> None:
    told = joined(large(members), log_in_memory(ring("a", FIVE), TOKENISER))
    assert with_canary(told, ["fake_order_ring"]).is_apart == (members == 0)

    searched = search_log(told, [detector(shared_shops)])

    names = searched.scene.snapshot.names["member"]
    found = [[names[member] for member in one.members] for one in searched.findings]
    assert found == [FIVE]


def test_a_mall_is_as_it_was_with_canaries_behind_it() -> None:
    told = log_in_memory(mall(5), TOKENISER)
    more = with_canary(large(), CANARY_KINDS).log

    both = joined(told, more)

    for table, rows in tables_of(told).items():
        assert rows_of(both, table)[: len(rows)] == rows
        assert rows_of(both, table)[len(rows) :] == rows_of(more, table)
    assert all(one.startswith(SIGN) for one in more.names["shop"])
    assert len(set(both.names["currency"])) == len(both.names["currency"])
    assert both.now == max(told.now, more.now)


def test_a_detector_that_breaks_is_named_and_the_others_go_on() -> None:
    def breaking(_scene: Scene) -> list[Finding]:
        raise ZeroDivisionError

    broken: Detector = detector(breaking, "sleeper")

    with capture_logs():
        searched = search_log(
            log_in_memory(ring("a", FIVE), TOKENISER), [broken, detector(shared_shops)]
        )

    assert searched.failed == ("sleeper",)
    assert searched.notes == ["sleeper broke: ZeroDivisionError"]
    assert len(searched.findings) == 1


def test_groups_that_were_cleared_after_their_evidence_are_left_out() -> None:
    told = log_in_memory(ring("a", FIVE), TOKENISER)
    members = [told.names["member"].index(one) for one in FIVE[:3]]
    at = np.full(3, told.now, np.int64)

    def cleared(when: np.ndarray[tuple[int], np.dtype[np.int64]], number: int) -> Log:
        verdicts = {
            "member": np.array(members[:number], np.int32),
            "conclusion": np.ones(number, np.int32),
            "core": np.ones(number, np.int32),
            "at": when[:number],
        }
        return Log(told.names, {**told.tables, "verdicts": verdicts}, told.seq, told.now)

    looking = [detector(shared_shops)]
    assert search_log(cleared(at + 1, 3), looking).suppressed == 1
    assert search_log(cleared(at + 1, 3), looking).findings == []
    assert search_log(cleared(at - 10**9, 3), looking).suppressed == 0
    assert search_log(cleared(at + 1, 2), looking).suppressed == 0
