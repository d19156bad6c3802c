"""Whose accounts are these, and what makes two people look like one? A world with the truth.

How often each thing happens is assumed, so that all of it happens: no source counts it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import ceil
from random import Random
from typing import Literal

from graph_service.worlds.diary import CHINA, SOURCE, Event
from graph_service.worlds.members import HOME_MEMBERS_MAX, home_address, ip_of, office_address

Noise = Literal[
    "household",
    "family card",
    "family phone",
    "workplace",
    "internet café",
    "recycled phone",
    "recycled phone, still on orders",
    "second-hand device",
    "neighbour's phone",
    "gift",
]
STARTS = datetime(2025, 1, 1, tzinfo=CHINA)
DAYS = 365
ACCOUNTS_MIN = 100
# A fraudster has few or many accounts, and 5 as likely as 30 as far as doublings go.
FRAUD_ACCOUNTS_PART = 0.05
FRAUD_ACCOUNTS = (5, 60)
# With so many accounts a fraudster needs another phone, means of payment, device, address.
PER_PHONE, PER_CARD, PER_DEVICE, PER_ADDRESS = 8, 10, 5, 15
SECOND_PART, THIRD_PART = 0.08, 0.02
# How a second account hangs together with the first: by one of these, and by each other too.
TIES = ("union", "phone", "payment")
TIE_TOO_PART = 0.35
SEEN_WITH_PHONE_PART = 0.85
BUYS_PART = 0.65
HAS_UNION_PART = 0.7
HOUSEHOLD_PART = 0.45
TABLET_PART, TABLET_USED_PART = 0.5, 0.7
FAMILY_CARD_PART, FAMILY_PHONE_PART = 0.06, 0.02
WORKS_PART, WORKPLACE = 0.3, (20, 500)
CAFE_PART, CAFE = 0.04, (20, 500)
RECYCLED_PART, STILL_ON_ORDERS_PART = 0.01, 0.1
REST_DAYS_MIN = 90
# Who is back with an own old number after longer than that, of those with a phone for a tie.
BACK_PART = 0.1
SECOND_HAND_PART, NEIGHBOUR_PART, GIFT_PART = 0.015, 0.03, 0.04


@dataclass
class _Account:
    account_id: str
    opens: int
    ends: int = DAYS
    union: str | None = None
    phone: str = ""
    card: str = ""
    seen: list[tuple[int, str, str]] = field(default_factory=list[tuple[int, str, str]])
    orders: list[tuple[int, dict[str, str]]] = field(
        default_factory=list[tuple[int, dict[str, str]]]
    )


@dataclass
class _Person:
    name: str
    fraud: bool
    accounts: list[_Account]
    phone: str
    card: str
    device: str
    home: int


@dataclass(frozen=True)
class PersonsWorld:
    """Events in time order, and whose accounts they are of.

    truth: person by account. fraudsters: of the persons. noise: by account, kind and value why an
    account is seen with what is another's. households: accounts of those who live together.
    """

    events: list[Event]
    truth: dict[str, str]
    fraudsters: frozenset[str]
    noise: dict[tuple[str, str, str], Noise]
    households: list[tuple[str, ...]]


def persons_world(accounts: int, seed: int, camouflage: float) -> PersonsWorld:
    """A year of so many accounts, the same for the same arguments.

    camouflage: the part of a fraudster's phones, means of payment and devices that are fresh for
    each account, from 0 to 1; the honest are the same under each. Raises ValueError out of range.
    """
    if accounts < ACCOUNTS_MIN or not 0 <= camouflage <= 1:
        raise ValueError(f"at least {ACCOUNTS_MIN} accounts, and a camouflage from 0 to 1")
    town = _Town(accounts, seed)
    town.settle()
    for person in town.people:
        if person.fraud:
            town.equip_fraudster(person, camouflage)
        else:
            town.equip(person)
    town.share()
    return PersonsWorld(
        events=list(town.events()),
        truth={one.account_id: who.name for who in town.people for one in who.accounts},
        fraudsters=frozenset(who.name for who in town.people if who.fraud),
        noise=town.noise,
        households=[
            tuple(one.account_id for who in home for one in who.accounts) for home in town.homes
        ],
    )


class _Town:
    """People, then what each account is seen with, then what others share with it."""

    def __init__(self, accounts: int, seed: int) -> None:
        self.dice = Random(f"{seed} town")  # noqa: S311 (a made-up town keeps no secret)
        self.hidden = Random(f"{seed} fraud")  # noqa: S311
        self.noise: dict[tuple[str, str, str], Noise] = {}
        self.homes: list[list[_Person]] = []
        self._numbers = 0
        names = [f"account-{number:06d}" for number in range(accounts)]
        self.dice.shuffle(names)
        self.people: list[_Person] = []
        fraud = int(accounts * FRAUD_ACCOUNTS_PART)
        while names:
            size = self._fraud_size() if fraud > 0 else self._honest_size()
            self._person(names[-size:], fraud=fraud > 0)
            fraud -= size
            del names[-size:]
        self.dice.shuffle(self.people)

    def _fraud_size(self) -> int:
        few, many = FRAUD_ACCOUNTS
        return round(few * (many / few) ** self.dice.random())

    def _honest_size(self) -> int:
        spot = self.dice.random()
        return 3 if spot < THIRD_PART else 2 if spot < THIRD_PART + SECOND_PART else 1

    def _person(self, names: list[str], *, fraud: bool) -> None:
        opened = sorted(self.dice.randrange(DAYS - 60) for _ in names)
        accounts = [_Account(name, day) for name, day in zip(names, opened, strict=True)]
        name = f"person-{len(self.people):06d}"
        person = _Person(name, fraud, accounts, self._phone(), self._card(), self._device(), 0)
        person.home = self._fresh()
        self.people.append(person)

    def _fresh(self) -> int:
        self._numbers += 1
        return self._numbers

    def _phone(self) -> str:
        return f"199{self._fresh():08d}"

    def _card(self) -> str:
        return f"card-{self._fresh()}"

    def _device(self) -> str:
        return f"phone-{self._fresh()}"

    # --- who lives where, and whose number was whose ---

    def settle(self) -> None:
        """Households, and numbers that go from one person to another."""
        dice, waiting = self.dice, list(self.people)
        while waiting:
            several = dice.random() < HOUSEHOLD_PART
            size = dice.randint(2, HOME_MEMBERS_MAX) if several else 1
            together, waiting = waiting[:size], waiting[size:]
            for one in together:
                one.home = together[0].home
            if len(together) > 1:
                self.homes.append(together)
        alone = [one for one in self.people if not one.fraud and len(one.accounts) == 1]
        dice.shuffle(alone)
        count = max(1, int(len(self.people) * RECYCLED_PART))
        self.recycled = [(alone.pop(), alone.pop()) for _ in range(count)]
        for former, heir in self.recycled:
            heir.phone = former.phone
            former.accounts[0].opens = dice.randrange(60)
            former.accounts[0].ends = former.accounts[0].opens + 60
            heir.accounts[0].opens = former.accounts[0].ends + REST_DAYS_MIN + dice.randint(1, 60)

    # --- what each account is seen with ---

    def equip(self, person: _Person) -> None:
        """What an honest person's accounts are seen with: the first's things, or others."""
        dice = self.dice
        shared = f"union-{person.name}"
        first = person.accounts[0]
        first.union = shared if dice.random() < HAS_UNION_PART else None
        first.phone, first.card = person.phone, person.card
        for account in person.accounts[1:]:
            chosen = dice.choice(TIES)
            ties = {one for one in TIES if one == chosen or dice.random() < TIE_TOO_PART}
            account.union = f"union-{account.account_id}" if dice.random() < 0.5 else None
            if "union" in ties:
                first.union = account.union = shared
            account.phone = person.phone if "phone" in ties else self._phone()
            account.card = person.card if "payment" in ties else self._card()
            if "phone" in ties and dice.random() < BACK_PART:
                first.ends = min(first.ends, first.opens + 60)
                account.opens = min(first.ends + REST_DAYS_MIN + 5, DAYS - 5)
        second = self._device()
        for account in person.accounts:
            self._use(account, person.device if dice.random() < 0.8 else second, person.home, dice)

    def equip_fraudster(self, person: _Person, camouflage: float) -> None:
        """What a fraudster's accounts are seen with: things of a few, or of each its own."""
        dice, count = self.hidden, len(person.accounts)
        phones = [person.phone, *(self._phone() for _ in range(ceil(count / PER_PHONE) - 1))]
        cards = [person.card, *(self._card() for _ in range(ceil(count / PER_CARD) - 1))]
        devices = [person.device, *(self._device() for _ in range(ceil(count / PER_DEVICE) - 1))]
        homes = [person.home, *(self._fresh() for _ in range(ceil(count / PER_ADDRESS) - 1))]
        for account in person.accounts:
            account.union = f"union-{account.account_id}"
            found: list[str] = []
            for few, fresh in ((phones, self._phone), (cards, self._card), (devices, self._device)):
                one, other, hides = dice.choice(few), fresh(), dice.random() < camouflage
                found.append(other if hides else one)
            account.phone, account.card, device = found
            self._use(account, device, dice.choice(homes), dice)

    def _use(self, account: _Account, device: str, home: int, dice: Random) -> None:
        """Some visits and orders of an account with its own things."""
        for _ in range(dice.randint(1, 3)):
            self._see(account, "device", device)
            self._see(account, "ip", ip_of(home))
        if dice.random() < SEEN_WITH_PHONE_PART:
            for _ in range(dice.randint(1, 3)):
                self._see(account, "phone", account.phone)
        if dice.random() < BUYS_PART:
            for _ in range(dice.randint(1, 3)):
                address = home_address(home)
                found = {"device": device, "address": address, "phone": account.phone}
                self._order(account, found)

    def _see(
        self, account: _Account, kind: str, value: str, noise: Noise | None = None, *, at: int = -1
    ) -> None:
        day = self.dice.randrange(account.opens, account.ends) if at < 0 else at
        account.seen.append((day, kind, value))
        if noise is not None:
            self.noise[account.account_id, kind, value] = noise

    def _order(
        self,
        account: _Account,
        found: Mapping[str, str],
        noise: Noise | None = None,
        *,
        at: int = -1,
    ) -> None:
        """An order with the account's own card, unless another is found with it."""
        day = self.dice.randrange(account.opens, account.ends) if at < 0 else at
        account.orders.append((day, {"payment": account.card, **found}))
        if noise is not None:
            for kind, value in found.items():
                self.noise[account.account_id, kind, value] = noise

    # --- what makes people look like each other ---

    def share(self) -> None:
        """Everything that two people share and that makes them no one person."""
        for home in self.homes:
            self._live_together(home)
        for number in range(self._places(WORKS_PART, WORKPLACE)):
            for account in self._crowd(WORKPLACE):
                self._see(account, "ip", ip_of(60_000 + number), "workplace")
                if self.dice.random() < 0.4:
                    self._order(account, {"address": office_address(number)}, "workplace")
        for number in range(self._places(CAFE_PART, CAFE)):
            for account in self._crowd(CAFE):
                self._see(account, "device", f"café-{number}", "internet café")
                self._see(account, "ip", ip_of(64_000 + number), "internet café")
        for former, heir in self.recycled:
            self._recycle(former, heir.phone)
        for account, other in self._pairs(SECOND_HAND_PART):
            self._see(account, "device", other.device, "second-hand device")
        for account, other in self._pairs(NEIGHBOUR_PART):
            address = {"address": home_address(other.home)} if self.dice.random() < 0.5 else {}
            self._order(account, {"phone": other.phone, **address}, "neighbour's phone")
        for account, other in self._pairs(GIFT_PART):
            phone = {"phone": other.phone} if self.dice.random() < 0.7 else {}
            self._order(account, {"address": home_address(other.home), **phone}, "gift")

    def _live_together(self, home: list[_Person]) -> None:
        dice, tablet = self.dice, f"tablet-{home[0].home}"
        accounts = [dice.choice(one.accounts) for one in home]
        has_tablet = dice.random() < TABLET_PART
        for account in accounts:
            self._see(account, "ip", ip_of(home[0].home), "household")
            if dice.random() < BUYS_PART:
                self._order(account, {"address": home_address(home[0].home)}, "household")
            if has_tablet and dice.random() < TABLET_USED_PART:
                self._see(account, "device", tablet, "household")
        if dice.random() < FAMILY_CARD_PART:
            self._order(accounts[0], {"payment": home[0].card})
            self._order(accounts[1], {"payment": home[0].card}, "family card")
        if dice.random() < FAMILY_PHONE_PART:
            self._see(accounts[0], "phone", home[0].phone)
            self._see(accounts[1], "phone", home[0].phone, "family phone")

    def _recycle(self, former: _Person, phone: str) -> None:
        """Who gave the number up has another one, and few forget it on later orders."""
        dice, account = self.dice, former.accounts[0]
        still = dice.random() < STILL_ON_ORDERS_PART
        noise: Noise = "recycled phone, still on orders" if still else "recycled phone"
        self._see(account, "phone", phone, noise)
        later, other = dice.randrange(account.ends + REST_DAYS_MIN, DAYS), self._phone()
        self._see(account, "phone", other, at=later)
        self._order(account, {"phone": phone if still else other}, at=later)

    def _places(self, part: float, sizes: tuple[int, int]) -> int:
        """How many places of these sizes hold that part of the people."""
        mean = sum(sizes) / 4
        return ceil(len(self.people) * part / mean)

    def _crowd(self, sizes: tuple[int, int]) -> Iterator[_Account]:
        """One account each of few people or many, seldom the most."""
        few, many = sizes
        size = min(round(few * (many / few) ** self.dice.random()), len(self.people) // 2)
        for person in self.dice.sample(self.people, size):
            yield self.dice.choice(person.accounts)

    def _pairs(self, part: float) -> Iterator[tuple[_Account, _Person]]:
        """An account of somebody, and somebody else who is honest."""
        honest = [one for one in self.people if not one.fraud]
        for _ in range(ceil(len(self.people) * part)):
            one, other = self.dice.sample(honest, 2)
            yield self.dice.choice(one.accounts), other

    # --- what is told ---

    def events(self) -> Iterator[Event]:
        """Everything that happened, in time order."""
        found: list[tuple[datetime, str, str, dict[str, object]]] = []
        accounts = sorted(
            (one for who in self.people for one in who.accounts), key=lambda one: one.account_id
        )
        for account in accounts:
            name = {"memberId": account.account_id}
            linked = {**name, "channel": "app", "externalId": f"login-{account.account_id}"}
            if account.union is not None:
                linked = {**linked, "channel": "wechat", "unionId": account.union}
            at = STARTS + timedelta(days=account.opens)
            found.append((at, "account.linked", f"link-{account.account_id}", dict(linked)))
            for i, (day, kind, value) in enumerate(account.seen):
                at = STARTS + timedelta(days=day, minutes=10 + i)
                data: dict[str, object] = {**name, "kind": kind, "value": value}
                found.append((at, "identity.observed", f"see-{account.account_id}-{i}", data))
            for i, (day, used) in enumerate(account.orders):
                at = STARTS + timedelta(days=day, hours=12, minutes=i)
                order_id = f"order-{account.account_id}-{i}"
                found.append((at, "order.paid", order_id, _order_of(order_id, name, used)))
        for at, kind, event_id, data in sorted(found, key=lambda one: (one[0], one[2])):
            yield {
                "specversion": "1.0",
                "id": event_id,
                "source": SOURCE,
                "type": kind,
                "time": at.isoformat(),
                "data": data,
            }


def _order_of(order_id: str, name: dict[str, str], used: dict[str, str]) -> dict[str, object]:
    return {
        "orderId": order_id,
        **name,
        "amountMinor": 9_900,
        "currency": "CNY",
        "lines": [{"productId": "product-1", "quantity": 1, "amountMinor": 9_900}],
        "identifiers": [{"kind": kind, "value": value} for kind, value in sorted(used.items())],
    }
