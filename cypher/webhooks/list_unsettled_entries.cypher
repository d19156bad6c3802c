// Which entries for members do these orders have, up to a fact each?
// mode: read
// params: $rows list<map>, $platform string
// returns: entries list<map>
// timeout: 30 s
UNWIND $rows AS row
MATCH (o:Order {orderId: row.orderId})<-[:FOR]-(e:LedgerEntry)
WHERE e.seq <= row.seq AND e.payeeId <> $platform
RETURN collect({
    entryId: e.entryId,
    seq: e.seq,
    orderId: e.orderId,
    payeeId: e.payeeId,
    basis: e.basis,
    part: e.part,
    month: e.month,
    currency: e.currency,
    amountMinor: e.amountMinor,
    baseMinor: e.baseMinor,
    rate: e.rate,
    planVersion: e.planVersion,
    why: e.why
  }) AS entries
