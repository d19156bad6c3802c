// Which orders were paid, in order of id, after this one?
// mode: read
// params: $after string, $limit integer
// returns: orderIds list<string>
// timeout: 60 s
MATCH (o:Order)
WHERE o.orderId > $after AND o.paidAt IS NOT NULL
WITH o
ORDER BY o.orderId
LIMIT $limit
RETURN collect(o.orderId) AS orderIds
