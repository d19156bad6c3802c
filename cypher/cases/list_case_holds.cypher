// Which holds belong to a case, in the order in which they were placed?
// mode: read
// params: $caseId string, $limit integer
// returns: holdId string, memberId string, kind string, code string,
//   reason string, placedBy string, placedMillis integer (ms),
//   expiresMillis integer (ms), liftedMillis integer (ms), liftedBy string,
//   liftReason string, caseId string, statusBefore string
// timeout: 5 s
MATCH (:Case {caseId: $caseId})-[:EXAMINES]->(m:Member)
MATCH (h:Hold {caseId: $caseId})-[:HOLDS]->(m)
RETURN h.holdId AS holdId, m.memberId AS memberId, h.kind AS kind,
  h.code AS code, h.reason AS reason, h.placedBy AS placedBy,
  h.placedAt.epochMillis AS placedMillis,
  h.expiresAt.epochMillis AS expiresMillis,
  h.liftedAt.epochMillis AS liftedMillis, h.liftedBy AS liftedBy,
  h.liftReason AS liftReason, h.caseId AS caseId,
  h.statusBefore AS statusBefore
ORDER BY placedMillis, holdId
LIMIT $limit
