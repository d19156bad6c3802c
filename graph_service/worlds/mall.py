"""What happens in a made-up mall from day to day? Members join, share, click, buy and come back."""

from collections import deque
from random import Random
from typing import NamedTuple

import numpy as np

from graph_service.worlds.cascades import draw_delay, draw_shape, draw_size
from graph_service.worlds.diary import CLOSES_S, DAY_S, DAYS, HOUR_S, Diary
from graph_service.worlds.goods import CHANNELS, Checkout, Goods, product_id
from graph_service.worlds.members import (
    Crowd,
    device_of,
    home_address,
    ip_of,
    name_of,
    phone_of,
    populate,
)
from graph_service.worlds.showcase import HOSTS

# The first members come after the cast, and nobody joins in the last days.
JOINS_FROM_S = 12 * HOUR_S
JOINS_UNTIL_S = CLOSES_S - 5 * DAY_S
CROWD_MIN = 30
# A part of those who were invited register first and are bound to the inviter minutes later; some
# are won over by another inviter after weeks.
BOUND_LATER_PART = 0.08
MOVED_PART = 0.003
PROMOTERS_PART = 0.12
COMMUNITY_MEMBERS_MIN = 12
# Each day one in so many members shares something, just visits, or leads a group buy.
SHARES_ONE_IN = 300
VISITS_ONE_IN = 500
GROUP_BUYS_ONE_IN = 12_000
SINGLE_PART = 0.75
# In a cascade a reshare is made by a friend of the sharer, else by anybody who is active.
FRIENDS_PART = 0.55
# Nobody passes the same share on twice, so far as others are found in so many tries.
OTHERS_ASKED = 20
# No cascade holds more than one in so many of the members who are there.
CASCADE_ONE_IN = 4
INFLUENCED_PART = 0.35
AUDIENCE_PARETO = 1.9
AUDIENCE_MAX = 60
INFLUENCER_AUDIENCE = 12.0
VISITORS_PART = 0.5
RETURNING_PART = 0.2
IDENTIFIED_PART = 0.12
BUYS_AFTER_CLICK_PART = 0.06
FIRST_ORDER_DAYS_MEAN = 1.5
# Where repeat orders come from: a share that was clicked a little before, else straight.
CLICKED_BEFORE_PART = 0.4
FLASH_SALE_EVERY_DAYS = 14
FLASH_SALE_ONE_IN = 80
FLASH_SALE_S = 1_800
GROUP_BUY_MEMBERS = (6, 25)


class Share(NamedTuple):
    """A share that others may click and pass on. creator: a member's number."""

    share_id: str
    creator: int
    product: int
    at_s: int


