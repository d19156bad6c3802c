// Which orders did these members place?
// mode: read
// params: $memberIds list<string>
// returns: orderIds list<string>
// timeout: 60 s
UNWIND $memberIds AS memberId
MATCH (:Member {memberId: memberId})-[:PLACED]->(o:Order)
RETURN collect(o.orderId) AS orderIds
