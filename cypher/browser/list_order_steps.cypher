// How many people did each step of this order's path bring, nearest first?
// zh: 这笔订单路径上的每一步各带来多少人？（最近的在前）
// topic: orders
// mode: read
// params: $orderId string
// example: orderId => 'o-showcase'
// returns: step integer, memberId string, role string, shareId string,
//   people integer, credited boolean
// timeout: 10 s
MATCH (b:Member)-[:PLACED]->(o:Order {orderId: $orderId})
CALL (b, o) {
  OPTIONAL MATCH (o)-[:CAME_THROUGH]->(told:Share)
  OPTIONAL MATCH (b)<-[:IDENTIFIED_AS*0..1]-(:Member|Visitor)
    -[c:CLICKED]->(clicked:Share)
  WHERE c.at <= o.paidAt
  RETURN coalesce(told, clicked) AS nearest
  ORDER BY c.at DESC
  LIMIT 1
}
MATCH way = (nearest)-[:RESHARE_OF*0..64]->(s:Share)<-[:CREATED]-(m:Member)
RETURN length(way) AS step, m.memberId AS memberId, m.role AS role,
  s.shareId AS shareId,
  COUNT {
    MATCH (s)<-[:CLICKED]-(x:Member|Visitor)
    RETURN DISTINCT x
  } AS people,
  EXISTS { (o)-[:CREDITED_TO]->(m) } AS credited
ORDER BY step, shareId
LIMIT 100
