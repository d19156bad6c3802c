"""Credit distribution the slow way: every chain of shares that leads from one to another."""

from fractions import Fraction

# (share, member or None, parent share or None, time)
Line = tuple[str, str | None, str | None, int]


def sources(lines: list[Line]) -> dict[str, set[str]]:
    """Per member those whose shares they passed on and who acted before them."""
    members = {member for _, member, _, _ in lines if member is not None}
    first = {one: min(at for _, member, _, at in lines if member == one) for one in members}
    return {
        one: {
            made
            for _, member, parent, _ in lines
            for share, made, _, _ in lines
            if member == one and share == parent and made is not None and first[made] < first[one]
        }
        for one in members
    }


def chains(known: dict[str, set[str]], start: str, end: str) -> list[list[str]]:
    """Every way from one member to another, each step from a source to who has it from them."""
    if start == end:
        return [[start]]
    return [[*way, end] for source in sorted(known[end]) for way in chains(known, start, source)]


def credit(lines: list[Line], member_id: str) -> dict[str, Fraction]:
    """What each other member owes to this one, each giving the same to all their sources."""
    known = sources(lines)
    found: dict[str, Fraction] = {}
    for one in known.keys() - {member_id} if member_id in known else ():
        total = Fraction(0)
        for way in chains(known, member_id, one):
            part = Fraction(1)
            for step in way[1:]:
                part /= len(known[step])
            total += part
        if total:
            found[one] = total
    return found


def influence(log: list[list[Line]]) -> dict[str, Fraction]:
    """Per member what all others owe over all cascades, each divided by their actions."""
    acted: dict[str, int] = {}
    for lines in log:
        for one in sources(lines):
            acted[one] = acted.get(one, 0) + 1
    return {
        member_id: sum(
            (part / acted[one] for lines in log for one, part in credit(lines, member_id).items()),
            Fraction(0),
        )
        for member_id in acted
    }
