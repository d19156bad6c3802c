// Hold these holds until the transaction ends; what do they say?
// mode: write
// params: $holdIds list<string>, $batch string
// returns: holdId string, memberId string, kind string, code string,
//   reason string, placedBy string, placedMillis integer (ms),
//   expiresMillis integer (ms), liftedMillis integer (ms), liftedBy string,
//   liftReason string, caseId string, statusBefore string
// timeout: 10 s
UNWIND $holdIds AS holdId
MATCH (h:Hold {holdId: holdId})
SET h.heldBy = $batch
WITH h
MATCH (h)-[:HOLDS]->(m:Member)
RETURN h.holdId AS holdId, m.memberId AS memberId, h.kind AS kind,
  h.code AS code, h.reason AS reason, h.placedBy AS placedBy,
  h.placedAt.epochMillis AS placedMillis,
  h.expiresAt.epochMillis AS expiresMillis,
  h.liftedAt.epochMillis AS liftedMillis, h.liftedBy AS liftedBy,
  h.liftReason AS liftReason, h.caseId AS caseId,
  h.statusBefore AS statusBefore
ORDER BY holdId
