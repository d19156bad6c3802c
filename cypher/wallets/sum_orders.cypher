// What is booked for these orders, by payee and currency?
// mode: read
// params: $orderIds list<string>, $platform string
// returns: orderIds list<string>, payeeIds list<string>,
//   currencies list<string>, amounts list<integer>
// timeout: 60 s
UNWIND $orderIds AS orderId
MATCH (o:Order {orderId: orderId})<-[:FOR]-(e:LedgerEntry)
WHERE e.payeeId <> $platform
WITH orderId, e.payeeId AS payeeId, e.currency AS currency,
  sum(e.amountMinor) AS amount
RETURN collect(orderId) AS orderIds, collect(payeeId) AS payeeIds,
  collect(currency) AS currencies, collect(amount) AS amounts
