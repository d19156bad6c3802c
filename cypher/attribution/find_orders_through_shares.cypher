// Which orders came through these shares, by a click or as the mall says?
// mode: read
// params: $shareIds list<string>
// returns: orderIds list<string>
// timeout: 30 s
UNWIND $shareIds AS shareId
MATCH (s:Share {shareId: shareId})
CALL (s) {
  MATCH (s)<-[:CAME_THROUGH]-(o:Order)
  RETURN o.orderId AS orderId
UNION
  MATCH (s)<-[:CLICKED]-(m:Member)-[:PLACED]->(o:Order)
  RETURN o.orderId AS orderId
UNION
  MATCH (s)<-[:CLICKED]-(:Visitor)-[:IDENTIFIED_AS]->(m:Member)
  MATCH (m)-[:PLACED]->(o:Order)
  RETURN o.orderId AS orderId
}
RETURN collect(DISTINCT orderId) AS orderIds
