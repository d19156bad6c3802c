// Who invited these members when, what do they share, and what do they do?
// mode: read
// params: $memberIds list<string>
// returns: memberId string, inviterId string,
//   joinedMillis integer (ms), activeMillis integer (ms), orders integer,
//   sharedTokens integer
// timeout: 10 s
MATCH (m:Member)
WHERE m.memberId IN $memberIds
OPTIONAL MATCH (i:Member)-[:REFERRED]->(m)
RETURN m.memberId AS memberId, i.memberId AS inviterId,
  m.joinedAt.epochMillis AS joinedMillis,
  m.lastActiveAt.epochMillis AS activeMillis,
  COUNT { (m)-[:PLACED]->(:Order) } AS orders,
  COUNT {
    MATCH (m)-[:USES]->(t:Identifier)<-[:USES]-(x:Member)
    WHERE x.memberId IN $memberIds
    RETURN DISTINCT t
  } AS sharedTokens
ORDER BY joinedMillis, memberId
LIMIT 500
