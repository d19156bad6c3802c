"""What is sold in a made-up world, what is in a basket, and how does an order end?"""

from math import exp
from random import Random
from typing import Any

from graph_service.worlds.diary import CLOSES_S, DAY_S, Diary
from graph_service.worlds.members import (
    Population,
    device_of,
    home_address,
    name_of,
    office_address,
    payment_of,
)

# (name, category, price in minor units)
STAPLES = (
    ("Longjing tea 250 g", "fmcg", 12_800),
    ("Sichuan chilli oil", "fmcg", 2_990),
    ("Jasmine rice 5 kg", "fmcg", 5_990),
    ("Oat milk, 12 cartons", "fmcg", 7_900),
    ("Bamboo tissues, 24", "fmcg", 3_990),
    ("Sunscreen SPF 50", "fmcg", 8_900),
    ("Hand cream trio", "fmcg", 5_600),
    ("Mixed nuts, 30 bags", "fmcg", 9_900),
    ("Dried mango 1 kg", "fmcg", 4_900),
    ("Wireless earbuds", "digital", 29_900),
    ("Power bank 20 Ah", "digital", 15_900),
    ("Smart watch", "digital", 50_000),
    ("USB-C hub", "digital", 18_900),
)
SHOWCASE_PRODUCT = 11
MAKERS = "Baiyun Cuizhu Donghai Fenglin Huashan Jinxiu Lanting Meihe Qinghe Songyuan".split()
# Prices beside the staples: log-normal, so that order values have the spread that CDNOW's have
# (standard deviation of the logarithm 0.7, from the tenth to the ninetieth percentile).
PRICE_LOG_MEAN = 8.5
PRICE_LOG_SD = 0.6
PRICE_MINOR_MIN = 500
PRICE_MINOR_MAX = 500_000
DIGITAL_FROM_MINOR = 15_000
# A basket holds one more line, or one more piece of it, with these probabilities.
LINE_MORE = 0.22
PIECE_MORE = 0.15
LINES_MAX = 5
PIECES_MAX = 6
REFUNDED_PART = 0.05
REFUNDED_PARTLY_PART = 0.03
CANCELLED_PART = 0.01
COMPLETED_PART = 0.9
CHANNELS = ("wechat", "wechat", "wechat", "douyin", "app")
# One order in so many uses the exclusive coupon.
COUPON = "GAOLAN20"
COUPON_ONE_IN = 2_500
COUPON_FIRST = 100


class Goods:
    """The products of one world, sold by its shops."""

    def __init__(self, products: int, shops: int, dice: Random) -> None:
        """products: how many beside the staples."""
        self.shops = shops
        self.products = [*STAPLES, *(_product(number, dice) for number in range(products))]

    def any(self, dice: Random) -> int:
        """A product, the earlier ones more often."""
        return int(dice.random() ** 1.7 * len(self.products))

    def shop(self, product: int) -> str:
        """The shop that sells it."""
        return f"shop-{1 + product % self.shops}"

    def basket(self, product: int, dice: Random) -> list[dict[str, Any]]:
        """The lines of an order of this product and perhaps of others."""
        wanted = [product]
        while dice.random() < LINE_MORE and len(wanted) < LINES_MAX:
            other = self.any(dice)
            if other not in wanted:
                wanted.append(other)
        return [self.line(one, _pieces(dice)) for one in wanted]

    def line(self, product: int, quantity: int) -> dict[str, Any]:
        """One line of an order."""
        _, category, price_minor = self.products[product]
        return {
            "productId": product_id(product),
            "categoryId": category,
            "quantity": quantity,
            "amountMinor": price_minor * quantity,
        }


class Checkout:
    """Orders of members: what they hold, where they go, how they end."""

    def __init__(self, people: Population, goods: Goods, diary: Diary, dice: Random) -> None:
        self._people = people
        self._goods = goods
        self._diary = diary
        self._dice = dice
        self._orders = 0

    def order(self, buyer: int, product: int, at_s: int, *, address: str | None = None) -> None:
        """An order of one line or more; most are completed, some cancelled or refunded."""
        if at_s >= CLOSES_S:
            return
        dice = self._dice
        self._orders += 1
        order_id = f"o-{self._orders:05d}"
        lines = self._goods.basket(product, dice)
        amount_minor = sum(line["amountMinor"] for line in lines)
        home, office = int(self._people.home[buyer]), int(self._people.office[buyer])
        if address is None:
            at_work = office >= 0 and dice.random() < 0.3
            address = office_address(office) if at_work else home_address(home)
        identifiers = [("address", address), ("payment", payment_of(buyer, home))]
        if dice.random() < 0.3:
            identifiers.append(("device", device_of(buyer, home)))
        self._diary.write(
            at_s,
            "order.paid",
            f"e-{order_id}",
            orderId=order_id,
            memberId=name_of(buyer),
            amountMinor=amount_minor,
            currency="CNY",
            lines=lines,
            createdAt=self._diary.time(max(0, at_s - dice.randrange(5, 50))),
            shopId=self._goods.shop(product),
            channel=dice.choice(CHANNELS),
            couponCode=COUPON if self._orders % COUPON_ONE_IN == COUPON_FIRST else None,
            identifiers=[{"kind": kind, "value": value} for kind, value in identifiers],
        )
        self._end(order_id, amount_minor, min(line["amountMinor"] for line in lines), at_s)

    def _end(self, order_id: str, amount_minor: int, part_minor: int, paid_s: int) -> None:
        dice, write = self._dice, self._diary.write
        fate = dice.random()
        if fate < CANCELLED_PART:
            write(paid_s + 600, "order.cancelled", f"e-{order_id}-cancelled", orderId=order_id)
            return
        back_minor = 0
        if fate < CANCELLED_PART + REFUNDED_PART:
            back_minor = amount_minor
        elif fate < CANCELLED_PART + REFUNDED_PART + REFUNDED_PARTLY_PART:
            back_minor = part_minor
        if back_minor:
            refund = {"orderId": order_id, "refundId": f"r-{order_id}", "amountMinor": back_minor}
            refunded_s = paid_s + DAY_S + int(dice.expovariate(1 / (2 * DAY_S)))
            write(refunded_s, "order.refunded", f"e-{order_id}-refunded", **refund)
        if back_minor < amount_minor and dice.random() < COMPLETED_PART:
            done_s = paid_s + dice.randrange(5 * DAY_S, 9 * DAY_S)
            write(done_s, "order.completed", f"e-{order_id}-completed", orderId=order_id)


def product_id(product: int) -> str:
    """The id of a product by its number from 0."""
    return f"product-{product + 1:02d}"


def _product(number: int, dice: Random) -> tuple[str, str, int]:
    drawn = exp(PRICE_LOG_MEAN + PRICE_LOG_SD * dice.gauss(0, 1))
    price_minor = round(max(PRICE_MINOR_MIN, min(drawn, PRICE_MINOR_MAX)) / 10) * 10
    like = STAPLES[dice.randrange(len(STAPLES))][0].split(",")[0]
    category = "digital" if price_minor >= DIGITAL_FROM_MINOR else "fmcg"
    return f"{MAKERS[number % len(MAKERS)]} {like} no. {number + 1}", category, price_minor


def _pieces(dice: Random) -> int:
    pieces = 1
    while pieces < PIECES_MAX and dice.random() < PIECE_MORE:
        pieces += 1
    return pieces
