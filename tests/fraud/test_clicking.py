"""Are clicks told as one would by looking at each?"""

from graph_service.fraud.clicking import clicking_of
from tests.worlds import farms
from tests.worlds.malls import Mall


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
