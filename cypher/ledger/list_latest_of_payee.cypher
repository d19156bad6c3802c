// Which entries of a payee were booked last, latest first, before this one?
// mode: read
// params: $payeeId string, $before integer, $limit integer
// returns: entryId string, seq integer, payeeId string, number integer,
//   basis string, amountMinor integer, currency string, why string,
//   orderId string
// timeout: 10 s
MATCH (e:LedgerEntry {payeeId: $payeeId})
WHERE e.number < $before
WITH e
ORDER BY e.number DESC
LIMIT $limit
RETURN e.entryId AS entryId, e.seq AS seq, e.payeeId AS payeeId,
  e.number AS number, e.basis AS basis, e.amountMinor AS amountMinor,
  e.currency AS currency, e.why AS why,
  head([(e)-[:FOR]->(o:Order) | o.orderId]) AS orderId
ORDER BY number DESC
LIMIT $limit
