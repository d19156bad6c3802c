// Through which shares did this order come, and who made each?
// topic: orders
// mode: read
// params: $orderId string
// example: orderId => 'o-showcase'
// returns: path path
// timeout: 10 s
MATCH path = (:Member)-[:PLACED]->(o:Order {orderId: $orderId})
  -[r:CAME_THROUGH|PASSED]->(:Share)-[:RESHARE_OF*0..64]->(:Share)
  <-[:CREATED]-(:Member)
WHERE r:CAME_THROUGH OR NOT EXISTS { (o)-[:CAME_THROUGH]->(:Share) }
RETURN path
ORDER BY length(path)
LIMIT 100
