// What is booked for these orders, by payee, basis and part?
// mode: read
// params: $orderIds list<string>
// returns: orderIds list<string>, payeeIds list<string>, bases list<string>,
//   parts list<string>, amounts list<integer>
// timeout: 30 s
UNWIND $orderIds AS orderId
MATCH (o:Order {orderId: orderId})<-[:FOR]-(e:LedgerEntry)
WITH orderId, e.payeeId AS payeeId, e.basis AS basis, e.part AS part,
  sum(e.amountMinor) AS amount
RETURN collect(orderId) AS orderIds, collect(payeeId) AS payeeIds,
  collect(basis) AS bases, collect(part) AS parts, collect(amount) AS amounts
