// Which open case of a rule is about an alert, and which of these members have
// no hold of the rule and no open case?
// mode: read
// params: $alertId string, $code string, $memberIds list<string>,
//   $nowMillis integer (ms since 1970)
// returns: caseId string, memberIds list<string>
// timeout: 10 s
OPTIONAL MATCH (a:Case {alertId: $alertId})
WHERE a.code = $code AND a.state = 'open'
WITH min(a.caseId) AS caseId
UNWIND $memberIds AS memberId
MATCH (m:Member {memberId: memberId})
WHERE NOT EXISTS {
    MATCH (c:Case)-[:EXAMINES]->(m)
    WHERE c.code = $code AND c.state = 'open'
  }
  AND NOT EXISTS {
    MATCH (h:Hold)-[:HOLDS]->(m)
    WHERE h.code = $code
      AND h.kind = 'score'
      AND h.liftedAt IS NULL
      AND coalesce(h.expiresAt.epochMillis > $nowMillis, true)
  }
RETURN caseId, collect(m.memberId) AS memberIds
