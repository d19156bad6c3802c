// What is known of a case?
// mode: read
// params: $caseId string
// returns: caseId string, state string, code string, reason string,
//   openedBy string, openedMillis integer (ms), memberIds list<string>,
//   conclusion string, typology string, decisionReason string,
//   actions list<string>, decidedBy string, decidedMillis integer (ms)
// timeout: 5 s
MATCH (c:Case {caseId: $caseId})
RETURN c.caseId AS caseId, c.state AS state, c.code AS code,
  c.reason AS reason, c.openedBy AS openedBy,
  c.openedAt.epochMillis AS openedMillis,
  [(c)-[:EXAMINES]->(m:Member) | m.memberId] AS memberIds,
  c.conclusion AS conclusion, c.typology AS typology,
  c.decisionReason AS decisionReason, c.actions AS actions,
  c.decidedBy AS decidedBy, c.decidedAt.epochMillis AS decidedMillis
LIMIT 1
