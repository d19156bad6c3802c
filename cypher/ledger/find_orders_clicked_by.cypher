// Which orders led through what these members clicked, also as visitors?
// mode: read
// params: $memberIds list<string>
// returns: orderIds list<string>
// timeout: 60 s
UNWIND $memberIds AS memberId
MATCH (m:Member {memberId: memberId})
MATCH (m)<-[:IDENTIFIED_AS|FORMERLY_IDENTIFIED_AS*0..1]-(who:Member|Visitor)
MATCH (who)-[:CLICKED]->(:Share)<-[:PASSED]-(o:Order)
RETURN collect(DISTINCT o.orderId) AS orderIds
