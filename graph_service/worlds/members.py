"""Who lives in a made-up world: members, their inviters, homes, offices, circles and habits."""

from array import array
from bisect import bisect_left
from dataclasses import dataclass, field
from random import Random

import numpy as np
from numpy.typing import NDArray

from graph_service.worlds.diary import DAY_S

# A third of the members are there in the first ten days, and more join as the mall grows.
FOUNDING_PART = 0.35
FOUNDING_S = 10 * DAY_S
# How inviters are chosen. Copying an earlier member's inviter makes few people invite many
# (preferential attachment by copying: Kleinberg et al., COCOON 1999); the tree stays flat enough.
ROOT_ONE_IN = 400
MEMBERS_TOGETHER = 65_536
DRAWN_TOGETHER = 4_096
COPIED_PART = 0.45
# A member begins a circle of friends or joins the inviter's (Simon 1955: heavy-tailed sizes).
CIRCLE_ONE_IN = 60
HOME_PART = 0.22
HOME_MEMBERS_MAX = 4
OFFICE_PART = 0.2
OFFICE_MEMBERS_MEAN = 60
# Repeat purchases as in BG/NBD with the parameters published for CDNOW
# (Fader, Hardie and Lee, Marketing Science 24(2), 2005): rate a week ~ Gamma(r, 1/α), and after
# each purchase the member leaves with a probability ~ Beta(a, b).
RATE_SHAPE = 0.243
RATE_SCALE_PER_WEEK = 1 / 4.414
LEAVES_A = 0.793
LEAVES_B = 2.426
REPEATS_MAX = 250
# Who ever buys; for those the first order follows some days after joining.
BUYERS_PART = 0.5
INFLUENCER_ONE_IN = 500
# Beside the mean of 0.6 that the others have.
INFLUENCER_ACTIVITY = 60.0
FAMILY = (
    "bai cai cao deng ding du fan fu guo han hu jiang jin kong li liang liu lu ma meng pan peng "
    "qian qin ren shen shi su tan tang wei wu xie xu yan yang yao ye yu yuan zhang zheng zhu"
).split()
GIVEN = (
    "an bo chun da fei gang hua jia jing kai lan lei li min na ning ping qi rong rui shan tao ting "
    "wei wen xia xin xue yan yi ying yun zhen zi"
).split()
ROADS = ("人民路", "解放路", "中山路", "建设路", "和平路", "花园路", "文化路", "长江路")
CITIES = ("上海市", "杭州市", "成都市", "广州市", "武汉市", "西安市", "长沙市", "青岛市")


@dataclass(frozen=True)
class Population:
    """Members 0 … n-1 in the order in which they join; arrays of length n.

    joined_s: seconds after the opening, ascending. inviter: an earlier member, -1: none.
    home, office, circle: the first member of it (office -1: none). leaves_after: repeat orders
    until the member buys no more. buys: whether there is ever an order. influencer: whether many
    follow. habit, activity: running sums of the rates of buying and of sharing and clicking.
    circled, circle_starts: members by circle, and where each member's circle begins there.
    """

    joined_s: NDArray[np.int32]
    inviter: NDArray[np.int32]
    home: NDArray[np.int32]
    office: NDArray[np.int32]
    circle: NDArray[np.int32]
    leaves_after: NDArray[np.uint8]
    buys: NDArray[np.bool_]
    influencer: NDArray[np.bool_]
    habit: NDArray[np.float64]
    activity: NDArray[np.float64]
    circled: NDArray[np.int32]
    circle_starts: NDArray[np.int32]

    def joined_before(self, at_s: int) -> int:
        """How many members have joined by then: 0 … that number - 1."""
        return int(np.searchsorted(self.joined_s, at_s, "left"))

    def friend(self, member: int, joined: int, dice: Random) -> int:
        """Somebody of the member's circle among the first `joined`; the member if alone."""
        circle = int(self.circle[member])
        start = int(self.circle_starts[circle])
        ended = int(self.circle_starts[circle + 1])
        known = bisect_left(self.circled, joined, start, ended) - start
        return int(self.circled[start + int(dice.random() * known)]) if known else member


@dataclass
class Crowd:
    """Members drawn by weight among those who have joined, many at a time."""

    sums: NDArray[np.float64]
    dice: np.random.Generator
    _joined: int = 0
    _drawn: list[int] = field(default_factory=list[int])

    def among(self, joined: int) -> None:
        """From now on among the first `joined`."""
        spots = self.dice.random(DRAWN_TOGETHER) * float(self.sums[joined - 1])
        found = self.sums.searchsorted(spots, "right")
        self._joined = joined
        self._drawn = found.clip(0, joined - 1).tolist()

    def one(self) -> int:
        """The next of those drawn."""
        if not self._drawn:
            self.among(self._joined)
        return self._drawn.pop()


