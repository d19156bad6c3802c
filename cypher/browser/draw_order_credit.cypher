// For whom does this order count, and who stands above them?
// zh: 这笔订单算在谁名下，其上线是谁？
// topic: orders
// mode: read
// params: $orderId string
// example: orderId => 'o-showcase'
// returns: path path
// timeout: 10 s
MATCH path = (:Order {orderId: $orderId})-[:CREDITED_TO]->(:Member)
  <-[:REFERRED*0..10]-(:Member)
RETURN path
ORDER BY length(path)
LIMIT 100
