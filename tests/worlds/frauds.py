"""Small worlds with one fraud or one honest look-alike each, beside a mall of honest members."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import cache
from itertools import pairwise
from random import Random
from typing import Any

from graph_service.clock import to_micros
from graph_service.fraud.scene import Scene
from graph_service.ingest.facts import Fact, parse_event
from graph_service.ingest.tokens import Tokeniser
from graph_service.snapshot.log import log_of
from graph_service.snapshot.snapshot import snapshot_of
from tests.worlds import START, Event, event

HONEST = 160
GOODS, SHOPS = 60, 20
Things = dict[str, str]


class Diary:
    """Writes events down, days after START; ids are those of the members."""

    def __init__(self, prefix: str) -> None:
        self.events: list[Event] = []
        self._prefix = prefix

    def write(self, kind: str, day: float, /, **data: Any) -> None:
        """An event; fields that are None are left out."""
        kept = {name: value for name, value in data.items() if value is not None}
        name = f"{self._prefix}-{len(self.events)}"
        self.events.append(event(kind, name, START + timedelta(days=day), kept))

    def join(self, member: str, day: float, inviter: str | None = None, **things: str) -> None:
        """A member joins and is seen with these things (kind=value)."""
        self.write("member.joined", day, memberId=member, inviterId=inviter)
        for kind, value in things.items():
            data = {"memberId": member, "kind": kind, "value": value}
            self.write("identity.observed", day + 0.01, **data)

    def share(self, member: str, day: float, product: str) -> str:
        """A share of a product, made on that day."""
        name = f"share-{self._prefix}-{len(self.events)}"
        self.write("share.created", day, shareId=name, memberId=member, productId=product)
        return name

    def buy(
        self,
        member: str,
        day: float,
        product: str,
        amount_minor: int,
        *,
        share: str | None = None,
        shop: str | None = None,
        **things: str,
    ) -> None:
        """An order of one line, with things on it, after a click on a share."""
        if share is not None:
            self.write("share.clicked", day - 0.005, shareId=share, memberId=member)
        self.write(
            "order.paid",
            day,
            orderId=f"order-{self._prefix}-{len(self.events)}",
            memberId=member,
            amountMinor=amount_minor,
            currency="CNY",
            lines=[{"productId": product, "quantity": 1, "amountMinor": amount_minor}],
            shopId=shop or shop_of(product),
            identifiers=[{"kind": kind, "value": value} for kind, value in things.items()],
        )


def shop_of(product: str) -> str:
    """Where an honest mall's product is sold."""
    return f"shop-{int(product.partition('-')[2]) % SHOPS}"


def own_things(member: str) -> Things:
    """A phone, a card and an address that nobody else has."""
    number = sum(ord(letter) * 31**place for place, letter in enumerate(member)) % 10**8
    return {
        "phone": f"138{number:08d}",
        "payment": f"card {member}",
        "device": f"phone of {member}",
    }


