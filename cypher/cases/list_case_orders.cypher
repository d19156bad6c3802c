// Which orders do the alerts of a case name, as they were told of last?
// mode: read
// params: $caseId string, $number integer, $limit integer
// returns: orderIds list<string>
// timeout: 10 s
MATCH (:Case {caseId: $caseId})-[:LOOKS_INTO]->(a:Alert)
CALL (a) {
  MATCH (a)<-[:VERSION_OF]-(v:AlertVersion)
  WHERE v.number <= $number
  RETURN v
  ORDER BY v.number DESC
  LIMIT 1
}
MATCH (v)-[:ALERTS_ON]->(o:Order)
WITH DISTINCT o.orderId AS orderId
ORDER BY orderId
LIMIT $limit
RETURN collect(orderId) AS orderIds
