"""A small honest mall, what promoters do in it who cheat, and the honest who look alike."""

from collections.abc import Sequence
from datetime import timedelta
from math import exp
from random import Random
from typing import Any

from graph_service.clock import to_micros
from graph_service.fraud.scene import Scene
from graph_service.ingest.facts import Fact, parse_event
from graph_service.ingest.tokens import Tokeniser
from graph_service.snapshot.log import log_of
from graph_service.snapshot.snapshot import snapshot_of
from tests.worlds import START, Event, event, instant

DAY_S = 86_400
DAYS = 120
# The end of January in China, in seconds after START.
JANUARY_ENDS_S = 31 * DAY_S


def scene_of(events: Sequence[Event]) -> Scene:
    """What detectors look at, of events in any order."""
    tokeniser = Tokeniser(b"pepper")
    facts = [parse_event(one, place, tokeniser) for place, one in enumerate(events)]
    assert all(isinstance(fact, Fact) for fact in facts)
    told = sorted((fact for fact in facts if isinstance(fact, Fact)), key=lambda fact: fact.time)
    log = log_of((fact.type, to_micros(fact.time), fact.data) for fact in told)
    return Scene(snapshot_of(log))


def names_of(scene: Scene, members: Sequence[int]) -> set[str]:
    """The members' ids."""
    return {scene.snapshot.names["member"][member] for member in members}


class Mall:
    """Events of an honest mall, to which others are added. dice: decide everything."""

    def __init__(self, seed: int, members: int = 300) -> None:
        self.dice = Random(seed)
        self.events: list[Event] = []
        self.names = [f"m-{place}" for place in range(members)]
        self.shares: list[tuple[str, str, float]] = []
        self.joined: dict[str, float] = {}
        self._live()

    def scene(self) -> Scene:
        """What detectors look at."""
        return scene_of(sorted(self.events, key=instant))

    # --- what is written ---

    def write(self, kind: str, at_s: float, /, **data: Any) -> None:
        """An event, with fields that are None left out."""
        kept = {name: value for name, value in data.items() if value is not None}
        at = START + timedelta(seconds=round(min(at_s, DAYS * DAY_S)))
        self.events.append(event(kind, f"e-{len(self.events)}", at, kept))

    def join(self, name: str, at_s: float, inviter: str | None = None) -> None:
        """A member joins."""
        self.joined[name] = at_s
        self.write("member.joined", at_s, memberId=name, inviterId=inviter)

    def see(self, name: str, at_s: float, kind: str, value: str) -> None:
        """A member is seen with something."""
        self.write("identity.observed", at_s, memberId=name, kind=kind, value=value)

    def share(self, owner: str, at_s: float, product: str = "product-1") -> str:
        """A new share's id."""
        name = f"s-{len(self.events)}"
        self.write("share.created", at_s, shareId=name, memberId=owner, productId=product)
        return name

    def click(self, share: str, at_s: float, who: str) -> None:
        """A click by a member, or by a visitor whose name starts with v."""
        is_visitor = who.startswith("v")
        self.write(
            "share.clicked",
            at_s,
            shareId=share,
            visitorId=who if is_visitor else None,
            memberId=None if is_visitor else who,
        )

    def pay(
        self,
        buyer: str,
        at_s: float,
        amount_minor: int,
        *,
        share: str | None = None,
        product: str = "product-1",
        device: str | None = None,
    ) -> str:
        """A paid order's id."""
        name = f"o-{len(self.events)}"
        line = {"productId": product, "quantity": 1, "amountMinor": amount_minor}
        used = [{"kind": "device", "value": device}] if device else []
        self.write(
            "order.paid",
            at_s,
            orderId=name,
            memberId=buyer,
            amountMinor=amount_minor,
            currency="CNY",
            lines=[line],
            shareId=share,
            identifiers=used,
        )
        return name

    def complete(self, order: str, at_s: float) -> None:
        """The order is received."""
        self.write("order.completed", at_s, orderId=order)

    def refund(self, order: str, at_s: float, amount_minor: int) -> None:
        """Money goes back."""
        self.write(
            "order.refunded", at_s, orderId=order, refundId=f"r-{order}", amountMinor=amount_minor
        )

    # --- honest life ---

    def lag_s(self) -> float:
        """From a click to the order after it, about ten minutes, few of them seconds."""
        return 4 + min(self.dice.lognormvariate(6.2, 1.3), 3 * DAY_S)

    def _live(self) -> None:
        dice = self.dice
        times = sorted(dice.random() ** 1.3 * (DAYS - 15) * DAY_S for _ in self.names)
        for place, (name, at_s) in enumerate(zip(self.names, times, strict=True)):
            inviter = self.names[int(dice.random() ** 2 * place)] if place > 5 else None
            self.join(name, at_s, inviter)
            self.settle(name, at_s)
        for place in range(len(self.names)):
            owner = self.names[int(dice.random() ** 2 * len(self.names))]
            at_s = dice.uniform(self.joined[owner], DAYS * DAY_S)
            product = f"product-{dice.randrange(20)}"
            share = self.share(owner, at_s, product)
            for number in range(min(40, int(dice.paretovariate(1.2)))):
                clicked_s = at_s + dice.expovariate(1 / 30_000)
                who = dice.choice(self.names)
                if dice.random() < 0.4:
                    who = f"v-{place}-{number}"
                elif self.joined[who] > clicked_s or who == owner:
                    continue
                self.click(share, clicked_s, who)
                if who[0] == "m" and dice.random() < 0.3:
                    self.buy(who, clicked_s + self.lag_s(), share=None, product=product)

    def settle(self, name: str, at_s: float) -> None:
        """A member with a device and an address, who comes by for weeks and buys at times."""
        dice = self.dice
        self.see(name, at_s + 60, "device", f"device-{name}")
        self.see(name, at_s + 60, "address", f"{name} Road 1, Suzhou")
        left_s = DAYS * DAY_S - at_s
        if dice.random() < 0.15:
            return
        for _ in range(1 + int(dice.expovariate(1 / 2))):
            self.write("member.active", at_s + dice.random() * left_s, memberId=name)
            self.buy(name, at_s + 3_600 + dice.random() ** 2 * left_s)

    def buy(
        self, name: str, at_s: float, *, share: str | None = None, product: str = "product-1"
    ) -> str:
        """An honest order; one of thirty goes back, before it is received."""
        dice = self.dice
        amount_minor = round(exp(dice.gauss(9, 0.8)))
        order = self.pay(name, at_s, amount_minor, share=share, product=product)
        if dice.random() < 1 / 30:
            self.refund(order, at_s + 2 * DAY_S, amount_minor)
        else:
            self.complete(order, at_s + dice.uniform(4, 9) * DAY_S)
        return order


