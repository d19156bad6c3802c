"""What do two accounts have in common that one human has, and how often have honest ones?

An address or a phone number on an order is the receiver's, who may be a friend or a neighbour. A
number counts as the buyer's own when the account is seen with it otherwise; of an account that is
seen with no number, also when most of its orders have it and others' orders with the number go to
other addresses: what several buyers have sent to one place and number is picked up there.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from scipy.sparse import csr_array

from graph_service.fraud.scene import PAIR_DEGREE_MAX, Scene
from graph_service.fraud.signs.weighing import HONEST_BESIDE
from graph_service.snapshot.log import NONE, TOKEN_KINDS, Ints, Numbers
from graph_service.snapshot.resolving import STRONG, STRONG_MEMBERS_MAX, Flags

OWN_PART_LEAST: Final = 0.5
# An IP is a place of many; a token of more than a large household tells no two people.
KIN_KINDS: Final = (*STRONG, "device", "address")
KIN_DEGREE_MAX: Final = 8


@dataclass(frozen=True)
class Kinship:
    """Member × token by kind, tokens of an account's own only, those of few members only."""

    uses: tuple[csr_array, ...]

    def masks(self, one: Numbers | Ints, other: Numbers | Ints) -> Numbers:
        """By pair, the kinds of tokens shared, as bits by their place in TOKEN_KINDS."""
        found = np.zeros(len(one), np.int32)
        if not len(one):
            return found
        for place, uses in enumerate(self.uses):
            common = csr_array(uses[one].multiply(uses[other]))
            found |= (np.diff(common.indptr) > 0).astype(np.int32) << place
        return found

    def sharing(self, kind: str, members: Ints) -> tuple[Flags, int]:
        """By member, is a token of this kind another one's too? How many tokens are of several?"""
        part = csr_array(self.uses[TOKEN_KINDS.index(kind)][members])
        _, which, holders = np.unique(part.indices, return_inverse=True, return_counts=True)
        rows = np.repeat(np.arange(len(members)), np.diff(part.indptr))
        inside = np.zeros(len(members), np.bool_)
        inside[rows[holders[which] > 1]] = True
        return inside, int(np.count_nonzero(holders > 1))

    @cached_property
    def personal(self) -> csr_array:
        """Member × token of the kinds that one human has: the strong ones and devices."""
        places = [TOKEN_KINDS.index(kind) for kind in (*STRONG, "device")]
        total = self.uses[places[0]]
        for place in places[1:]:
            total = csr_array(total + self.uses[place])
        return total


STRONG_MASK: Final = sum(1 << TOKEN_KINDS.index(kind) for kind in STRONG)
# A household, or one human who hides well.
WEAK_MASK: Final = sum(1 << TOKEN_KINDS.index(kind) for kind in ("device", "address"))
WORDS: Final = {
    "device": ("设备", "device"),
    "ip": ("IP", "IP"),
    "address": ("地址", "address"),
    "payment": ("支付方式", "means of payment"),
    "phone": ("手机号", "phone number"),
    "union": ("平台账号", "platform account"),
}


def kinship_of(scene: Scene) -> Kinship:
    """The own tokens of a scene's members. Cost: the uses once a scene."""
    return scene.once("kinship", _kinship)


def _kinship(scene: Scene) -> Kinship:
    snapshot = scene.snapshot
    uses, kinds = snapshot.uses, snapshot.token_kind
    own = own_uses(scene)
    degree = np.bincount(uses.token[own], minlength=len(kinds))
    strong = np.isin(kinds, [TOKEN_KINDS.index(kind) for kind in STRONG])
    most = np.where(strong, STRONG_MEMBERS_MAX, PAIR_DEGREE_MAX)
    shape = (scene.people, max(1, len(kinds)))
    found: list[csr_array] = []
    for place in range(len(TOKEN_KINDS)):
        rows = own & (kinds[uses.token] == place)
        rows &= (degree[uses.token] > 1) & (degree[uses.token] <= most[uses.token])
        ones = np.ones(int(rows.sum()), np.int32)
        found.append(csr_array((ones, (uses.member[rows], uses.token[rows])), shape=shape))
    return Kinship(tuple(found))


def own_uses(scene: Scene) -> Flags:
    """By use, is the token the account's own, and not only of those to whom it had things sent?"""
    return scene.once("own_uses", _own_uses)


def _own_uses(scene: Scene) -> Flags:
    snapshot = scene.snapshot
    uses, told, kinds = snapshot.uses, snapshot.order_tokens, snapshot.token_kind
    if not len(uses.member):
        return np.zeros(0, np.bool_)
    size = max(1, len(kinds))
    kind = kinds[uses.token].astype(np.int64)
    keys = uses.member.astype(np.int64) * size + uses.token
    on_orders = _orders_with(scene, keys, np.ones(len(told.order), np.bool_))
    alone = _orders_with(scene, keys, ~_picked_up(scene))
    slot = uses.member * len(TOKEN_KINDS) + kind
    part = on_orders / np.maximum(1, np.bincount(slot, on_orders)[slot])
    seen = uses.times > on_orders
    has_own = np.zeros(int(slot.max()) + 1, np.bool_)
    has_own[slot[seen]] = True
    likely = (alone > 0) & (part > OWN_PART_LEAST) & ~has_own[slot]
    address, phone = (kind == TOKEN_KINDS.index(one) for one in ("address", "phone"))
    return np.where(phone, seen | likely, ~address | seen | (part > OWN_PART_LEAST))