@cache
def _honest_mall() -> tuple[Event, ...]:
    """Members who join, invite, share, and buy here and there for 150 days."""
    dice, diary = Random(7), Diary("honest")
    shares: list[str] = []
    for number in range(HONEST):
        joined = dice.uniform(0, 60)
        inviter = f"h{dice.randrange(number)}" if number and dice.random() < 0.6 else None
        diary.join(f"h{number}", 60.0 * number / HONEST, inviter, **own_things(f"h{number}"))
        if dice.random() < 0.3:
            product = f"p-{dice.randrange(GOODS)}"
            shares.append(diary.share(f"h{number}", max(joined, 61), product))
    for number in range(SHOPS // 2):
        diary.write("shop.registered", 61, shopId=f"shop-{number}", ownerMemberId=f"h{number * 7}")
    for number in range(HONEST):
        for _ in range(dice.randrange(6)):
            product = f"p-{int(GOODS * dice.random() ** 2)}"
            share = dice.choice(shares) if dice.random() < 0.5 else None
            amount = round(dice.lognormvariate(9, 0.9))
            payment = own_things(f"h{number}")["payment"]
            day = dice.uniform(62, 150)
            diary.buy(f"h{number}", day, product, amount, share=share, payment=payment)
    return tuple(diary.events)


def honest_mall() -> list[Event]:
    """160 members "h0" to "h159", 60 goods "p-0" to "p-59" of 20 shops, ten of them owned."""
    return list(_honest_mall())


def scene_of(*worlds: Sequence[Event]) -> Scene:
    """The scene of an honest mall and what else happens in it."""
    return Scene(
        snapshot_of(log_of(facts_of([*honest_mall(), *(one for each in worlds for one in each)])))
    )


def facts_of(events: Sequence[Event]) -> list[tuple[str, int, Mapping[str, Any]]]:
    """Events as the log takes them: type, time (us), data."""
    tokeniser = Tokeniser(b"pepper")
    found: list[tuple[str, int, Mapping[str, Any]]] = []
    for place, one in enumerate(events):
        fact = parse_event(one, place, tokeniser)
        assert isinstance(fact, Fact), fact
        found.append((fact.type, to_micros(fact.time), fact.data))
    return found


def ids_of(scene: Scene, members: Sequence[int]) -> set[str]:
    """Their ids."""
    return {scene.snapshot.names["member"][one] for one in members}


# --- self_referral_cycle ---


def self_referral() -> list[Event]:
    """Ada has "ada" and "ada-2" with one number and card, and buys through her own share."""
    diary = Diary("self")
    for name, day, inviter in (("ada", 20, None), ("ada-2", 22, "ada")):
        diary.join(name, day, inviter, phone="13812345678", payment="card of ada")
    share = diary.share("ada", 70, "p-3")
    for day in (71, 73, 80):
        diary.buy("ada-2", day, "p-3", 9_900, share=share, payment="card of ada")
    return diary.events


def self_referral_chain() -> list[Event]:
    """bob invites carl, carl invites bob-2, who is bob; each buys twice through the one before."""
    diary = Diary("chain")
    names = ("bob", "carl", "bob-2")
    phones = {"bob": "13887654321", "carl": "13811112222", "bob-2": "13887654321"}
    for place, name in enumerate(names):
        inviter = names[place - 1] if place else None
        diary.join(name, 20 + 2 * place, inviter, phone=phones[name])
    for before, name in pairwise(names):
        share = diary.share(before, 70, "p-5")
        for day in (71, 72):
            diary.buy(name, day, "p-5", 15_000, share=share)
    return diary.events


def swapped_accounts(hidden: int = 0) -> list[Event]:
    """Three friends earn each from the next one's second account. hidden: so many share nothing."""
    diary = Diary("swap")
    friends = ("fay", "gus", "hal")
    for place, name in enumerate(friends):
        diary.join(name, 10 + place, **own_things(name))
    for place, name in enumerate(friends):
        host, second = friends[(place + 1) % 3], f"{name}-2"
        things = own_things(second if place < hidden else name)
        diary.join(second, 60 + place, host, **things)
        share = diary.share(host, 70, "p-5")
        for day in range(5):
            diary.buy(second, 71 + day, "p-5", 15_000 + 900 * day, share=share)
    return diary.events


def referral_rounds() -> list[Event]:
    """Three strangers buy through one another in a circle, four rounds of about 88 yuan."""
    diary = Diary("rounds")
    names = ("r0", "r1", "r2")
    for name in names:
        diary.join(name, 10, **own_things(name))
    shares = [diary.share(name, 70, "p-7") for name in names]
    for turn in range(12):
        buyer = names[(turn + 1) % 3]
        diary.buy(buyer, 71 + turn / 2, "p-7", 8_800 + turn, share=shares[turn % 3])
    return diary.events


# --- rings of orders ---


def order_ring() -> list[Event]:
    """ "boss" brings ten buyers, on two devices, to buy six goods within three days."""
    diary, dice = Diary("ring"), Random(3)
    diary.join("boss", 5, **own_things("boss"))
    buyers = [f"b{number}" for number in range(10)]
    for place, name in enumerate(buyers):
        things = {**own_things(name), "device": f"ring device {place % 2}"}
        diary.join(name, 20 + place, "boss", **things)
    goods = [f"p-{number}" for number in (4, 24, 44, 5, 25, 45)]
    shares = [diary.share("boss", 90, product) for product in goods]
    for name in buyers:
        for product, share in zip(goods, shares, strict=True):
            if dice.random() < 0.8:
                diary.buy(name, 91 + 3 * dice.random(), product, 12_000, share=share)
    return diary.events


def sleepers() -> list[Event]:
    """Nine accounts join early, sleep for a hundred days, wake and buy the same four goods."""
    diary, dice = Diary("sleep"), Random(5)
    goods = ("p-10", "p-11", "p-12", "p-13")
    for number in range(9):
        diary.join(f"z{number}", 10 + number, **own_things(f"z{number}"))
        for product in goods:
            diary.buy(f"z{number}", 125 + 3 * dice.random(), product, 20_000)
    return diary.events


def circular() -> list[Event]:
    """Owners "o0" to "o3" buy in the next one's shop, three rounds of about 300 yuan."""
    diary = Diary("circle")
    for number in range(4):
        diary.join(f"o{number}", 10, **own_things(f"o{number}"))
        diary.write("shop.registered", 12, shopId=f"stall-{number}", ownerMemberId=f"o{number}")
    for turn in range(12):
        shop = f"stall-{(turn + 1) % 4}"
        diary.buy(f"o{turn % 4}", 80 + turn, f"p-{60 + turn % 4}", 30_000 + 9 * turn, shop=shop)
    return diary.events


def round_trip() -> list[Event]:
    """ "owner" has a shop; "kin-0" and "kin-1" pay with the owner's card, six times each there."""
    diary = Diary("trip")
    diary.join("owner", 10, payment="card of owner")
    diary.write("shop.registered", 12, shopId="corner", ownerMemberId="owner")
    for number in range(2):
        diary.join(f"kin-{number}", 15, "owner", payment="card of owner")
        for turn in range(6):
            diary.buy(f"kin-{number}", 80 + 2 * turn + number, "p-70", 6_600, shop="corner")
    return diary.events


# --- honest look-alikes ---


def household() -> list[Event]:
    """Two who live together, with one device and card; one invited the other; each buys a lot."""
    diary = Diary("home")
    things = {"device": "tablet", "address": "No. 1, Lane 2", "payment": "card of home"}
    diary.join("wife", 3, phone="13800000001", **things)
    diary.join("man", 4, "wife", phone="13800000002", **things)
    share = diary.share("wife", 70, "p-8")
    diary.buy("man", 71, "p-8", 5_500, share=share, **things)
    for number in range(6):
        diary.buy("man", 75 + 9 * number, f"p-{number}", 4_000 + 3_100 * number, **things)
        diary.buy("wife", 73 + 11 * number, f"p-{20 + number}", 2_000 + 900 * number, **things)
    return diary.events


def re_registration() -> list[Event]:
    """Somebody lost an account and joins again with the number a hundred days later."""
    diary = Diary("again")
    diary.join("old", 2, phone="13800000009")
    diary.buy("old", 5, "p-1", 3_000)
    diary.join("new", 108, "old", phone="13800000009")
    diary.buy("new", 110, "p-2", 7_000)
    diary.buy("new", 118, "p-17", 12_500)
    return diary.events


def flash_sale() -> list[Event]:
    """Eighty honest members buy one thing at one price within an hour through one share."""
    diary = Diary("flash")
    share = diary.share("h3", 100, "p-30")
    for number in range(80):
        diary.buy(f"h{number + 20}", 100.01 + number / 2_000, "p-30", 1_990, share=share)
    return diary.events


def group_buy() -> list[Event]:
    """Twelve neighbours buy one good on one day a week, five times, through the leader's share."""
    diary, dice = Diary("group"), Random(11)
    diary.join("leader", 3, **own_things("leader"))
    home = {"address": "No. 9, Lane 9", "phone": own_things("leader")["phone"]}
    for number in range(12):
        diary.join(f"n{number}", 10, "leader", **own_things(f"n{number}"))
    for week in range(5):
        day, product = 80 + 7 * week, f"p-{80 + week}"
        share = diary.share("leader", day, product)
        for number in range(12):
            if dice.random() < 0.75:
                at = day + 0.1 + 0.4 * dice.random()
                diary.buy(f"n{number}", at, product, 4_500 + 100 * week, share=share, **home)
    return diary.events


def dormitory() -> list[Event]:
    """Thirty live at one address and IP, and buy what they like."""
    diary, dice = Diary("dorm"), Random(13)
    for number in range(30):
        things = {"address": "Block 7", "ip": "10.7.7.7"}
        inviter = "d0" if 0 < number < 12 else None
        diary.join(f"d{number}", 5 + number / 10, inviter, **own_things(f"d{number}"), **things)
        for _ in range(3):
            product = f"p-{int(GOODS * dice.random() ** 2)}"
            diary.buy(
                f"d{number}", dice.uniform(62, 150), product, dice.randrange(900, 30_000), **things
            )
    return diary.events


def gift_circle() -> list[Event]:
    """Four friends send one another presents, with the other's number on the order."""
    diary, dice = Diary("gift"), Random(17)
    friends = [f"g{number}" for number in range(4)]
    for place, name in enumerate(friends):
        diary.join(name, 5 + place, friends[0] if place else None, **own_things(name))
    for turn in range(12):
        giver, receiver = friends[turn % 4], friends[(turn * 3 + 1 + turn // 4) % 4]
        share = diary.share(receiver, 70 + 5 * turn, f"p-{turn}") if turn % 3 == 0 else None
        diary.buy(
            giver,
            71 + 5 * turn,
            f"p-{turn}",
            dice.randrange(2_000, 30_000),
            share=share,
            phone=own_things(receiver)["phone"],
        )
    return diary.events


def regular_customers() -> list[Event]:
    """Members whom nothing ties to a shop's owner buy the same there every two weeks."""
    diary = Diary("regular")
    for number in range(4):
        for turn in range(6):
            diary.buy(f"h{number + 50}", 64 + 14 * turn + number, "p-0", 2_500)
    return diary.events


LOOKALIKES = (
    household,
    re_registration,
    flash_sale,
    group_buy,
    dormitory,
    gift_circle,
    regular_customers,
)
