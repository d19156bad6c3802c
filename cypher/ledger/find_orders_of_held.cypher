// Which orders did these members place, and which led through what they
// clicked, also as visitors?
// mode: read
// params: $memberIds list<string>
// returns: orderIds list<string>
// timeout: 60 s
UNWIND $memberIds AS memberId
MATCH (m:Member {memberId: memberId})
CALL (m) {
  MATCH (m)-[:PLACED]->(o:Order)
  RETURN o.orderId AS orderId
UNION
  MATCH (m)<-[:IDENTIFIED_AS|FORMERLY_IDENTIFIED_AS*0..1]-(who:Member|Visitor)
  MATCH (who)-[:CLICKED]->(:Share)<-[:PASSED]-(o:Order)
  RETURN o.orderId AS orderId
}
RETURN collect(DISTINCT orderId) AS orderIds