def populate(members: int, seconds: int, dice: np.random.Generator) -> Population:
    """A population that joins within so many seconds. Memory: about 50 bytes a member."""
    inviter, circle = _forest(members, dice)
    buys = dice.random(members) < BUYERS_PART
    rates = dice.gamma(RATE_SHAPE, RATE_SCALE_PER_WEEK, members) * buys
    leaves = dice.beta(LEAVES_A, LEAVES_B, members).clip(1e-6, 1)
    influencer = dice.random(members) < 1 / INFLUENCER_ONE_IN
    activity = dice.gamma(0.6, 1.0, members) + INFLUENCER_ACTIVITY * influencer
    circled = np.argsort(circle, kind="stable").astype(np.int32)
    starts = circle[circled].searchsorted(np.arange(int(circle.max()) + 2))
    return Population(
        joined_s=_joins(members, seconds, dice),
        inviter=inviter,
        home=_homes(inviter, dice),
        office=_offices(members, dice),
        circle=circle,
        leaves_after=(dice.geometric(leaves) - 1).clip(0, REPEATS_MAX).astype(np.uint8),
        buys=buys,
        influencer=influencer,
        habit=np.cumsum(rates),
        activity=np.cumsum(activity),
        circled=circled,
        circle_starts=starts.astype(np.int32),
    )


def _joins(members: int, seconds: int, dice: np.random.Generator) -> NDArray[np.int32]:
    founding = dice.random(members) < FOUNDING_PART
    spots = np.where(
        founding, dice.random(members) * FOUNDING_S, dice.random(members) ** 0.75 * seconds
    )
    return np.sort(spots).astype(np.int32)


def _forest(members: int, dice: np.random.Generator) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Each member's inviter and circle; circles are numbered from 0."""
    inviter, circle = array("i", bytes(4 * members)), array("i", bytes(4 * members))
    inviter[0] = -1
    circles = 1
    for start in range(0, members, MEMBERS_TOGETHER):
        block = np.arange(start, min(start + MEMBERS_TOGETHER, members))
        size = len(block)
        earlier = (dice.random(size) * block).astype(np.int32).tolist()
        copied = (dice.random(size) < COPIED_PART).tolist()
        alone = (dice.random(size) < 1 / ROOT_ONE_IN).tolist()
        begins = (dice.random(size) < 1 / CIRCLE_ONE_IN).tolist()
        for place in range(0 if start else 1, size):
            chosen = -1 if alone[place] else earlier[place]
            if chosen >= 0 and copied[place] and inviter[chosen] >= 0:
                chosen = inviter[chosen]
            inviter[start + place] = chosen
            if begins[place] or chosen < 0:
                circle[start + place] = circles
                circles += 1
            else:
                circle[start + place] = circle[chosen]
    return np.array(inviter, np.int32), np.array(circle, np.int32)


def _homes(inviter: NDArray[np.int32], dice: np.random.Generator) -> NDArray[np.int32]:
    """Some members live with who invited them, at most HOME_MEMBERS_MAX together."""
    homes = np.arange(len(inviter), dtype=np.int32)
    sizes = bytearray([1]) * len(inviter)
    together = np.flatnonzero((dice.random(len(inviter)) < HOME_PART) & (inviter >= 0))
    for member in together.tolist():
        home = int(homes[inviter[member]])
        if sizes[home] < HOME_MEMBERS_MAX:
            homes[member] = home
            sizes[home] += 1
    return homes


def _offices(members: int, dice: np.random.Generator) -> NDArray[np.int32]:
    """A part of the members works in offices whose sizes have a heavy tail."""
    offices = max(1, int(members * OFFICE_PART / OFFICE_MEMBERS_MEAN))
    chosen = (dice.random(members) ** 2.0 * offices).astype(np.int32)
    return np.where(dice.random(members) < OFFICE_PART, chosen, -1).astype(np.int32)


def name_of(member: int) -> str:
    """The member's id: a family name, a given name, and a number from the second of that name."""
    again, which = divmod(member, len(FAMILY) * len(GIVEN))
    given, family = divmod(which * 7 % (len(FAMILY) * len(GIVEN)), len(FAMILY))
    name = f"{FAMILY[family]}-{GIVEN[given]}"
    return f"{name}-{again + 1}" if again else name


def home_address(home: int) -> str:
    """A postal address, another one for each home."""
    number, flat = divmod(home, 36)
    city, road = CITIES[number % 8], ROADS[number // 8 % 8]
    return f"{city}{road}{number // 64 + 1}号{flat // 6 + 1}单元{flat % 6 + 1}01室"


def office_address(office: int) -> str:
    """The postal address of an office."""
    return f"{CITIES[office % 8]}世纪大道{office // 8 + 1}号"


def ip_of(place: int) -> str:
    """An IP of the range kept for tests (RFC 2544); the 131,072 of it are given out in turn."""
    return f"198.{18 + place // 65_536 % 2}.{place // 256 % 256}.{place % 256}"


def phone_of(member: int) -> str:
    """A mobile number, another one for each member."""
    return f"+86199{member:08d}"


def device_of(member: int, home: int) -> str:
    """Most have a device of their own; one in nine of those who live together shares one."""
    return f"device-{home if member % 9 == 0 else member}"


def payment_of(member: int, home: int) -> str:
    """Most pay with a card of their own; one in sixteen with one of the home."""
    return f"card-{home if member % 16 == 0 else member}"
