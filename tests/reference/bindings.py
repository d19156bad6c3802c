"""Who invited whom, as intervals: the binding rules in plain Python."""

from dataclasses import dataclass, replace
from datetime import datetime

DEPTH_MAX = 512


@dataclass(frozen=True)
class Binding:
    """One inviter of a member during [since, until); until None = in force."""

    inviter_id: str
    since: datetime
    until: datetime | None
    expires_at: datetime | None

    def covers(self, at: datetime) -> bool:
        """Whether the binding held at that instant."""
        end = self.until if self.until is not None else self.expires_at
        return self.since <= at and (end is None or at < end)


class Bindings:
    """All bindings of all members, seen from one fixed now."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.of: dict[str, list[Binding]] = {}

    def bind(
        self,
        member_id: str,
        inviter_id: str,
        at: datetime,
        *,
        mode: str = "first",
        expires_at: datetime | None = None,
    ) -> str | None:
        """Apply one binding; the code of the refusal, or None when it is accepted."""
        if member_id == inviter_id:
            return "referral_cycle"
        if mode == "override":
            return self._override(member_id, inviter_id, at)
        if self._in_force(member_id) is not None:
            return None
        ends = [b.until for b in self.of.get(member_id, []) if b.until is not None]
        since = max([at, *ends])
        if expires_at is not None and expires_at <= since:
            return None
        if expires_at is not None and expires_at <= self.now:
            self._append(member_id, Binding(inviter_id, since, expires_at, expires_at))
            return None
        refusal = self._refusal(member_id, inviter_id)
        if refusal is None:
            self._append(member_id, Binding(inviter_id, since, None, expires_at))
        return refusal

    def _override(self, member_id: str, inviter_id: str, at: datetime) -> str | None:
        refusal = self._refusal(member_id, inviter_id)
        if refusal is not None:
            return refusal
        self.of[member_id] = [
            replace(b, until=max(b.since, at)) if b.until is None or b.until > at else b
            for b in self.of.get(member_id, [])
        ]
        self._append(member_id, Binding(inviter_id, at, None, None))
        return None

    def _append(self, member_id: str, binding: Binding) -> None:
        self.of.setdefault(member_id, []).append(binding)

    def _refusal(self, member_id: str, inviter_id: str) -> str | None:
        # A descendant of the member is one whose uplines hold the member. If the inviter is none,
        # then its uplines do not run through the member's own old binding either.
        uplines = self.uplines(inviter_id)
        if member_id in uplines:
            return "referral_cycle"
        height = len(self.levels(member_id))
        if len(uplines) + 1 + height > DEPTH_MAX:
            return "referral_too_deep"
        return None

    def _in_force(self, member_id: str) -> Binding | None:
        # A binding that expires by now is stored with its end, so an open one is in force.
        for binding in self.of.get(member_id, []):
            if binding.until is None:
                return binding
        return None

    def inviter(self, member_id: str, at: datetime | None = None) -> str | None:
        """The inviter at an instant, or (at None) by the binding in force now."""
        if at is None:
            binding = self._in_force(member_id)
            return None if binding is None else binding.inviter_id
        for binding in self.of.get(member_id, []):
            if binding.covers(at):
                return binding.inviter_id
        return None

    def uplines(self, member_id: str, at: datetime | None = None) -> list[str]:
        """Nearest first; the walk stops before a member that it has met."""
        met = [member_id]
        inviter_id = self.inviter(member_id, at)
        while inviter_id is not None and inviter_id not in met:
            met.append(inviter_id)
            inviter_id = self.inviter(inviter_id, at)
        return met[1:]

    def levels(self, member_id: str, at: datetime | None = None) -> list[list[str]]:
        """The members below, one sorted list per level, nearest level first, none empty."""
        inviters = {member: self.inviter(member, at) for member in self.of}
        met = {member_id}
        found: list[list[str]] = []
        level = [member_id]
        while True:
            above = set(level)
            level = sorted(
                m for m, inviter in inviters.items() if inviter in above and m not in met
            )
            if not level:
                return found
            met.update(level)
            found.append(level)
