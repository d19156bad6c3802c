// Which orders are of these members, may have come through their shares, or
// were credited to them?
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
  MATCH (m)-[:CREATED]->(:Share)<-[:PASSED]-(o:Order)
  RETURN o.orderId AS orderId
UNION
  MATCH (m)<-[:CONCERNS]-(o:Order)
  RETURN o.orderId AS orderId
}
RETURN collect(DISTINCT orderId) AS orderIds
