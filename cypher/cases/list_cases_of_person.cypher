// Which cases in these states examine any account of this member's person,
// newest first, after this place in the list?
// mode: read
// params: $memberId string, $states list<string>,
//   $beforeMillis integer (ms since 1970), $afterId string, $limit integer
// returns: caseId string, state string, code string, reason string,
//   openedBy string, openedMillis integer (ms), memberIds list<string>,
//   conclusion string, typology string, decisionReason string,
//   actions list<string>, decidedBy string, decidedMillis integer (ms)
// timeout: 5 s
MATCH (asked:Member {memberId: $memberId})
CALL (asked) {
  RETURN asked AS m
  UNION
  MATCH (asked)-[:IS_PERSON]->(:Person)<-[:IS_PERSON]-(m:Member)
  RETURN m
}
MATCH (c:Case)-[:EXAMINES]->(m)
WHERE c.state IN $states
WITH DISTINCT c, c.openedAt.epochMillis AS openedMillis
WHERE openedMillis < $beforeMillis
  OR (openedMillis = $beforeMillis AND c.caseId > $afterId)
WITH c, openedMillis
ORDER BY openedMillis DESC, c.caseId
LIMIT $limit
RETURN c.caseId AS caseId, c.state AS state, c.code AS code,
  c.reason AS reason, c.openedBy AS openedBy,
  c.openedAt.epochMillis AS openedMillis,
  [(c)-[:EXAMINES]->(m:Member) | m.memberId] AS memberIds,
  c.conclusion AS conclusion, c.typology AS typology,
  c.decisionReason AS decisionReason, c.actions AS actions,
  c.decidedBy AS decidedBy, c.decidedAt.epochMillis AS decidedMillis
ORDER BY openedMillis DESC, caseId
LIMIT $limit
