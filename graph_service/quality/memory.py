"""What do events say of accounts? The same as the graph keeps of them, without a graph."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from graph_service.clock import to_micros
from graph_service.identity.facts import SEEN_TYPES, seen_with
from graph_service.identity.persons import Known, Seen, Token
from graph_service.identity.weights import OWN_ORDERS, reach_of
from graph_service.ingest.facts import Fact


@dataclass
class Memory:
    """What accounts were seen with. uses: by account and token. kinds, users: by token."""

    uses: dict[str, dict[str, Seen]] = field(default_factory=dict[str, dict[str, Seen]])
    kinds: dict[str, str] = field(default_factory=dict[str, str])
    users: Counter[str] = field(default_factory=Counter[str])
    orders: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])

    def take(self, fact: Fact) -> None:
        """Remember what an account was seen with, as identity/observe_identifiers keeps it."""
        if fact.type not in SEEN_TYPES or "memberId" not in fact.data:
            return
        at, observed = to_micros(fact.time), fact.type != "order.paid"
        member_id: str = fact.data["memberId"]
        mine = self.uses.setdefault(member_id, {})
        for kind, token in seen_with(fact):
            self.orders[member_id, token] += not observed
            owned = observed or self.orders[member_id, token] >= OWN_ORDERS
            before = mine.get(token)
            if before is None:
                mine[token] = Seen(at, at, owned)
                self.kinds[token] = kind
                self.users[token] += 1
            else:
                first, last, was = before
                mine[token] = Seen(min(first, at), max(last, at), was or owned)

    def known(self) -> Known:
        """The same as identity.standings.read_known reads of all accounts, but for words.

        IPs are not weighed, so they have no reach there, and what one account alone or too many
        are seen with is left out.
        """
        tokens = {
            token: Token(self.kinds[token], reach)
            for token, users in self.users.items()
            if self.kinds[token] != "ip" and users > 1 and (reach := reach_of(users)) > 1
        }
        uses: dict[str, dict[str, Seen]] = {}
        for member_id, mine in self.uses.items():
            shared = {token: seen for token, seen in mine.items() if token in tokens}
            if shared:
                uses[member_id] = shared
        return Known(uses, tokens)


def remember(facts: Iterable[Fact]) -> Memory:
    """What all these facts say, in whatever order."""
    memory = Memory()
    for fact in facts:
        memory.take(fact)
    return memory
