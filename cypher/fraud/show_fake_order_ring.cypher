// What did these members buy in which shop, and with how many of them do they
// share something?
// mode: read
// params: $memberIds list<string>
// returns: buyerId string, shopId string, orders integer,
//   amountMinor integer, sharers integer, firstMillis integer (ms),
//   lastMillis integer (ms)
// timeout: 10 s
MATCH (b:Member)
WHERE b.memberId IN $memberIds
MATCH (b)-[:PLACED]->(o:Order)-[:SOLD_BY]->(s:Shop)
WITH b, s, count(o) AS orders, sum(o.amountMinor) AS amountMinor,
  min(o.paidAt).epochMillis AS firstMillis,
  max(o.paidAt).epochMillis AS lastMillis
ORDER BY orders DESC, b.memberId, s.shopId
LIMIT 500
RETURN b.memberId AS buyerId, s.shopId AS shopId, orders, amountMinor,
  COUNT {
    MATCH (b)-[:USES]->(:Identifier)<-[:USES]-(x:Member)
    WHERE x.memberId IN $memberIds
    RETURN DISTINCT x
  } AS sharers, firstMillis, lastMillis
ORDER BY orders DESC, buyerId, shopId
LIMIT 500
