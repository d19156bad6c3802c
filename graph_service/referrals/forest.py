"""A piece of the forest of invitations in memory, while bindings are planned under the lock."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from graph_service.graph.session import Row

# Deepest chain of invitations, in edges (design: depth at most 512).
DEPTH_MAX = 512


@dataclass
class Forest:
    """Members, who invited them, and how many stand below each.

    It holds the named members and all who stand above them, so walks upwards are whole; what
    stands below is known only by its size until it is asked for.
    """

    inviters: dict[str, str] = field(default_factory=dict[str, str])
    sizes: dict[str, int] = field(default_factory=dict[str, int])
    _below: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    _whole: set[str] = field(default_factory=set[str])
    _direct: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    _team: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    @classmethod
    def of_rows(cls, rows: list[Row]) -> "Forest":
        """A forest of columns memberIds, inviterIds ('' for none) and sizes."""
        forest = cls()
        for row in rows:
            columns = zip(row["memberIds"], row["inviterIds"], row["sizes"], strict=True)
            for member_id, inviter_id, size in columns:
                forest.sizes[member_id] = size
                if inviter_id:
                    forest.inviters[member_id] = inviter_id
                    forest._below[inviter_id].add(member_id)
        return forest

    def above(self, member_id: str) -> Iterator[str]:
        """Who stands above a member, nearest first."""
        current = self.inviters.get(member_id)
        while current is not None:
            yield current
            current = self.inviters.get(current)

    def is_above(self, member_id: str, other_id: str) -> bool:
        """Is the one the other, or above the other?"""
        return member_id == other_id or member_id in self.above(other_id)

    def depth(self, member_id: str) -> int:
        """How many stand above a member."""
        return sum(1 for _ in self.above(member_id))

    def size(self, member_id: str) -> int:
        """How many stand below a member."""
        return self.sizes.get(member_id, 0)

    def knows_below(self, member_id: str) -> bool:
        """Is everybody below this member in the piece?"""
        return member_id in self._whole

    def known_below(self, member_id: str) -> set[str]:
        """Everybody below a member who is in the piece."""
        found: set[str] = set()
        level = {member_id}
        while level:
            level = {below_id for above_id in level for below_id in self._below[above_id]}
            found |= level
        return found

    def add_below(self, member_id: str, member_ids: list[str], inviter_ids: list[str]) -> None:
        """Take in the stored teams of a member and of all known below; what is planned stays."""
        for below_id, inviter_id in zip(member_ids, inviter_ids, strict=True):
            if below_id not in self.sizes:
                self.inviters[below_id] = inviter_id
                self._below[inviter_id].add(below_id)
        self._whole.add(member_id)

    def height(self, member_id: str) -> int:
        """Longest way down from a member (edges); the team's size where it is not known."""
        if not self.knows_below(member_id):
            return self.size(member_id)
        height, level = -1, {member_id}
        while level:
            height += 1
            level = {below_id for above_id in level for below_id in self._below[above_id]}
        return height

    def attach(self, member_id: str, inviter_id: str) -> None:
        """Hang a member that has no inviter under one."""
        self.inviters[member_id] = inviter_id
        self._below[inviter_id].add(member_id)
        self._count(member_id, inviter_id, 1)
        if self.size(member_id):
            self._whole.clear()

    def detach(self, member_id: str) -> None:
        """Take a member and all below away from the inviter, if there is one."""
        inviter_id = self.inviters.get(member_id)
        if inviter_id is not None:
            self._count(member_id, inviter_id, -1)
            self._below[inviter_id].discard(member_id)
            del self.inviters[member_id]

    def _count(self, member_id: str, inviter_id: str, sign: int) -> None:
        people = sign * (self.size(member_id) + 1)
        self._direct[inviter_id] += sign
        for above_id in (inviter_id, *self.above(inviter_id)):
            self.sizes[above_id] = self.size(above_id) + people
            self._team[above_id] += people

    def count_changes(self) -> list[Row]:
        """What to add to whose head counts, in order of id."""
        rows = [
            {"memberId": one, "direct": self._direct.get(one, 0), "team": self._team.get(one, 0)}
            for one in sorted(set(self._direct) | set(self._team))
        ]
        return [row for row in rows if row["direct"] or row["team"]]
