// Which entries are there for an order, as they were booked?
// mode: read
// params: $orderId string
// returns: entries list<map>, status string, paidAt integer (us),
//   endedAt integer (us), currency string
// timeout: 10 s
MATCH (:Member)-[:PLACED]->(o:Order {orderId: $orderId})
OPTIONAL MATCH (o)<-[:FOR]-(e:LedgerEntry)
WITH o, e
ORDER BY e.seq, e.payeeId, e.number
RETURN collect(properties(e)) AS entries, o.status AS status,
  o.paidAt.epochSeconds * 1000000 + o.paidAt.microsecond AS paidAt,
  o.endedAt.epochSeconds * 1000000 + o.endedAt.microsecond AS endedAt,
  o.currency AS currency
