// Which orders were placed within ten minutes of a click on these members'
// shares?
// mode: read
// params: $memberIds list<string>
// returns: memberId string, shareId string, buyerId string,
//   orderId string, amountMinor integer, secondsBefore integer (s),
//   paidMillis integer (ms)
// timeout: 10 s
MATCH (m:Member)
WHERE m.memberId IN $memberIds
MATCH (m)-[:CREATED]->(s:Share)<-[c:CLICKED]-(b:Member)-[:PLACED]->(o:Order)
WHERE o.paidAt >= c.at AND o.paidAt <= c.at + duration({minutes: 10})
RETURN m.memberId AS memberId, s.shareId AS shareId, b.memberId AS buyerId,
  o.orderId AS orderId, o.amountMinor AS amountMinor,
  min(duration.inSeconds(c.at, o.paidAt).seconds) AS secondsBefore,
  o.paidAt.epochMillis AS paidMillis
ORDER BY paidMillis DESC, orderId, shareId
LIMIT 500
