"""Who has what, who sells what, and what belongs together in a made-up mall?"""

from dataclasses import dataclass, field
from math import exp
from random import Random
from typing import Any

from graph_service.worlds.members import home_address, ip_of, phone_of

# Prices: log-normal around 90 yuan, wide enough for carpets beside soap.
PRICE_LOG_MEAN, PRICE_LOG_SD = 9.1, 0.95
PRICE_MINOR = (300, 2_000_000)
REFUNDED_PART = 0.032


@dataclass(eq=False, slots=True)
class Member:
    """An account. zeal: the part of an honest life that it leads; away: when it does nothing.

    buying: orders a week after the first; sharing: shares a week; reach: followers beside friends.
    later_device: since when it has another one. office_ip: none works for itself.
    """

    member_id: str
    joined_s: int
    device: str
    phone: str
    payment: str
    address: str
    ip: str
    buying: float
    sharing: float
    inviter: "Member | None" = None
    role: str = "member"
    buys: bool = True
    reach: float = 0.0
    zeal: float = 1.0
    away: tuple[int, int] = (0, 0)
    sends_back: float = REFUNDED_PART
    office_ip: str | None = None
    later_device: tuple[int, str] | None = None
    taken: bool = False
    shop: "Shop | None" = None
    friends: list["Member"] = field(default_factory=list["Member"])

    def is_here(self, at_s: int) -> bool:
        """Has it joined, and is it not away?"""
        return self.joined_s < at_s and not self.away[0] <= at_s < self.away[1]

    def device_at(self, at_s: int) -> str:
        """The device that it has then."""
        later = self.later_device
        return later[1] if later is not None and at_s >= later[0] else self.device


@dataclass(eq=False, slots=True)
class Shop:
    """A shop; it sells since opens_s."""

    shop_id: str
    owner: Member | None = None
    opens_s: int = 0
    products: list["Product"] = field(default_factory=list["Product"])


@dataclass(eq=False, slots=True)
class Product:
    """What a shop sells, for price_minor."""

    product_id: str
    category: str
    price_minor: int
    shop: Shop

    def line(self, quantity: int, amount_minor: int) -> dict[str, Any]:
        """A line of an order of so many for that amount."""
        return {
            "productId": self.product_id,
            "categoryId": self.category,
            "quantity": quantity,
            "amountMinor": amount_minor,
        }


@dataclass(eq=False, slots=True)
class Share:
    """What others may click on and pass on."""

    share_id: str
    creator: Member
    product: Product
    at_s: int


@dataclass(eq=False, slots=True)
class Order:
    """What was paid. share: what brought the buyer; told: the data of its event."""

    order_id: str
    buyer: Member
    product: Product
    amount_minor: int
    at_s: int
    share: Share | None
    told: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Crew:
    """Accounts that act together, the leader first; where they buy, how, and from when."""

    accounts: list[Member]
    shops: tuple[Shop, ...] = ()
    variant: str = ""
    starts_s: int = 0

    @property
    def leader(self) -> Member:
        """The first of the accounts."""
        return self.accounts[0]

    @property
    def others(self) -> list[Member]:
        """All but the first."""
        return self.accounts[1:]


class Things:
    """Names and things, all of one scheme whoever has them. dice: decides everything."""

    def __init__(self, dice: Random) -> None:
        self.dice = dice
        self._numbers = 0

    def name(self, letter: str) -> str:
        """A new id that tells nothing."""
        return f"{letter}-{self.dice.getrandbits(48):012x}"

    def _fresh(self) -> int:
        self._numbers += 1
        return self._numbers

    def fresh_ip(self) -> str:
        """An IP that nobody has yet (they are given out again after 131,072)."""
        return ip_of(self._fresh())

    def fresh_device(self) -> str:
        """A device that nobody has yet."""
        return f"{self.dice.getrandbits(64):016x}"

    def fresh_payment(self) -> str:
        """A means of payment that nobody has yet."""
        return f"pay-{self.dice.getrandbits(48):012x}"

    def fresh_phone(self) -> str:
        """A number that nobody has yet."""
        return phone_of(self._fresh() * 7_919 % 100_000_000)

    def fresh_address(self) -> str:
        """An address where nobody lives yet."""
        return home_address(self._fresh())

    def fresh(self, kind: str) -> str:
        """A new thing of a kind: device, phone, payment, address or ip."""
        makers = {
            "device": self.fresh_device,
            "phone": self.fresh_phone,
            "payment": self.fresh_payment,
            "address": self.fresh_address,
            "ip": self.fresh_ip,
        }
        return makers[kind]()


def draw_price(dice: Random) -> int:
    """A price (minor units): log-normal, to ten minor units."""
    drawn = exp(PRICE_LOG_MEAN + PRICE_LOG_SD * dice.gauss(0, 1))
    return round(max(PRICE_MINOR[0], min(drawn, PRICE_MINOR[1])) / 10) * 10


def log_size(fewest: int, most: int, dice: Random) -> int:
    """A size in between, as likely twice another as half of it."""
    return fewest if most <= fewest else round(fewest * (most / fewest) ** dice.random())
