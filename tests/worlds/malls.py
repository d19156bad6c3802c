"""A small honest mall, to which others may be added."""

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
        shop: str | None = None,
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
            shopId=shop,
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
