// Which entries for members follow from this stretch of the log, after the part
// of a fact that was told?
// mode: read
// params: $after integer, $upTo integer, $partSeq integer,
//   $partOrderId string, $partPayeeId string, $platform string,
//   $limit integer
// returns: entries list<map>
// timeout: 30 s
MATCH (e:LedgerEntry)
WHERE $after < e.seq <= $upTo AND e.payeeId <> $platform
  AND (
    e.seq <> $partSeq
    OR e.orderId > $partOrderId
    OR (e.orderId = $partOrderId AND e.payeeId > $partPayeeId)
  )
WITH e
ORDER BY e.seq, e.orderId, e.payeeId, e.entryId
LIMIT $limit
MATCH (f:Fact {seq: e.seq})
OPTIONAL MATCH (e)-[:FOR]->(s:SalesMonth)
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
    salesMonthId: s.salesMonthId,
    settledSeq: s.settledSeq,
    factType: f.type,
    factTime: f.time.epochSeconds * 1000000 + f.time.microsecond
  }) AS entries
