"""Which fraud is there to be found in the made-up mall? One ring that pays itself commission.

A promoter who owns a shop invites accounts of her own within one evening; on three nights they buy
the same goods of that shop through her shares, from few phones and to one address, and send a part
back once the goods count as received.
"""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from random import Random

from graph_service.worlds.diary import CHINA, CLOSES_S, DAY_S, Diary, seconds_of

LEADER = "hu-ring"
ACCOUNTS = 14
SHOP, PRODUCT = "shop-hu", "p-hu-cream"
PRICE_MINOR = 19_900
DEVICES, CARDS = 3, 4
STARTS = datetime(2026, 5, 20, 19, 0, tzinfo=CHINA)
# Nights on which they buy, in days after the accounts were made.
NIGHTS = (2, 6, 11)
RETURNED_ONE_IN = 3


def ring_lines(seed: int = 7) -> Iterator[bytes]:
    """The ring's CloudEvents as JSON in time order, the same for the same seed."""
    dice = Random(seed)  # noqa: S311 (keeps no secret)
    diary = Diary()
    at_s = seconds_of(STARTS)
    diary.write(at_s, "member.joined", "e-ring-0", memberId=LEADER, role="promoter")
    diary.write(at_s + 60, "shop.registered", "e-ring-shop", shopId=SHOP, ownerMemberId=LEADER)
    for number in range(1, ACCOUNTS + 1):
        _join(diary, number, at_s + 600 * number, dice)
    for place, night in enumerate(NIGHTS):
        _buy(diary, place, at_s + night * DAY_S + dice.randrange(4 * 3_600), dice)
    yield from diary.read(CLOSES_S)


def write_ring(file: Path) -> Path:
    """The ring's events in a file, one a line; returns the file. Raises OSError."""
    file.write_bytes(b"".join(line + b"\n" for line in ring_lines()))
    return file


def account(number: int) -> str:
    """The id of an account of the ring."""
    return f"{LEADER}-{number:02d}"


def _join(diary: Diary, number: int, at_s: int, dice: Random) -> None:
    name = account(number)
    joined = {"memberId": name, "inviterId": LEADER, "channel": "wechat"}
    diary.write(at_s, "member.joined", f"e-join-{name}", **joined)
    seen = {"memberId": name, "kind": "device", "value": f"hu-phone-{number % DEVICES}"}
    diary.write(at_s + dice.randrange(10, 60), "identity.observed", f"e-seen-{name}", **seen)


def _buy(diary: Diary, night: int, at_s: int, dice: Random) -> None:
    """Every account buys within the hour, through a share that was made for it."""
    share_id = f"s-hu-{night}"
    shared = {"shareId": share_id, "memberId": LEADER, "productId": PRODUCT, "channel": "wechat"}
    diary.write(at_s - 900, "share.created", f"e-{share_id}", **shared)
    for number in range(1, ACCOUNTS + 1):
        name, order_id = account(number), f"o-hu-{night}-{number:02d}"
        clicked_s = at_s + 200 * number + dice.randrange(60)
        clicked = {"shareId": share_id, "memberId": name}
        diary.write(clicked_s, "share.clicked", f"e-click-{order_id}", **clicked)
        amount = PRICE_MINOR + 10 * dice.randrange(-5, 6)
        line = {"productId": PRODUCT, "categoryId": "fmcg", "quantity": 1, "amountMinor": amount}
        diary.write(
            clicked_s + dice.randrange(20, 60),
            "order.paid",
            f"e-{order_id}",
            orderId=order_id,
            memberId=name,
            amountMinor=amount,
            currency="CNY",
            lines=[line],
            shopId=SHOP,
            shareId=share_id,
            channel="wechat",
            identifiers=[
                {"kind": "device", "value": f"hu-phone-{number % DEVICES}"},
                {"kind": "address", "value": "Hangzhou, Wenyi Road 88, room 1204"},
                {"kind": "payment", "value": f"hu-card-{number % CARDS}"},
            ],
        )
        _end(diary, order_id, clicked_s + 3 * DAY_S, amount, dice)


def _end(diary: Diary, order_id: str, at_s: int, amount_minor: int, dice: Random) -> None:
    """Received three days later; one in three is sent back a week after that."""
    diary.write(at_s, "order.completed", f"e-{order_id}-completed", orderId=order_id)
    if dice.randrange(RETURNED_ONE_IN) == 0:
        refund = {"orderId": order_id, "refundId": f"r-{order_id}", "amountMinor": amount_minor}
        diary.write(at_s + 7 * DAY_S, "order.refunded", f"e-r-{order_id}", **refund)
