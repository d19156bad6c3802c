// What was told of this order, in the order in which it was booked?
// zh: 关于这笔订单收到过哪些事实？（按入账顺序）
// topic: orders
// mode: read
// params: $orderId string
// example: orderId => 'o-showcase'
// returns: seq integer, type string, time datetime, data string
// timeout: 10 s
MATCH (:Order {orderId: $orderId})<-[:ABOUT]-(f:Fact)
RETURN f.seq AS seq, f.type AS type, f.time AS time, f.data AS data
ORDER BY seq
LIMIT 100
