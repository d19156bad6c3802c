// Which orders might these clicks of members have caused?
// mode: read
// params: $rows list<map>, $windowSeconds integer (s)
// returns: orderIds list<string>
// timeout: 30 s
UNWIND $rows AS row
MATCH (m:Member {memberId: row.memberId})
WHERE EXISTS { (m)-[:PLACED|IS_PERSON|FORMERLY_IS_PERSON]->() }
CALL (m) {
  MATCH (m)-[:PLACED]->(o:Order)
  RETURN o
UNION
  MATCH (m)-[:IS_PERSON|FORMERLY_IS_PERSON]->(p:Person)
  MATCH (p)<-[:IS_PERSON|FORMERLY_IS_PERSON]-(account:Member)
  MATCH (account)-[:PLACED]->(o:Order)
  RETURN o
}
WITH o, datetime(row.at) AS at
WHERE at <= o.paidAt < at + duration({seconds: $windowSeconds})
RETURN collect(DISTINCT o.orderId) AS orderIds
