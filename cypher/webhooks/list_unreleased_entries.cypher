// Which entries for members of orders that ended were not told as released?
// mode: read
// params: $orderIds list<string>, $seq integer, $platform string
// returns: entries list<map>
// timeout: 30 s
UNWIND $orderIds AS orderId
MATCH (o:Order {orderId: orderId})<-[:FOR]-(e:LedgerEntry)
WHERE o.status <> 'paid' AND e.seq <= $seq AND e.payeeId <> $platform
  AND NOT EXISTS { (e)<-[:RELEASES]-(:WebhookMessage) }
WITH o, e
ORDER BY o.orderId, e.payeeId, e.entryId
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
    why: e.why,
    paidAt: o.paidAt.epochSeconds * 1000000 + o.paidAt.microsecond,
    endedAt: o.endedAt.epochSeconds * 1000000 + o.endedAt.microsecond
  }) AS entries
