// What did these members buy in shops of one another?
// mode: read
// params: $memberIds list<string>
// returns: buyerId string, shopId string, ownerId string,
//   orders integer, amountMinor integer, firstMillis integer (ms),
//   lastMillis integer (ms)
// timeout: 10 s
MATCH (w:Member)
WHERE w.memberId IN $memberIds
MATCH (w)-[:OWNS]->(s:Shop)<-[:SOLD_BY]-(o:Order)<-[:PLACED]-(b:Member)
WHERE b.memberId IN $memberIds AND b <> w
RETURN b.memberId AS buyerId, s.shopId AS shopId, w.memberId AS ownerId,
  count(o) AS orders, sum(o.amountMinor) AS amountMinor,
  min(o.paidAt).epochMillis AS firstMillis,
  max(o.paidAt).epochMillis AS lastMillis
ORDER BY firstMillis, buyerId, shopId
LIMIT 500
