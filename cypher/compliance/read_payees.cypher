// Whom did the entries up to a time pay of these orders, and for whom do the
// orders count?
// mode: read
// params: $orderIds list<string>, $at datetime, $platform string
// returns: orderIds list<string>, times list<integer> (us),
//   payeeIds list<list<string>>, creditedIds list<list<string>>,
//   uplineIds list<list<list<string>>>
// timeout: 60 s
UNWIND $orderIds AS orderId
MATCH (o:Order {orderId: orderId})
CALL (o) {
  MATCH (o)<-[:FOR]-(e:LedgerEntry)
  WHERE e.payeeId <> $platform
  MATCH (f:Fact {seq: e.seq})
  WHERE f.time <= $at
  WITH e.payeeId AS payeeId, sum(e.amountMinor) AS amount
  WHERE amount > 0
  RETURN collect(payeeId) AS payeeIds
}
CALL (o) {
  OPTIONAL MATCH (o)-[c:CREDITED_TO]->(m:Member)
  WHERE c.netMinor > 0
  RETURN collect(m.memberId) AS creditedIds,
    collect(c.uplineIds) AS uplineLists
}
RETURN collect(o.orderId) AS orderIds,
  collect(o.paidAt.epochSeconds * 1000000 + o.paidAt.microsecond) AS times,
  collect(payeeIds) AS payeeIds, collect(creditedIds) AS creditedIds,
  collect(uplineLists) AS uplineIds
