// Which entries were booked last, latest first, after this place in the list?
// mode: read
// params: $beforeSeq integer, $afterId string, $limit integer
// returns: entryId string, seq integer, payeeId string, number integer,
//   basis string, amountMinor integer, currency string, why string,
//   orderId string
// timeout: 10 s
MATCH (e:LedgerEntry)
WHERE e.seq <= $beforeSeq
  AND NOT (e.seq = $beforeSeq AND e.entryId <= $afterId)
WITH e
ORDER BY e.seq DESC, e.entryId
LIMIT $limit
RETURN e.entryId AS entryId, e.seq AS seq, e.payeeId AS payeeId,
  e.number AS number, e.basis AS basis, e.amountMinor AS amountMinor,
  e.currency AS currency, e.why AS why,
  head([(e)-[:FOR]->(o:Order) | o.orderId]) AS orderId
ORDER BY seq DESC, entryId
LIMIT $limit
