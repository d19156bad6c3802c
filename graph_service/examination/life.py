"""What do honest members of an unseen mall do all day?"""

from graph_service.examination.chronicle import DAY_S, HOUR_S
from graph_service.examination.mall import Account, Good, Mall, Order, Share

# A share's clicks end in an order so often; some buy at once, others think it over.
CONVERSION, AT_ONCE_SHARE = 0.11, 0.35
AUDIENCE_MAX = 600
VISITOR_SHARE, VISITOR_SEEN_SHARE, IDENTIFIED_SHARE = 0.6, 0.15, 0.06
RESHARED_SHARE, KNOWN_BEFORE_SHARE = 0.035, 0.15
INVITED_SHARE, PROMOTER_SHARE = 0.78, 0.13
# A young mall, and older ones.
OLD_HAND_SHARES = (0.25, 0.45, 0.6)
SHOPS_PER_MEMBER, GOODS_PER_SHOP = 1 / 80, 9
OWNED_SHOP_SHARE = 0.7
POINTS_SHARE = 0.2
# Orders in 100 days of those who buy for a whole office.
ACTIVITY_MAX = 45.0
# Rank-frequency exponent of what sells; retail sales follow Zipf with exponents near one.
ZIPF = 0.9


class Life:
    """The ordinary life of a mall. busyness: how much of everything happens."""

    def __init__(self, mall: Mall) -> None:
        self.mall = mall
        self.dice = mall.dice
        self.busyness = self.dice.between(0.8, 1.3)
        self._ranking: list[Good] = []
        # Members of long standing, who joined before the world begins.
        self._old = self.dice.pick(OLD_HAND_SHARES)
        self._coupon = self.dice.name(10)

    def populate(self, members: int) -> None:
        """Enrol so many members, in order of joining, and open shops."""
        times = sorted(self.joining() for _ in range(members))
        for at_s in times:
            self.newcomer(at_s)
        self.mall.know()
        for _ in range(max(8, int(members * SHOPS_PER_MEMBER))):
            owner = self.mall.accounts[self.dice.whole(0, max(1, members // 3))]
            owned = self.dice.chance(OWNED_SHOP_SHARE)
            goods = 1 + self.dice.count(GOODS_PER_SHOP - 1)
            shop = self.mall.open_shop(owner if owned else None, goods, max(owner.joined_s, 0) + 1)
            self.mall.goods += shop.goods
        self._ranking = self.dice.sample(self.mall.goods, len(self.mall.goods))
        data = {"couponCode": self._coupon, "exclusive": False, "valueMinor": 1_000}
        self.mall.chronicle.write(0.0, "coupon.issued", data)

    def joining(self) -> float:
        """When an ordinary member joins."""
        if self.dice.chance(self._old):
            return -self.dice.between(0, 360 * DAY_S)
        return self.mall.calendar.moment(0.0, self.mall.calendar.closes_s - DAY_S)

    def newcomer(
        self,
        at_s: float,
        inviter: Account | None = None,
        *,
        tokens: dict[str, list[str]] | None = None,
    ) -> Account:
        """An ordinary member joins, most of them invited."""
        dice = self.dice
        if inviter is None and dice.chance(INVITED_SHARE):
            inviter = self.mall.elder(at_s)
        skill = dice.spread(2.0, 1.1) if dice.chance(PROMOTER_SHARE) else 0.0
        activity = min(dice.spread(1.3, 1.0), ACTIVITY_MAX)
        found = self.mall.enrol(at_s, inviter, activity=activity, skill=skill, tokens=tokens)
        self.mall.reward(found, dice.delay(dice.pick((HOUR_S, 3 * DAY_S))), 0.4)
        return found

    def good(self) -> Good:
        """What somebody wants, by rank."""
        count = len(self._ranking)
        # Inverse of the cumulated power law, continuous in rank.
        power = 1 - ZIPF
        rank = ((count**power - 1) * self.dice.unit() + 1) ** (1 / power)
        return self._ranking[min(count - 1, int(rank) - 1)]

    def post(self, account: Account) -> None:
        """All shares that an account posts of its own."""
        if account.skill <= 0:
            return
        for _ in range(self.dice.count(self._amount(account, account.skill))):
            good = self.dice.pick(account.favourites) if account.favourites else self.good()
            if self.dice.chance(0.4):
                account.favourites.append(good)
            at_s = self.mall.calendar.moment(account.joined_s)
            self.mall.share(account, at_s, good, reach=self.dice.spread(1 + account.skill / 4, 0.9))

    def live(self, account: Account) -> None:
        """What an account does beside its shares: visits, orders, clicks."""
        dice, calendar = self.dice, self.mall.calendar
        for _ in range(dice.count(self._amount(account, account.activity))):
            self.buy(account, calendar.moment(account.joined_s))
        for _ in range(dice.count(self._amount(account, 1.2 + account.activity))):
            self.mall.visit(account, calendar.moment(account.joined_s))
        for _ in range(dice.count(self._amount(account, 1.0 + 2 * account.activity))):
            self.browse(account, calendar.moment(account.joined_s))
        if dice.chance(KNOWN_BEFORE_SHARE):
            self._known_before(account)
        if dice.chance(0.06):
            # A new telephone.
            account.tokens["device"] = [dice.name(32)]
            self.mall.observe(account, "device", calendar.moment(account.joined_s))

    def _known_before(self, account: Account) -> None:
        """Somebody clicked before it was known who it is."""
        at_s = self.mall.calendar.moment(account.joined_s)
        share = self._seen(account, at_s)
        if share is None or share.owner is account:
            return
        visitor = self.dice.name()
        self.mall.click(share, at_s, visitor)
        known = {"visitorId": visitor, "memberId": account.member_id}
        self.mall.chronicle.write(at_s + 1 + self.dice.delay(DAY_S), "visitor.identified", known)

    def _amount(self, account: Account, per_100_days: float) -> float:
        stay_s = self.mall.calendar.closes_s - max(account.joined_s, 0.0)
        return self.busyness * per_100_days * stay_s / (100 * DAY_S)

    def buy(
        self, account: Account, at_s: float, good: Good | None = None, share: Share | None = None
    ) -> Order:
        """An ordinary order, of what the buyer likes or of what sells."""
        dice = self.dice
        if good is None:
            liked = bool(account.favourites) and dice.chance(0.35)
            good = dice.pick(account.favourites) if liked else self.good()
        if dice.chance(0.3):
            account.favourites.append(good)
        lines = [(good, 1 if dice.chance(0.8) else dice.whole(2, 4))]
        while dice.chance(0.18) and len(lines) < 4:
            lines.append((dice.pick(good.shop.goods), 1))
        whole = sum(one.price_minor * quantity for one, quantity in lines)
        off = dice.pick((0, 0, 0, 500, 1_000, whole // 10)) if whole > 5_000 else 0
        if dice.chance(POINTS_SHARE):
            # Points of any number are as good as money.
            off = int(whole * dice.between(0.005, 0.15))
        coupon = self._coupon if account.orders == 0 and dice.chance(0.4) else None
        order = self.mall.order(
            account, at_s, lines, share=share, amount_minor=whole - off, coupon=coupon
        )
        self.mall.settle(order)
        return order

    def browse(self, account: Account, at_s: float) -> None:
        """Click a share of the last days, of the inviter if there is one, and perhaps buy."""
        share = self._seen(account, at_s)
        if share is None or share.owner is account:
            return
        self.mall.click(share, at_s, account)
        if self.dice.chance(CONVERSION):
            self.buy(account, at_s + self.thinking(), share.good, share)
        elif self.dice.chance(RESHARED_SHARE):
            self.repost(account, share, at_s)

    def repost(self, account: Account, share: Share, at_s: float) -> Share:
        """Hand a share on, for others to see."""
        reach = self.dice.spread(0.7, 0.9)
        found = self.mall.share(
            account, at_s + self.dice.delay(HOUR_S), share.good, parent=share, reach=reach
        )
        self.attract(found)
        return found

    def _seen(self, account: Account, at_s: float) -> Share | None:
        dice, best = self.dice, None
        for _ in range(8):
            day = int(at_s / DAY_S - dice.delay(2.0))
            posted = self.mall.shares_by_day.get(day)
            found = dice.pick(posted) if posted else None
            if found is None or found.at_s >= at_s:
                continue
            if found.owner is account.inviter:
                return found
            if best is None or found.reach > best.reach:
                best = found
            elif dice.chance(0.5):
                break
        return best

    def attract(self, share: Share) -> None:
        """Visitors and the owner's own team click a share; a few buy."""
        dice, mall = self.dice, self.mall
        clicks = min(AUDIENCE_MAX, dice.count(dice.delay(1.6 * share.reach)))
        team = [one for one in share.owner.invitees if one.joined_s < share.at_s]
        for _ in range(clicks):
            at_s = share.at_s + dice.delay(dice.pick((HOUR_S, 10 * HOUR_S, 3 * DAY_S)))
            if team and not dice.chance(VISITOR_SHARE):
                member = dice.pick(team)
                mall.click(share, at_s, member)
                if dice.chance(CONVERSION):
                    self.buy(member, at_s + self.thinking(), share.good, share)
                continue
            self.pass_by(share, at_s)

    def pass_by(self, share: Share, at_s: float) -> None:
        """A visitor clicks once or twice; some turn out to be members, who may buy."""
        dice, mall = self.dice, self.mall
        visitor = dice.name()
        for _ in range(2 if dice.chance(0.15) else 1):
            mall.click(share, at_s + dice.delay(200), visitor)
        if dice.chance(VISITOR_SEEN_SHARE):
            kind, value = ("ip", mall.ip()) if dice.chance(0.5) else ("device", dice.name(32))
            seen = {"visitorId": visitor, "kind": kind, "value": value}
            mall.chronicle.write(at_s + 1, "identity.observed", seen)
        member = mall.stranger(at_s) if dice.chance(IDENTIFIED_SHARE) else None
        if member is None or member is share.owner:
            return
        known = {"visitorId": visitor, "memberId": member.member_id}
        mall.chronicle.write(at_s + dice.delay(DAY_S), "visitor.identified", known)
        if dice.chance(2 * CONVERSION):
            self.buy(member, at_s + self.thinking(), share.good, share)

    def thinking(self) -> float:
        """How long after a click somebody buys (s)."""
        dice = self.dice
        return 3 + dice.delay(200 if dice.chance(AT_ONCE_SHARE) else 1.5 * DAY_S)