# --- farms and what looks alike ---


def farm(mall: Mall, size: int = 24, *, is_chain: bool = False, own_part: float = 0.0) -> set[str]:
    """A promoter and invitees on five devices, every half hour one; own_part have their own."""
    dice, leader = mall.dice, mall.names[3]
    accounts, before = [f"f-{place}" for place in range(size)], leader
    for place, name in enumerate(accounts):
        at_s = 60 * DAY_S + place * 1_800 + dice.uniform(-400, 400)
        mall.join(name, at_s, before)
        before = name if is_chain else leader
        is_own = dice.random() < own_part
        mall.see(name, at_s + 30, "device", f"own-{name}" if is_own else f"farm-{place % 5}")
        if place % 2:
            mall.pay(name, at_s + 900 + dice.random() * 900, 990)
    return {leader, *accounts}


def burst(mall: Mall, size: int = 120) -> set[str]:
    """Invitees of somebody known within three days: things of their own, and they live on."""
    leader = mall.names[2]
    share = mall.share(leader, 40 * DAY_S)
    names = [f"b-{place}" for place in range(size)]
    for name in names:
        at_s = (40 + 3 * mall.dice.betavariate(1.2, 3)) * DAY_S
        mall.join(name, at_s, leader)
        mall.settle(name, at_s)
        mall.click(share, at_s + 30, name)
        if mall.dice.random() < 0.5:
            mall.buy(name, at_s + 60 + mall.dice.expovariate(1 / DAY_S), share=share)
    return {leader, *names}


def dormitory(mall: Mall, size: int = 25) -> set[str]:
    """Invitees of one at one address and IP, over weeks; they live on."""
    leader = mall.names[4]
    names = [f"d-{place}" for place in range(size)]
    for name in names:
        at_s = mall.dice.uniform(30, 80) * DAY_S
        mall.join(name, at_s, leader)
        mall.settle(name, at_s)
        mall.see(name, at_s + 90, "ip", "10.1.2.3")
        mall.see(name, at_s + 95, "address", "Student Road 5, Suzhou")
    return {leader, *names}


# --- floods and what looks alike ---


def flood(mall: Mall, clickers: Sequence[str] = ("v-a", "v-b", "m-50")) -> set[str]:
    """Sixty clicks on a promoter's share within minutes, on three days, by the same few."""
    leader = mall.names[5]
    share = mall.share(leader, 50 * DAY_S)
    for day in (51, 55, 60):
        at_s = day * DAY_S + 10 * 3_600.0
        for _ in range(60):
            at_s += 1 + mall.dice.expovariate(1 / 6)
            mall.click(share, at_s, mall.dice.choice(clickers))
    return {leader, *(name for name in clickers if name[0] == "m")}


def spray(mall: Mall) -> set[str]:
    """Clicks in the name of members who know nothing of it, one after the other."""
    leader = mall.names[5]
    share = mall.share(leader, 100 * DAY_S)
    for day in (101, 104, 108):
        at_s = day * DAY_S + 9 * 3_600.0
        for name in mall.dice.sample(mall.names[6:250], 100):
            at_s += 1 + mall.dice.expovariate(1 / 2)
            mall.click(share, at_s, name)
    return {leader}


