"""How much does something shared say about two accounts being one human? In bits.

A sum of log-likelihood ratios, set per kind: so many doublings of the odds that two accounts which
share the thing are one human rather than two. What many share says less, and what comes with a
household (its device, its address) counts once.

Source: Fellegi and Sunter, "A Theory for Record Linkage", JASA 64 (1969), for the sum; Winkler,
"Frequency-Based Matching in Fellegi-Sunter Model of Record Linkage" (2000), for what many share.
"""

from collections.abc import Iterable
from dataclasses import dataclass

# Of an identifier that so few are seen with, or fewer: its bits less these.
REACHES: tuple[tuple[int, int], ...] = ((4, 0), (16, 3), (64, 6), (256, 9))
# Of what more are seen with, nothing is concluded, and nobody is looked for through it.
REACH_MAX = REACHES[-1][0]
# What a union id, a verified phone, a means of payment say of the few that share them. Paid: one
# of both used the means in one order alone, which a friend may have paid for it; so something else
# has to be shared too. A phone given with an order is the parcel's, and says nothing here.
BITS = {"union": 30, "phone": 20, "payment": 18, "paid": 9, "device": 8, "address": 6, "ip": 1}
# Kinds by which accounts are joined; others only add to what these say.
STRONG = frozenset({"union", "phone", "payment", "paid"})
# From so many orders on, a means of payment is the account's own.
OWN_ORDERS = 2
# What members of one household share anyhow: the greatest counts, and one bit for each other.
HOUSEHOLD = frozenset({"device", "address", "ip"})
# A number that one account was last seen with so long before another first was may have been given
# to somebody else: carriers freeze a number for at least 90 days (Telecommunications Service
# Specification, order 36 of 2005 of the Ministry of Information Industry).
RECYCLED_AFTER_DAYS = 90
RECYCLED_BITS = -12
# With so many bits accounts are one person, given that something strong is among them.
JOIN_BITS = 10
# From so many bits on, two accounts that are not joined are suggested to the staff.
SUGGEST_BITS = 8
# What speaks against two accounts before anything is known that they share.
PRIOR_BITS = 7
HOUSEHOLD_PRIOR_BITS = 12
# A word of the staff outweighs all.
SAID_BITS = 1_000


@dataclass(frozen=True)
class Reason:
    """One thing that two accounts share. kind: also paid, merged. bits: what it says.

    token: None of what was said. users: at most so many accounts are seen with it.
    """

    kind: str
    token: str | None
    bits: int
    users: int
    recycled: bool = False


@dataclass(frozen=True)
class Score:
    """What all that two accounts share says. reasons: what says most first."""

    bits: int
    reasons: tuple[Reason, ...]

    @property
    def joins(self) -> bool:
        """Whether this makes two accounts one person, unless somebody said otherwise."""
        strong = any(one.kind in STRONG or one.kind == "merged" for one in self.reasons)
        return strong and self.bits >= JOIN_BITS

    @property
    def probability(self) -> float:
        """That both are one human, if it was so many bits against that before.

        Most who share a home and nothing else are two people, so it is more against these.
        """
        at_home = all(one.kind in HOUSEHOLD for one in self.reasons)
        prior = HOUSEHOLD_PRIOR_BITS if at_home else PRIOR_BITS
        return 1 / (1 + 2.0 ** min(max(prior - self.bits, -60), 60))


def reach_of(users: int) -> int:
    """The greatest number of users that weighs as much as this one; 0 where it weighs nothing."""
    return next((most for most, _ in REACHES if users <= most), 0)


def token_bits(kind: str, reach: int, *, recycled: bool = False) -> int:
    """What one shared identifier says. reach: of `reach_of`."""
    less = next((bits for most, bits in REACHES if most == reach), None)
    if less is None:
        return 0
    return max(BITS[kind] - less, 0) + (RECYCLED_BITS if recycled else 0)


def score_of(reasons: Iterable[Reason]) -> Score:
    """What these reasons say together."""
    ordered = sorted(reasons, key=lambda one: (-one.bits, one.kind, one.token or ""))
    saying = tuple(one for one in ordered if one.bits > 0)
    own = sum(one.bits for one in saying if one.kind not in HOUSEHOLD)
    shared = [one.bits for one in saying if one.kind in HOUSEHOLD]
    return Score(own + (shared[0] + len(shared) - 1 if shared else 0), saying)
