"""Of whom only a part is in view nothing is said that rests on the whole."""

from collections.abc import Sequence

import numpy as np
import pytest

from graph_service.fraud import touching
from graph_service.fraud.detectors import self_referral_cycle
from graph_service.fraud.detectors.shape import Finding
from graph_service.fraud.scanning import Terms, search_log
from graph_service.fraud.touching import Place, Ties
from graph_service.screening.looking import Eye
from graph_service.screening.viewing import View
from graph_service.snapshot.cutting import cut_log
from graph_service.snapshot.log import Log, LogWriter, Numbers
from tests.screening.test_looking import add, by_time
from tests.worlds import Event
from tests.worlds.frauds import Diary, honest_mall, own_things

CHAIN = ("ada", "bea", "cyd")
BUYERS = 100


def log_of_events(events: Sequence[Event]) -> Log:
    writer = LogWriter()
    add(writer, by_time(events))
    return writer.rebased()


def view_of(log: Log, members: Numbers) -> View:
    return View(log, Ties(log), members, cut_log(log, members))


def numbers_of(log: Log, names: Sequence[str]) -> Numbers:
    return np.array([log.names["member"].index(one) for one in names], np.int32)


def promoted(buyers: int) -> list[Event]:
    """Who buys all by a promoter promotes what another buys; the promoter sells to others too."""
    diary = Diary("promoted")
    others = [f"o{number}" for number in range(buyers)]
    for name in (*CHAIN, *others):
        diary.join(name, 20, **own_things(name))
    first, second = (diary.share(name, 70, "p-5") for name in CHAIN[:2])
    for place, name in enumerate(others):
        # In another shop each time: the customers of one are looked at together.
        product = f"p-{6 + place % 14}"
        diary.buy(name, 71 + place / 10, product, 8_000 + place, share=first)
    for day in range(4):
        diary.buy("bea", 90 + 2 * day, "p-5", 9_000 + 500 * day, share=first)
        diary.buy("cyd", 91 + 2 * day, "p-5", 9_200 + 500 * day, share=second)
    return diary.events


def look_at_last_order(
    events: Sequence[Event], monkeypatch: pytest.MonkeyPatch
) -> tuple[list[str], list[str]]:
    """Kinds that the whole shows, and that a look after the last order of the chain does."""
    # One of ninety is compared with, as 500 of a mall of 45,000.
    monkeypatch.setattr(touching, "COMPARED", 3)
    facts = by_time([*honest_mall(), *events])
    last = max(
        place
        for place, one in enumerate(facts)
        if one.type == "order.paid" and one.data.get("memberId") == CHAIN[-1]
    )
    writer = LogWriter()
    add(writer, facts[:last])
    eye = Eye(Place.end_of(writer.rebased()))
    add(writer, facts[last : last + 1])
    log, detectors = writer.rebased(), [self_referral_cycle.DETECTOR]
    whole = [one.kind for one in search_log(log, detectors).findings if one.score >= 0.5]
    return whole, [one["kind"] for one in eye.look(log, detectors, Terms()).alerts]


def test_a_promoter_whose_other_buyers_are_out_of_view_sells_not_to_one_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert look_at_last_order(promoted(BUYERS), monkeypatch) == ([], [])


def test_a_chain_that_sells_to_nobody_else_is_shown_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kind = "self_referral_cycle"

    assert look_at_last_order(promoted(0), monkeypatch) == ([kind], [kind])


def test_a_view_tells_which_part_of_the_orders_in_shops_was_seen() -> None:
    log = log_of_events(honest_mall())
    members = np.arange(0, len(log.names["member"]), 3, dtype=np.int32)

    part = view_of(log, members).part_of_shops(np.array([1, 4], np.int32))

    told = log.tables["orders"]
    buyers = [
        int(buyer)
        for buyer, shop in zip(told["member"], told["shop"], strict=True)
        if shop in (1, 4)
    ]
    assert len(buyers) > 0
    assert part == sum(buyer % 3 == 0 for buyer in buyers) / len(buyers)


def test_a_view_tells_which_part_of_what_a_promoter_brought_was_seen() -> None:
    log = log_of_events([*honest_mall(), *promoted(6)])
    ada, bea, one = numbers_of(log, ["ada", "bea", "o0"])

    def part(*members: int) -> float:
        seen = np.array(sorted(members), np.int32)
        return view_of(log, seen).part_brought(np.array([ada], np.int32))

    assert (part(ada), part(ada, one), part(ada, bea)) == (0.0, 1 / 10, 4 / 10)


def clicked(clickers: int) -> list[Event]:
    """Members, and as many visitors who become others, click on a share of ada's.

    One visitor more is never known.
    """
    diary = Diary("clicked")
    diary.join("ada", 20, **own_things("ada"))
    share = diary.share("ada", 70, "p-5")
    for number in range(clickers):
        for name in (f"c{number}", f"d{number}"):
            diary.join(name, 20, **own_things(name))
        diary.write("share.clicked", 71, shareId=share, memberId=f"c{number}")
        diary.write("share.clicked", 72, shareId=share, visitorId=f"v{number}")
        diary.write("visitor.identified", 73, visitorId=f"v{number}", memberId=f"d{number}")
    diary.write("share.clicked", 74, shareId=share, visitorId="v-nobody")
    return diary.events


def test_a_click_is_in_view_where_it_is_known_what_came_of_it() -> None:
    log = log_of_events([*honest_mall(), *clicked(4)])
    ada, c0, d0 = numbers_of(log, ["ada", "c0", "d0"])

    def part(*members: int) -> float:
        seen = np.array(sorted(members), np.int32)
        return view_of(log, seen).part_of_clicks(np.array([ada], np.int32))

    assert [part(c0), part(ada), part(ada, c0), part(ada, c0, d0)] == [
        pytest.approx(clicks / 9) for clicks in (1, 1, 2, 3)
    ]


def test_a_flood_is_not_told_of_clicks_of_which_few_are_in_view() -> None:
    log = log_of_events([*honest_mall(), *clicked(4)])
    ada = numbers_of(log, ["ada"])

    def is_enough(members: Numbers) -> bool:
        view = view_of(log, members)
        one = view.cut.numbers["member"].tolist().index(int(ada[0]))
        return view.is_enough(Finding("click_flood", 0.8, (one,), ()))

    assert is_enough(np.arange(len(log.names["member"]), dtype=np.int32))
    assert not is_enough(ada)
