// Which orders, paid by a time, pay these members or count for them?
// mode: read
// params: $memberIds list<string>, $at datetime
// returns: orderIds list<string>
// timeout: 60 s
UNWIND $memberIds AS memberId
MATCH (m:Member {memberId: memberId})
CALL (m) {
  MATCH (m)<-[:PAYS]-(:LedgerEntry)-[:FOR]->(o:Order)
  RETURN o
UNION
  MATCH (m)<-[:CREDITED_TO]-(o:Order)
  RETURN o
}
WITH DISTINCT o
WHERE o.paidAt <= $at
RETURN collect(o.orderId) AS orderIds
