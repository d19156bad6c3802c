// Which of these orders were cancelled by any fact?
// mode: read
// params: $orderIds list<string>
// returns: orderIds list<string>
// timeout: 30 s
UNWIND $orderIds AS orderId
MATCH (o:Order {orderId: orderId})<-[:ABOUT]-(:Fact {type: 'order.cancelled'})
RETURN collect(DISTINCT o.orderId) AS orderIds
