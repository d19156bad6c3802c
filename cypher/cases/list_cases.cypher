// Which cases in these states are there, newest first, after this place in the
// list?
// mode: read
// params: $states list<string>, $beforeMillis integer (ms since 1970),
//   $afterId string, $limit integer
// returns: caseId string, state string, code string, reason string,
//   openedBy string, openedMillis integer (ms), memberIds list<string>,
//   conclusion string, typology string, decisionReason string,
//   actions list<string>, decidedBy string, decidedMillis integer (ms)
// timeout: 10 s
MATCH (c:Case)
WHERE c.openedAt <= datetime({epochMillis: $beforeMillis})
  AND c.state IN $states
  AND NOT (c.openedAt = datetime({epochMillis: $beforeMillis})
    AND c.caseId <= $afterId)
WITH c
ORDER BY c.openedAt DESC, c.caseId
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
