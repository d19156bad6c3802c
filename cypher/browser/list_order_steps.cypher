// How many people did each step of this order's path bring, nearest first?
// topic: orders
// mode: read
// params: $orderId string
// example: orderId => 'o-showcase'
// returns: step integer, memberId string, role string, shareId string,
//   people integer, credited boolean
// timeout: 10 s
MATCH chain = (o:Order {orderId: $orderId})-[:CAME_THROUGH]->(:Share)
  -[:RESHARE_OF*0..64]->(s:Share)<-[:CREATED]-(m:Member)
RETURN length(chain) - 1 AS step, m.memberId AS memberId, m.role AS role,
  s.shareId AS shareId,
  COUNT {
    MATCH (s)<-[:CLICKED]-(x:Member|Visitor)
    RETURN DISTINCT x
  } AS people,
  EXISTS { (o)-[:CREDITED_TO]->(m) } AS credited
ORDER BY step, shareId
LIMIT 100
