// Which orders are credited to these members, or would be were they active?
// mode: read
// params: $memberIds list<string>
// returns: orderIds list<string>
// timeout: 60 s
UNWIND $memberIds AS memberId
MATCH (:Member {memberId: memberId})<-[:CREDITED_TO]-(o:Order)
RETURN collect(DISTINCT o.orderId) AS orderIds