class Mall:
    """Writes a diary day by day. events: about how many it holds in the end."""

    def __init__(self, members: int, events: int, seed: int, diary: Diary) -> None:
        self._dice = Random(seed)  # noqa: S311 (a made-up mall keeps no secret)
        arrays = np.random.default_rng(seed)
        self._arrays = arrays
        self._events = events
        self._diary = diary
        self.people = populate(members, JOINS_UNTIL_S - JOINS_FROM_S, arrays)
        self.goods = Goods(max(40, members // 200), max(6, members // 400), self._dice)
        self._checkout = Checkout(self.people, self.goods, diary, self._dice)
        self._active = Crowd(self.people.activity, arrays)
        self._buyers = Crowd(self.people.habit, arrays)
        self._repeats = np.zeros(members, np.uint8)
        self._influencers = np.flatnonzero(self.people.influencer).tolist()
        self._recent: deque[Share] = deque(maxlen=400)
        self._visitors: deque[str] = deque(maxlen=200)
        self._joined = 0
        self._shares = self._clicks = self._visits = self._met = 0

    def open_shops(self) -> None:
        """Shops and goods on the first morning."""
        for number in range(1, self.goods.shops + 1):
            at_s = 9 * HOUR_S + 1_800 + number
            owner = HOSTS[number % len(HOSTS)] if number % 2 else None
            shop_id = f"shop-{number}"
            self._diary.write(
                at_s, "shop.registered", f"e-{shop_id}", shopId=shop_id, ownerMemberId=owner
            )
        for number, (name, category, price_minor) in enumerate(self.goods.products):
            self._diary.write(
                10 * HOUR_S + number // 10,
                "product.upserted",
                f"e-product-{number + 1}",
                productId=product_id(number),
                categoryId=category,
                name=name,
                priceMinor=price_minor,
                costMinor=price_minor * 6 // 10,
            )

    def live(self, day: int) -> None:
        """Write what begins on this day (0: the first); some of it ends much later."""
        starts_s = day * DAY_S
        self._joined = self.people.joined_before(starts_s - JOINS_FROM_S)
        for member in range(
            self._joined, self.people.joined_before(starts_s + DAY_S - JOINS_FROM_S)
        ):
            self._join(member)
        if self._joined < CROWD_MIN:
            return
        self._active.among(self._joined)
        self._buyers.among(self._joined)
        for _ in range(self._times(VISITS_ONE_IN)):
            self._visit(self._moment(starts_s))
        for _ in range(self._times(SHARES_ONE_IN)):
            alone = self._dice.random() < SINGLE_PART
            self._cascade(self._moment(starts_s), 1 if alone else self._dice.randrange(2, 7))
        self._buy_again(starts_s)
        for _ in range(self._times(GROUP_BUYS_ONE_IN)):
            self._group_buy(self._moment(starts_s))
        if day % FLASH_SALE_EVERY_DAYS == FLASH_SALE_EVERY_DAYS - 1:
            self._flash_sale(day, starts_s + 20 * HOUR_S)
        due = self._events * (day + 1) / DAYS
        while self._diary.written < due:
            size = draw_size(self._dice, self._joined // CASCADE_ONE_IN)
            self._cascade(self._moment(starts_s), size)

    def _times(self, one_in: int) -> int:
        return int(self._arrays.poisson(self._joined / one_in))

    def _moment(self, starts_s: int) -> int:
        """A second of the day; few are awake at night."""
        return starts_s + int(DAY_S * (0.3 + 0.7 * self._dice.betavariate(2, 1.6)))

    # --- members ---

    def _join(self, member: int) -> None:
        dice, people, write = self._dice, self.people, self._diary.write
        name, at_s = name_of(member), int(people.joined_s[member]) + JOINS_FROM_S
        chosen = int(people.inviter[member])
        inviter = name_of(chosen) if chosen >= 0 else dice.choice(HOSTS)
        later = dice.random() < BOUND_LATER_PART
        write(
            at_s,
            "member.joined",
            f"e-join-{name}",
            memberId=name,
            role="promoter" if dice.random() < PROMOTERS_PART else "member",
            inviterId=None if later else inviter,
            channel=dice.choice(CHANNELS),
            communityId=self._community(member, name, at_s),
        )
        if later:
            bound = {"memberId": name, "inviterId": inviter}
            write(at_s + dice.randrange(60, 900), "referral.bound", f"e-bind-{name}", **bound)
        if dice.random() < MOVED_PART and member:
            moved = {"memberId": name, "inviterId": name_of(dice.randrange(member))}
            moved_at = at_s + dice.randrange(20, 60) * DAY_S
            write(moved_at, "referral.bound", f"e-move-{name}", mode="override", **moved)
        self._observe(member, name, at_s)
        if people.buys[member]:
            self._checkout.order(
                member,
                self.goods.any(dice),
                at_s + 60 + int(dice.expovariate(1 / (FIRST_ORDER_DAYS_MEAN * DAY_S))),
            )

    def _community(self, member: int, name: str, at_s: int) -> str | None:
        """The circle as a community, if it grows large enough; its first member founds it."""
        people = self.people
        circle = int(people.circle[member])
        start, ended = (int(people.circle_starts[circle + one]) for one in (0, 1))
        if ended - start < COMMUNITY_MEMBERS_MIN:
            return None
        community = f"community-{circle}"
        if people.circled[start] == member:
            founded = {"communityId": community, "level": 1, "stewardId": name}
            self._diary.write(at_s + 30, "community.upserted", f"e-{community}", **founded)
        return community

    def _observe(self, member: int, name: str, at_s: int) -> None:
        """Most are seen on a device, some with a phone; offices and homes have one IP each."""
        dice = self._dice
        home, office = int(self.people.home[member]), int(self.people.office[member])
        seen: list[tuple[str, str]] = []
        if dice.random() < 0.4:
            seen.append(("device", device_of(member, home)))
        if dice.random() < 0.2:
            seen.append(("phone", phone_of(member)))
        if dice.random() < 0.2:
            place = office if office >= 0 and dice.random() < 0.6 else 50_000 + home
            seen.append(("ip", ip_of(place)))
        for number, (kind, value) in enumerate(seen):
            observed = {"memberId": name, "kind": kind, "value": value}
            seen_at = at_s + 5 + 20 * number
            self._diary.write(seen_at, "identity.observed", f"e-{kind}-{name}", **observed)

    def _visit(self, at_s: int) -> None:
        self._visits += 1
        name = name_of(self._active.one())
        self._diary.write(at_s, "member.active", f"e-visit-{self._visits}", memberId=name)

    # --- sharing ---

    def _cascade(self, at_s: int, size: int, origin: int = -1, product: int = -1) -> Share:
        """A share (by an active member if origin is -1) that is passed on until it holds `size`."""
        dice = self._dice
        if origin < 0:
            viral = size > 10 and self._influencers and dice.random() < INFLUENCED_PART
            origin = dice.choice(self._influencers) if viral else self._active.one()
            origin = origin if origin < self._joined else self._active.one()
        if product < 0:
            product = self.goods.any(dice)
        made: list[Share | None] = []
        passed_on: set[tuple[int, int]] = set()
        for parent_place in draw_shape(size, dice):
            parent = made[parent_place] if parent_place >= 0 else None
            if parent_place < 0:
                made.append(self._share(origin, product, at_s, None))
            elif parent is None or (again_s := parent.at_s + draw_delay(dice)) >= CLOSES_S:
                made.append(None)
            else:
                sharer = self._sharer(parent.creator)
                for _ in range(OTHERS_ASKED):
                    if (sharer, parent_place) not in passed_on:
                        break
                    sharer = self._active.one()
                passed_on.add((sharer, parent_place))
                made.append(self._share(sharer, product, again_s, parent))
        assert made[0] is not None, "a cascade begins with its origin"
        return made[0]

    def _sharer(self, creator: int) -> int:
        if self._dice.random() < FRIENDS_PART:
            friend = self.people.friend(creator, self._joined, self._dice)
            if friend != creator:
                return friend
        return self._active.one()

    def _share(self, creator: int, product: int, at_s: int, parent: Share | None) -> Share:
        """A share; who passes one on has clicked it a little before."""
        name = name_of(creator)
        if parent is not None:
            before_s = self._dice.randrange(1, min(240, at_s - parent.at_s))
            self._click(parent.share_id, at_s - before_s, member=name)
        self._shares += 1
        share = Share(f"s-{self._shares:06d}", creator, product, at_s)
        self._diary.write(
            at_s,
            "share.created",
            f"e-{share.share_id}",
            shareId=share.share_id,
            memberId=name,
            parentShareId=None if parent is None else parent.share_id,
            productId=product_id(product),
            channel=CHANNELS[self._shares % len(CHANNELS)],
        )
        self._recent.append(share)
        self._draw_clicks(share)
        return share

    def _click(
        self, share_id: str, at_s: int, *, member: str | None = None, visitor: str | None = None
    ) -> None:
        self._clicks += 1
        clicked = {"shareId": share_id, "memberId": member, "visitorId": visitor}
        self._diary.write(at_s, "share.clicked", f"e-click-{self._clicks:06d}", **clicked)

    def _draw_clicks(self, share: Share) -> None:
        """Few clicks on most shares, many on some; a few of who clicks buys."""
        dice = self._dice
        clicks = min(int(dice.paretovariate(AUDIENCE_PARETO)) - 1, AUDIENCE_MAX)
        if self.people.influencer[share.creator]:
            clicks += int(dice.expovariate(1 / INFLUENCER_AUDIENCE))
        for _ in range(clicks):
            at_s = share.at_s + 60 + int(dice.expovariate(1 / (6 * HOUR_S)))
            if dice.random() < VISITORS_PART:
                self._click_as_visitor(share, at_s)
                continue
            member = self._active.one()
            self._click(share.share_id, at_s, member=name_of(member))
            if member != share.creator and dice.random() < BUYS_AFTER_CLICK_PART:
                self._checkout.order(
                    member, share.product, at_s + 60 + int(dice.expovariate(1 / 7_200))
                )

    def _click_as_visitor(self, share: Share, at_s: int) -> None:
        """A visitor clicks; some turn out to be a member hours later, and a third of those buys."""
        dice = self._dice
        again = self._visitors and dice.random() < RETURNING_PART
        if again:
            visitor = dice.choice(self._visitors)
        else:
            self._met += 1
            visitor = f"visitor-{self._met:06d}"
            self._visitors.append(visitor)
        self._click(share.share_id, at_s, visitor=visitor)
        if not again and dice.random() < IDENTIFIED_PART:
            member = self._active.one()
            known_s = at_s + 120 + int(dice.expovariate(1 / (12 * HOUR_S)))
            identified = {"visitorId": visitor, "memberId": name_of(member)}
            self._diary.write(known_s, "visitor.identified", f"e-known-{visitor}", **identified)
            if dice.random() < 1 / 3:
                self._checkout.order(member, share.product, known_s + 300)

    # --- buying ---

    def _buy_again(self, starts_s: int) -> None:
        """Repeat orders of the day, until each buyer leaves for good."""
        weekly = float(self.people.habit[self._joined - 1])
        for _ in range(int(self._arrays.poisson(weekly / 7))):
            member = self._buyers.one()
            if self._repeats[member] >= self.people.leaves_after[member]:
                continue
            self._repeats[member] += 1
            at_s, product = self._moment(starts_s), self.goods.any(self._dice)
            if self._recent and self._dice.random() < CLICKED_BEFORE_PART:
                share = self._dice.choice(self._recent)
                if share.at_s < at_s - HOUR_S:
                    clicked_s = at_s - self._dice.randrange(60, HOUR_S)
                    self._click(share.share_id, clicked_s, member=name_of(member))
                    product = share.product
            self._checkout.order(member, product, at_s)

    def _group_buy(self, at_s: int) -> None:
        """Friends of a leader order the same within two hours, sent to one pick-up address."""
        dice = self._dice
        leader = self._active.one()
        share = self._cascade(at_s, 1, leader, self.goods.any(dice))
        friends = {
            self.people.friend(leader, self._joined, dice)
            for _ in range(dice.randint(*GROUP_BUY_MEMBERS))
        }
        address = home_address(int(self.people.home[leader]))
        for member in sorted(friends - {leader}):
            clicked_s = at_s + dice.randrange(60, 6_600)
            self._click(share.share_id, clicked_s, member=name_of(member))
            ordered_s = clicked_s + dice.randrange(60, 600)
            self._checkout.order(member, share.product, ordered_s, address=address)

    def _flash_sale(self, day: int, at_s: int) -> None:
        """Half an hour in which many buy one thing, half of them through one influencer."""
        dice = self._dice
        campaign = f"flash-{day}"
        self._diary.write(
            at_s - 6 * HOUR_S,
            "campaign.upserted",
            f"e-{campaign}",
            campaignId=campaign,
            **{"from": self._diary.time(at_s), "to": self._diary.time(at_s + FLASH_SALE_S)},
            phase="launch",
            multiplier="1.5",
        )
        known = [one for one in self._influencers if one < self._joined]
        leader = dice.choice(known) if known else self._active.one()
        share = self._cascade(at_s - HOUR_S, 1, leader, self.goods.any(dice))
        for _ in range(self._times(FLASH_SALE_ONE_IN)):
            member = self._active.one()
            ordered_s = at_s + dice.randrange(FLASH_SALE_S)
            if dice.random() < 0.5:
                clicked_s = ordered_s - dice.randrange(30, 900)
                self._click(share.share_id, clicked_s, member=name_of(member))
            self._checkout.order(member, share.product, ordered_s)
