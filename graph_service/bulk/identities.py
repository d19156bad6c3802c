"""Who is who? Visitors, channel accounts and identifiers, in memory."""

from graph_service.bulk.mall import Mall
from graph_service.bulk.parsing import COLUMN, Record
from graph_service.ingest.tokens import is_nobodys


class Identities:
    """Keeps what facts tell of who somebody is."""

    def __init__(self, mall: Mall) -> None:
        self._mall = mall
        self._about = mall.sheets.relationships("ABOUT", "Fact", "Member").line

    def observe(self, record: Record) -> None:
        """identity.observed"""
        data = record[6]
        if is_nobodys(data["value"]):
            return
        if "visitorId" in data:
            self._mall.visitor(data["visitorId"])
        self.see(record, data["kind"], data["value"])

    def see(self, record: Record, kind: str, token: str) -> None:
        """Know that whom this fact is of was seen with an identifier."""
        data, at = record[6], record[4]
        if is_nobodys(token):
            return
        number = self._mall.identifier(kind, token)
        label = "Member" if "memberId" in data else "Visitor"
        key = (label, data.get("memberId") or data["visitorId"], number)
        times = self._mall.seen.setdefault(key, [at, at, 0, 0])
        times[0], times[1] = min(times[0], at), max(times[1], at)
        times[3 if record[1] == "order.paid" else 2] += 1

    def say(self, record: Record, seq: int) -> None:
        """member.merged, member.unmerged: what is said of two members is about both."""
        for name in ("fromId", "intoId"):
            self._about(f"{seq}{COLUMN}{self._mall.members[record[6][name]]}")

    def link_account(self, record: Record, holder: str) -> None:
        """account.linked; holder: the round in which it is stored."""
        data = record[6]
        if "unionId" in data:
            self.see(record, "union", data["unionId"])
        channel, external_id = data["channel"], data["externalId"]
        accounts = self._mall.accounts
        account_id = f"{channel} {external_id}"
        known = accounts.get(account_id)
        number, made_in = len(accounts), holder
        if known is not None:
            number, made_in = known[:2]
            if made_in != holder:
                # Another login under the same key, e.g. "a b" + "c" and "a" + "b c": the round
                # that made the node named it.
                channel, external_id = known[2:4]
        said = (channel, external_id, data["memberId"], record[4])
        accounts[account_id] = (number, made_in, *said)

    def identify(self, record: Record) -> None:
        """visitor.identified"""
        data, at = record[6], record[4]
        visitor = self._mall.visitor(data["visitorId"])
        said = (at, data["memberId"])
        if visitor.known is not None and visitor.known[0] > at:
            visitor.former.append(said)
            return
        visitors_of = self._mall.visitors_of
        if visitor.known is not None:
            visitor.former.append(visitor.known)
            visitors_of[visitor.known[1]].discard(data["visitorId"])
        visitor.known = said
        visitors_of.setdefault(data["memberId"], set()).add(data["visitorId"])
