// What is known of a hold?
// mode: read
// params: $holdId string
// returns: holdId string, memberId string, kind string, code string,
//   reason string, placedBy string, placedMillis integer (ms),
//   expiresMillis integer (ms), liftedMillis integer (ms), liftedBy string,
//   liftReason string, caseId string
// timeout: 5 s
MATCH (h:Hold {holdId: $holdId})-[:HOLDS]->(m:Member)
RETURN h.holdId AS holdId, m.memberId AS memberId, h.kind AS kind,
  h.code AS code, h.reason AS reason, h.placedBy AS placedBy,
  h.placedAt.epochMillis AS placedMillis,
  h.expiresAt.epochMillis AS expiresMillis,
  h.liftedAt.epochMillis AS liftedMillis, h.liftedBy AS liftedBy,
  h.liftReason AS liftReason, h.caseId AS caseId
LIMIT 1
