// Which orders might count for other uplines after bindings since a time?
// mode: read
// params: $rows list<map>
// returns: orderIds list<string>
// timeout: 60 s
UNWIND $rows AS row
MATCH (m:Member {memberId: row.memberId})
CALL (m, row) {
  MATCH (m)-[:PLACED]->(o:Order)
  WHERE o.createdAt >= row.since
  RETURN o.orderId AS orderId
UNION
  MATCH (m)-[:REFERRED|FORMERLY_REFERRED*0..512]->(d:Member)
  WITH DISTINCT d, row
  MATCH (d)<-[:CREDITED_TO]-(o:Order)
  WHERE o.createdAt >= row.since
  RETURN o.orderId AS orderId
}
RETURN collect(DISTINCT orderId) AS orderIds
