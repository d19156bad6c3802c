// Which orders were paid at this time or later?
// mode: read
// params: $since datetime, $limit integer
// returns: orderIds list<string>
// timeout: 30 s
MATCH (o:Order)
WHERE o.paidAt >= $since
WITH o
LIMIT $limit
RETURN collect(o.orderId) AS orderIds
