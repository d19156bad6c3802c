// Who clicks how often on which share of these members, and what came of it?
// mode: read
// params: $memberIds list<string>
// returns: memberId string, shareId string, clickers integer,
//   clicks integer, orders integer, firstMillis integer (ms),
//   lastMillis integer (ms)
// timeout: 10 s
MATCH (m:Member)
WHERE m.memberId IN $memberIds
MATCH (m)-[:CREATED]->(s:Share)<-[c:CLICKED]-(x:Member|Visitor)
WITH m, s, count(DISTINCT x) AS clickers, count(c) AS clicks,
  min(c.at).epochMillis AS firstMillis, max(c.at).epochMillis AS lastMillis
ORDER BY clicks DESC, s.shareId
LIMIT 500
RETURN m.memberId AS memberId, s.shareId AS shareId, clickers, clicks,
  COUNT { (s)<-[:CAME_THROUGH]-(:Order) } AS orders,
  firstMillis, lastMillis
ORDER BY clicks DESC, shareId
LIMIT 500
