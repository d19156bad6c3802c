// Which orders did these members place, led through what two of the accounts of
// one person shared or clicked, or were credited to one who accepted, under any
// account, to be a promoter?
// mode: read
// params: $rows list<map>
// returns: orderIds list<string>
// timeout: 60 s
UNWIND $rows AS row
MATCH (m:Member {memberId: row.memberId})
CALL (m, row) {
  UNWIND [row.memberId] + row.otherIds AS accountId
  MATCH (:Member {memberId: accountId})-[:PLACED]->(o:Order)
  RETURN o.orderId AS orderId
UNION
  UNWIND [row.memberId] + row.otherIds AS accountId
  MATCH (account:Member {memberId: accountId})
  MATCH (account)<-[:IDENTIFIED_AS|FORMERLY_IDENTIFIED_AS*0..1]-
    (who:Member|Visitor)
  MATCH (who)-[:CREATED|CLICKED]->(:Share)<-[:PASSED]-(o:Order)
  WITH o, count(DISTINCT accountId) AS accounts
  WHERE accounts > 1
  RETURN o.orderId AS orderId
UNION
  WITH m, row
  WHERE EXISTS {
    MATCH (one:Member)<-[:ABOUT]-(:Fact {type: 'promoter.accepted'})
    WHERE one.memberId IN [row.memberId] + row.otherIds
  }
  UNWIND [row.memberId] + row.otherIds AS accountId
  MATCH (:Member {memberId: accountId})<-[:CONCERNS]-(o:Order)
  RETURN o.orderId AS orderId
}
RETURN collect(DISTINCT orderId) AS orderIds
