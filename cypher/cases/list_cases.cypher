// Which cases in these states and stages are there, newest first, after this
// place in the list?
// mode: read
// params: $states list<string>, $stages list<string> (empty: all),
//   $assignees list<string> (null: all), $beforeMillis integer (ms since 1970),
//   $afterId string, $limit integer
// returns: caseId string, state string, stage string, code string,
//   reason string, openedBy string, openedMillis integer (ms),
//   memberIds list<string>, alertIds list<string>, kinds list<string>,
//   assignee string, assignedMillis integer (ms), priority integer,
//   dueMillis integer (ms), snoozedMillis integer (ms),
//   amountAtRiskMinor integer, currency string, conclusion string,
//   typology string, decisionReason string, actions list<string>,
//   decidedBy string, decidedMillis integer (ms), pending string,
//   decisions integer, version integer, trailHash string, claimedBy string,
//   approvedBy string, appealed list<string>
// timeout: 10 s
MATCH (c:Case)
WHERE c.openedAt <= datetime({epochMillis: $beforeMillis})
  AND c.state IN $states
  AND (size($stages) = 0 OR coalesce(c.stage,
    CASE c.state WHEN 'open' THEN 'NEW' ELSE 'DECIDED' END) IN $stages)
  AND ($assignees IS NULL OR c.assignee IN $assignees
    OR c.claimedBy IN $assignees)
  AND NOT (c.openedAt = datetime({epochMillis: $beforeMillis})
    AND c.caseId <= $afterId)
WITH c
ORDER BY c.openedAt DESC, c.caseId
LIMIT $limit
RETURN c.caseId AS caseId, c.state AS state,
  coalesce(c.stage,
    CASE c.state WHEN 'open' THEN 'NEW' ELSE 'DECIDED' END) AS stage,
  c.code AS code, c.reason AS reason, c.openedBy AS openedBy,
  c.openedAt.epochMillis AS openedMillis,
  [(c)-[:EXAMINES]->(m:Member) | m.memberId] AS memberIds,
  [(c)-[:LOOKS_INTO]->(a:Alert) | a.alertId] AS alertIds,
  [(c)-[:LOOKS_INTO]->(a:Alert) | a.kind] AS kinds,
  c.assignee AS assignee, c.assignedAt.epochMillis AS assignedMillis,
  coalesce(c.priority, 3) AS priority, c.dueAt.epochMillis AS dueMillis,
  c.snoozedUntil.epochMillis AS snoozedMillis,
  coalesce(c.amountAtRiskMinor, 0) AS amountAtRiskMinor,
  c.currency AS currency, c.conclusion AS conclusion,
  c.typology AS typology, c.decisionReason AS decisionReason,
  c.actions AS actions, c.decidedBy AS decidedBy,
  c.decidedAt.epochMillis AS decidedMillis, c.pending AS pending,
  coalesce(c.decisions, 0) AS decisions, coalesce(c.version, 0) AS version,
  c.trailHash AS trailHash, c.claimedBy AS claimedBy,
  c.approvedBy AS approvedBy, c.appealed AS appealed
ORDER BY openedMillis DESC, caseId
LIMIT $limit
