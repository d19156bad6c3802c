// What did these members buy in shops of whom, and how are both linked?
// mode: read
// params: $memberIds list<string>
// returns: buyerId string, shopId string, ownerId string,
//   samePerson boolean, invited boolean, sharedTokens integer,
//   orders integer, amounts integer, amountMinor integer
// timeout: 10 s
MATCH (b:Member)
WHERE b.memberId IN $memberIds
MATCH (b)-[:PLACED]->(o:Order)-[:SOLD_BY]->(s:Shop)<-[:OWNS]-(w:Member)
WITH b, s, w, count(o) AS orders,
  count(DISTINCT o.amountMinor) AS amounts,
  sum(o.amountMinor) AS amountMinor
ORDER BY orders DESC, b.memberId, s.shopId
LIMIT 500
RETURN b.memberId AS buyerId, s.shopId AS shopId, w.memberId AS ownerId,
  coalesce(b.personId = w.personId, false) AS samePerson,
  EXISTS { (w)-[:REFERRED]-(b) } AS invited,
  COUNT {
    MATCH (b)-[:USES]->(:Identifier)<-[:USES]-(w)
  } AS sharedTokens, orders, amounts, amountMinor
ORDER BY orders DESC, buyerId, shopId
LIMIT 500
