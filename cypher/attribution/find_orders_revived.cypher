// Which of these orders are booked as nothing though they are worth something?
// mode: read
// params: $orderIds list<string>
// returns: orderIds list<string>
// timeout: 30 s
UNWIND $orderIds AS orderId
MATCH (o:Order {orderId: orderId})-[c:CREDITED_TO]->(:Member)
WHERE c.netMinor = 0
  AND c.excluded IS NULL
  AND o.refundedMinor < o.amountMinor
RETURN collect(DISTINCT o.orderId) AS orderIds
