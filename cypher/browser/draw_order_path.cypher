// Through which shares did this order come, and who made each?
// topic: orders
// mode: read
// params: $orderId string
// example: orderId => 'o-showcase'
// returns: path path
// timeout: 10 s
MATCH path = (:Member)-[:PLACED]->(:Order {orderId: $orderId})
  -[:CAME_THROUGH|PASSED]->(:Share)-[:RESHARE_OF*0..64]->(:Share)
  <-[:CREATED]-(:Member)
RETURN path
ORDER BY length(path)
LIMIT 100
