// When were these orders paid?
// mode: read
// params: $orderIds list<string>
// returns: orderIds list<string>, times list<integer> (us)
// timeout: 20 s
UNWIND $orderIds AS orderId
MATCH (o:Order {orderId: orderId})
WHERE o.paidAt IS NOT NULL
RETURN collect(o.orderId) AS orderIds,
  collect(o.paidAt.epochSeconds * 1000000 + o.paidAt.microsecond) AS times
