// Which orders might have been caused by what these visitors clicked?
// mode: read
// params: $visitorIds list<string>
// returns: orderIds list<string>
// timeout: 30 s
UNWIND $visitorIds AS visitorId
MATCH (v:Visitor {visitorId: visitorId})
MATCH (v)-[:IDENTIFIED_AS|FORMERLY_IDENTIFIED_AS]->(m:Member)
CALL (m) {
  MATCH (m)-[:PLACED]->(o:Order)
  RETURN o.orderId AS orderId
UNION
  MATCH (m)-[:IS_PERSON|FORMERLY_IS_PERSON]->(p:Person)
  MATCH (p)<-[:IS_PERSON|FORMERLY_IS_PERSON]-(account:Member)
  MATCH (account)-[:PLACED]->(o:Order)
  RETURN o.orderId AS orderId
}
RETURN collect(DISTINCT orderId) AS orderIds
