// How long did these members do nothing before they bought together?
// mode: read
// params: $memberIds list<string>
// returns: memberId string, joinedMillis integer (ms),
//   firstMillis integer (ms), lastMillis integer (ms), orders integer,
//   sharedTokens integer
// timeout: 10 s
MATCH (m:Member)
WHERE m.memberId IN $memberIds
OPTIONAL MATCH (m)-[:PLACED]->(o:Order)
WITH m, count(o) AS orders, min(o.paidAt).epochMillis AS firstMillis,
  max(o.paidAt).epochMillis AS lastMillis
RETURN m.memberId AS memberId, m.joinedAt.epochMillis AS joinedMillis,
  firstMillis, lastMillis, orders,
  COUNT {
    MATCH (m)-[:USES]->(t:Identifier)<-[:USES]-(x:Member)
    WHERE x.memberId IN $memberIds
    RETURN DISTINCT t
  } AS sharedTokens
ORDER BY firstMillis, memberId
LIMIT 500