def viral(mall: Mall) -> set[str]:
    """A share that five hundred see within a day, most of them once; some buy."""
    leader = mall.names[6]
    share = mall.share(leader, 70 * DAY_S)
    for place in range(500):
        at_s = 70 * DAY_S + 60 + mall.dice.expovariate(1 / 15_000)
        who = f"v-viral-{place}"
        if mall.dice.random() < 0.3:
            who = mall.dice.choice(mall.names[7:150])
        mall.click(share, at_s, who)
        if who[0] == "m" and mall.dice.random() < 0.2:
            mall.buy(who, at_s + mall.lag_s())
    return {leader}


# --- washing and what looks alike ---


def wash(mall: Mall, *, goes_back: bool = True, over: float = 0.008) -> set[str]:
    """Four buyers lift a promoter's January to a little above 50,000 yuan in its last days."""
    leader, buyers = mall.names[1], [f"w-{place}" for place in range(4)]
    for name in buyers:
        mall.join(name, 10 * DAY_S, leader)
        mall.settle(name, 10 * DAY_S)
    share = mall.share(leader, 20 * DAY_S)
    for place in range(20):
        amount_minor = round(5_000_000 * (1 + over) / 20 * mall.dice.uniform(0.97, 1.03))
        at_s = JANUARY_ENDS_S - mall.dice.uniform(0.2, 3) * DAY_S
        buyer = buyers[place % 4]
        mall.click(share, at_s - 300, buyer)
        order = mall.pay(buyer, at_s, amount_minor, share=share)
        if goes_back:
            mall.refund(order, JANUARY_ENDS_S + mall.dice.uniform(0.1, 6) * DAY_S, amount_minor)
        else:
            mall.complete(order, JANUARY_ENDS_S + 5 * DAY_S)
    return {leader, *buyers}


def great_month(mall: Mall) -> set[str]:
    """A promoter whose three hundred buyers happen to end a little above the step."""
    leader = mall.names[0]
    share = mall.share(leader, 2 * DAY_S)
    for place in range(300):
        name = f"g-{place}"
        mall.join(name, mall.dice.uniform(1, 20) * DAY_S)
        at_s = mall.dice.uniform(21, 31) * DAY_S
        mall.click(share, at_s - mall.lag_s(), name)
        order = mall.pay(name, at_s, round(16_800 * mall.dice.uniform(0.5, 1.5)), share=share)
        mall.complete(order, at_s + 6 * DAY_S)
    return {leader}


# --- late returns and what looks alike ---


def late_returns(mall: Mall) -> set[str]:
    """Three buyers send back what they bought through one promoter, days after completion."""
    leader, buyers = mall.names[8], mall.names[20:23]
    for turn in range(3):
        share = mall.share(leader, (70 + 12 * turn) * DAY_S)
        for buyer in buyers:
            at_s = (71 + 12 * turn + mall.dice.random()) * DAY_S
            mall.joined[buyer] = min(mall.joined[buyer], at_s)
            order = mall.pay(buyer, at_s, 20_000, share=share)
            mall.complete(order, at_s + 5 * DAY_S)
            mall.refund(order, at_s + 6 * DAY_S, 20_000)
    return {leader, *buyers}


def serial_returner(mall: Mall) -> set[str]:
    """One buyer sends back most of what many promoters brought, some of it late."""
    buyer = mall.names[9]
    for place in range(24):
        at_s = (40 + 2.5 * place) * DAY_S
        share = mall.share(mall.names[30 + place % 4], at_s - DAY_S)
        order = mall.pay(buyer, at_s, 15_000, share=share)
        if place % 3:
            mall.complete(order, at_s + 5 * DAY_S)
            mall.refund(order, at_s + 7 * DAY_S, 15_000)
    return {buyer}


# --- hijacks and what looks alike ---


def hijack(mall: Mall, orders: int = 15) -> set[str]:
    """Seconds before orders that others' shares brought, the buyers click on one of theirs."""
    thief = mall.names[11]
    own = mall.share(thief, 60 * DAY_S, "product-99")
    for place in range(orders):
        at_s = (62 + 3 * place) * DAY_S + mall.dice.random() * DAY_S
        share = mall.share(mall.names[40 + place], at_s - 5_000, "product-7")
        buyer = mall.names[60 + place]
        mall.click(share, at_s - 600, buyer)
        mall.click(own, at_s - mall.dice.uniform(2, 9), buyer)
        mall.complete(mall.pay(buyer, at_s, 9_000, product="product-7"), at_s + 6 * DAY_S)
    return {thief}


def flash_sale(mall: Mall) -> set[str]:
    """Within an hour 150 buy through one share, many within a minute of the click."""
    leader = mall.names[12]
    from_s = 90 * DAY_S + 20 * 3_600.0
    share = mall.share(leader, from_s - 60, "product-3")
    for name in mall.dice.sample(mall.names[13:250], 150):
        at_s = from_s + 3_600 * mall.dice.betavariate(1, 3)
        mall.click(share, at_s, name)
        paid_s = at_s + mall.dice.uniform(8, 600)
        order = mall.pay(name, paid_s, 5_900, share=share, product="product-3")
        mall.complete(order, paid_s + 6 * DAY_S)
    return {leader}
