// Which holds are there, newest first, after this place in the list? Those in
// force at a moment, those that were not, or (null) all.
// mode: read
// params: $active boolean, $nowMillis integer (ms since 1970),
//   $beforeMillis integer (ms since 1970), $afterId string, $limit integer
// returns: holdId string, memberId string, kind string, code string,
//   reason string, placedBy string, placedMillis integer (ms),
//   expiresMillis integer (ms), liftedMillis integer (ms), liftedBy string,
//   liftReason string, caseId string
// timeout: 10 s
MATCH (h:Hold)
WHERE h.placedAt <= datetime({epochMillis: $beforeMillis})
  AND NOT (h.placedAt = datetime({epochMillis: $beforeMillis})
    AND h.holdId <= $afterId)
  AND ($active IS NULL
    OR $active = (h.liftedAt IS NULL
      AND coalesce(h.expiresAt.epochMillis > $nowMillis, true)))
WITH h
ORDER BY h.placedAt DESC, h.holdId
LIMIT $limit
MATCH (h)-[:HOLDS]->(m:Member)
RETURN h.holdId AS holdId, m.memberId AS memberId, h.kind AS kind,
  h.code AS code, h.reason AS reason, h.placedBy AS placedBy,
  h.placedAt.epochMillis AS placedMillis,
  h.expiresAt.epochMillis AS expiresMillis,
  h.liftedAt.epochMillis AS liftedMillis, h.liftedBy AS liftedBy,
  h.liftReason AS liftReason, h.caseId AS caseId
ORDER BY placedMillis DESC, holdId
LIMIT $limit
