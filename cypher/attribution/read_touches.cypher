// Which shares did the buyers of these orders click within each one's window
// (seconds), under any of their accounts or as visitors?
// mode: read
// params: $rows list<map>
// returns: orderId string, shareIds list<string>, times list<integer> (us)
// timeout: 30 s
UNWIND $rows AS row
MATCH (buyer:Member)-[:PLACED]->(o:Order {orderId: row.orderId})
WITH o, buyer, o.paidAt - duration({seconds: row.seconds}) AS opens
CALL (buyer) {
  RETURN buyer AS clicker
UNION
  MATCH (p:Person {personId: buyer.personId})<-[:IS_PERSON]-(clicker:Member)
  RETURN clicker
UNION
  MATCH (buyer)<-[:IDENTIFIED_AS]-(clicker:Visitor)
  RETURN clicker
UNION
  MATCH (p:Person {personId: buyer.personId})<-[:IS_PERSON]-(account:Member)
  MATCH (account)<-[:IDENTIFIED_AS]-(clicker:Visitor)
  RETURN clicker
}
MATCH (clicker)-[c:CLICKED]->(s:Share)
WHERE opens < c.at <= o.paidAt
RETURN o.orderId AS orderId, collect(s.shareId) AS shareIds,
  collect(c.at.epochSeconds * 1000000 + c.at.microsecond) AS times
ORDER BY orderId
LIMIT 10001
