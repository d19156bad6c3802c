// Which entries for members of closed periods are to be told as released, after
// this member's sales in one?
// mode: read
// params: $periodIds list<string>, $seq integer, $after string,
//   $platform string, $limit integer
// returns: entries list<map>
// timeout: 30 s
UNWIND $periodIds AS periodId
MATCH (s:SalesMonth)
WHERE s.salesMonthId STARTS WITH periodId + ' '
  AND s.salesMonthId > $after
  AND s.settledSeq IS NULL
MATCH (s)<-[:FOR]-(e:LedgerEntry)
WHERE e.seq <= $seq AND e.payeeId <> $platform
WITH s, e
ORDER BY s.salesMonthId, e.entryId
LIMIT $limit
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
    period: s.month,
    salesMonthId: s.salesMonthId
  }) AS entries
