"""Are clicks told as one would by looking at each?"""

from graph_service.fraud.clicking import clicking_of
from tests.worlds import farms
from tests.worlds.malls import DAY_S, Mall, names_of


def test_clicks_are_told_as_one_by_one() -> None:
    """Repeats, bursts and what was bought after, against a plain count."""
    mall = Mall(5, members=60)
    farms.flood(mall, ["v-a", "v-b"])
    scene = mall.scene()

    clicking = clicking_of(scene, pause_seconds=300, burst_clicks=10)

    seen: set[tuple[int, int]] = set()
    orders = scene.snapshot.orders
    for row in range(len(clicking.at)):
        key = int(clicking.share[row]), int(clicking.who[row])
        assert clicking.again[row] == (key in seen)
        seen.add(key)
        later = orders.paid[orders.buyer == clicking.member[row]] // 1_000_000
        at_s = clicking.at[row] // 1_000_000
        bought = bool(((later >= at_s) & (later <= at_s + 86_400)).any())
        assert clicking.sold[row] == (bought and clicking.member[row] >= 0)


def test_the_click_of_one_who_passed_the_share_on_is_left_out_and_a_second_is_not() -> None:
    mall = Mall(6, members=20)
    share = mall.share("sharer", 90 * DAY_S)
    for second, member in enumerate(["m2", "m3", "m3", "m4"], 60):
        mall.click(share, 90 * DAY_S + second, member)
    for member in ("m2", "m3"):
        again = mall.share(member, 91 * DAY_S)
        mall.events[-1]["data"]["parentShareId"] = share
        mall.click(again, 92 * DAY_S, "m4")
    scene = mall.scene()

    clicking = clicking_of(scene, pause_seconds=300, burst_clicks=10)

    on_it = clicking.share == scene.snapshot.names["share"].index(share)
    assert names_of(scene, clicking.member[on_it].tolist()) == {"m3", "m4"}
    assert on_it.sum() == 2
