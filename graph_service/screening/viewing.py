"""How much of what a finding rests on was in view, where only a part of the mall was?"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from graph_service.fraud.detectors.shape import Finding
from graph_service.fraud.touching import Ties
from graph_service.snapshot.crediting import BINDING
from graph_service.snapshot.cutting import Cut, cut_log
from graph_service.snapshot.log import NONE, Log, Numbers
from graph_service.snapshot.snapshot import snapshot_of

# What is said of a shop's owner needs most of the shop's orders in view: of a shop of which only
# few buyers' orders are seen these would look like all there is.
OF_SHOPS: Final = frozenset({"round_trip", "circular_orders"})
# What is said of a promoter's clicks needs to know of most whether they sold: of two honest ones in
# a mall of 20,000 it was known of 44 % and 60 %, and the others looked unsold. Orders are not asked
# for: of a flood that lay whole in view, two fifths of the promoter's orders did.
OF_CLICKS: Final = frozenset({"click_flood"})
# That somebody sells to nobody else needs most of what they sell. A ring of buyers does not rest on
# what else its promoter sells: true ones were found with half of that in view.
OF_PROMOTERS: Final = frozenset({"sole_links", "nobody_else"})
IN_VIEW_PART: Final = 0.7


@dataclass(frozen=True)
class View:
    """What of a log is in view when these members are. ties: of this log. cut: what was seen."""

    log: Log
    ties: Ties
    members: Numbers
    cut: Cut

    def is_enough(self, finding: Finding) -> bool:
        """Is most of what this finding rests on in view? Its numbers are those of the cut."""
        numbers = self.cut.numbers
        members = numbers["member"][list(finding.members)]
        parts = [1.0]
        if finding.kind in OF_SHOPS:
            parts.append(self.part_of_shops(numbers["shop"][list(finding.shops)]))
        if finding.kind in OF_CLICKS:
            parts.append(self.part_of_clicks(members))
        if any(one.feature in OF_PROMOTERS and one.contribution > 0 for one in finding.reasons):
            parts.append(self.part_brought(members))
        return min(parts) >= IN_VIEW_PART

    def part_of_shops(self, shops: Numbers) -> float:
        """Which part of the orders in these shops is in view?"""
        told = self.log.tables["orders"]
        return self._part(told["member"][np.isin(told["shop"], shops[shops != NONE])])

    def part_of_clicks(self, promoters: Numbers) -> float:
        """Of which part of the clicks on these members' shares is it in view what came of them?

        What came of a visitor is known of who became somebody in view, and of who became nobody.
        """
        clicks, identified = self.log.tables["clicks"], self.log.tables["identified"]
        rows = np.flatnonzero(np.isin(clicks["share"], _shares_of(self.ties.creator, promoters)))
        became = np.full(len(self.log.names["visitor"]) + 1, NONE, np.int32)
        became[identified["visitor"]] = identified["member"]
        who = clicks["member"][rows]
        who = np.where(who == NONE, became[clicks["visitor"][rows]], who)
        # Of a promoter out of view only those clicks are there that members in view made.
        creator = self.ties.creator[clicks["share"][rows]]
        return self._part(np.where(who == NONE, creator, who))

    def part_brought(self, promoters: Numbers) -> float:
        """Which part of the orders that these members' shares or coupons brought is in view?

        Cost: the facts of all buyers who ever clicked on these shares or ordered by them.
        """
        buyers = np.union1d(self._followers(promoters), promoters)
        cut = cut_log(self.log, buyers[np.isin(buyers, self.log.tables["orders"]["member"])])
        numbers, orders = cut.numbers["member"], snapshot_of(cut.log).orders
        known = (orders.promoter != NONE) & (orders.buyer != NONE) & (orders.basis != BINDING)
        known &= orders.promoter != orders.buyer
        rows = np.flatnonzero(known)
        rows = rows[np.isin(numbers[orders.promoter[rows]], promoters)]
        return self._part(numbers[orders.buyer[rows]])

    def _part(self, members: Numbers) -> float:
        """Which part of these, each as often as it is there, is in view? 1 of none."""
        return float(np.isin(members, self.members).mean()) if len(members) else 1.0

    def _followers(self, promoters: Numbers) -> Numbers:
        """Who may have bought by them: all, not only the latest."""
        clicks, orders = self.log.tables["clicks"], self.log.tables["orders"]
        shares = _shares_of(self.ties.creator, promoters)
        clicked = np.isin(clicks["share"], shares)
        visitors = clicks["visitor"][clicked]
        identified, coupons = self.log.tables["identified"], self.log.tables["coupons"]
        theirs = coupons["coupon"][np.isin(coupons["owner"], promoters)]
        found = np.concatenate(
            [
                clicks["member"][clicked],
                identified["member"][np.isin(identified["visitor"], visitors[visitors != NONE])],
                orders["member"][np.isin(orders["share"], shares)],
                orders["member"][np.isin(orders["coupon"], theirs[theirs != NONE])],
            ]
        )
        return np.unique(found[found != NONE]).astype(np.int32)


def _shares_of(creator: Numbers, members: Numbers) -> Numbers:
    return np.flatnonzero(np.isin(creator, members)).astype(np.int32)