def _orders_with(scene: Scene, keys: Ints, which: Flags) -> Ints:
    """By key of member and token, how many of these entries on paid orders it has."""
    snapshot = scene.snapshot
    told = snapshot.order_tokens
    buyer = snapshot.orders.buyer[told.order]
    counted = which & (buyer != NONE)
    size = max(1, len(snapshot.token_kind))
    own = buyer[counted].astype(np.int64) * size + told.token[counted]
    pairs, counts = np.unique(own, return_counts=True)
    if not len(pairs):
        return np.zeros(len(keys), np.int64)
    place = np.minimum(np.searchsorted(pairs, keys), len(pairs) - 1)
    return np.where(pairs[place] == keys, counts[place], 0)


def _picked_up(scene: Scene) -> Flags:
    """By entry of order_tokens, is it a number that several buyers name with one address?"""
    snapshot = scene.snapshot
    told, kinds, size = snapshot.order_tokens, snapshot.token_kind, max(1, len(snapshot.token_kind))
    kind = kinds[told.token]
    is_address = kind == TOKEN_KINDS.index("address")
    address = np.full(len(snapshot.orders), NONE, np.int64)
    address[told.order[is_address]] = told.token[is_address]
    numbers = np.flatnonzero((kind == TOKEN_KINDS.index("phone")) & (address[told.order] != NONE))
    place = told.token[numbers].astype(np.int64) * size + address[told.order[numbers]]
    buyers = snapshot.orders.buyer[told.order[numbers]].astype(np.int64)
    _, same = np.unique(place, return_inverse=True)
    people = max(1, scene.people)
    distinct = np.unique(same * people + np.maximum(buyers, 0)) // people
    found = np.zeros(len(told.order), np.bool_)
    found[numbers] = np.bincount(distinct)[same] > 1 if len(numbers) else False
    return found


def close_kin(scene: Scene, members: Ints) -> dict[int, dict[int, float]]:
    """By each of these members, others likely of the same human or home, with the nats of that.

    A kind says -log of how many such others a member has on average: the part of members with a
    token that so few share, times how many more share it. The kind that says most counts in full,
    further ones half, since who shares one shares others. Tokens of many give nothing.
    """
    kinship = kinship_of(scene)
    shape = (scene.people, scene.people)
    whole, most = csr_array(shape), csr_array(shape)
    for kind, uses in zip(TOKEN_KINDS, kinship.uses, strict=True):
        if kind not in KIN_KINDS:
            continue
        said = _kin_nats(uses, members)
        whole = csr_array(whole + said)
        most = csr_array(most.maximum(said))
    said = csr_array((whole + most) * 0.5)
    found: dict[int, dict[int, float]] = {}
    for member in members[np.diff(said.indptr)[members] > 0].tolist():
        part = slice(int(said.indptr[member]), int(said.indptr[member + 1]))
        others = zip(said.indices[part].tolist(), said.data[part].tolist(), strict=True)
        kin = {other: nats for other, nats in others if other != member and nats > 0}
        if kin:
            found[member] = kin
    return found


def _kin_nats(uses: csr_array, members: Ints) -> csr_array:
    """Member × member, those given only: nats of the rarest token that two share."""
    people = uses.shape[0]
    degree = np.bincount(uses.indices, minlength=uses.shape[1])
    rows = np.repeat(np.arange(people), np.diff(uses.indptr))
    fewest = np.full(people, people + 1)
    np.minimum.at(fewest, rows, np.where(degree > 1, degree, people + 1)[uses.indices])
    chosen = np.zeros(people, np.bool_)
    chosen[members] = True
    found = csr_array((people, people))
    for size in range(2, KIN_DEGREE_MAX + 1):
        nats = -np.log(float((fewest <= size).sum() + 1) / (people + HONEST_BESIDE) * (size - 1))
        here = degree[uses.indices] == size
        if nats <= 0 or not here.any():
            continue
        ones = np.ones(int(here.sum()), np.int32)
        of_size = csr_array((ones, (rows[here], uses.indices[here])), shape=uses.shape)
        mine = here & chosen[rows]
        ones = np.ones(int(mine.sum()), np.int32)
        theirs = csr_array((ones, (rows[mine], uses.indices[mine])), shape=uses.shape)
        pairs = csr_array(theirs @ of_size.T).astype(np.float64)
        pairs.data[:] = nats
        found = csr_array(found.maximum(pairs))
    return found


def kinds_of(mask: int) -> tuple[str, ...]:
    """The kinds of a mask, the strong ones first."""
    kinds = [kind for place, kind in enumerate(TOKEN_KINDS) if mask >> place & 1]
    return tuple(sorted(kinds, key=lambda kind: (kind not in STRONG, kind)))


def in_words(mask: int) -> tuple[str, str]:
    """The kinds of a mask in Chinese and English."""
    words = [WORDS[kind] for kind in kinds_of(mask)]
    return "、".join(zh for zh, _ in words), ", ".join(en for _, en in words)
