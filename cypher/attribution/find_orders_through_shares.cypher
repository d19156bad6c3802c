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
UNION
  MATCH (s)<-[:CLICKED]-(clicker:Member|Visitor)
  OPTIONAL MATCH (clicker:Visitor)-[:IDENTIFIED_AS]->(known:Member)
  WITH DISTINCT coalesce(known, clicker) AS m
  MATCH (m)-[:IS_PERSON]->(:Person)<-[:IS_PERSON]-(account:Member)
  MATCH (account)-[:PLACED]->(o:Order)
  RETURN o.orderId AS orderId
}
RETURN collect(DISTINCT orderId) AS orderIds
