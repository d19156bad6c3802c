// What do the booked facts say that these orders were paid for?
// mode: read
// params: $orderIds list<string>
// returns: orderIds list<string>, data list<string>
// timeout: 60 s
UNWIND $orderIds AS orderId
MATCH (o:Order {orderId: orderId})<-[:ABOUT]-(f:Fact {type: 'order.paid'})
WHERE f.seq IS NOT NULL
RETURN collect(o.orderId) AS orderIds, collect(f.data) AS data
