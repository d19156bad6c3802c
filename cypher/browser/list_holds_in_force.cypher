// Which holds are in force, the newest first, and why?
// zh: 哪些冻结正在生效，原因是什么？（最新在前）
// topic: risk
// mode: read
// params: none
// returns: holdId string, memberId string, kind string, code string,
//   placedAt datetime, expiresAt datetime, score float
// timeout: 10 s
MATCH (h:Hold)-[:HOLDS]->(m:Member)
WHERE h.placedAt IS NOT NULL AND h.liftedAt IS NULL
  AND (h.expiresAt IS NULL OR h.expiresAt > datetime())
RETURN h.holdId AS holdId, m.memberId AS memberId, h.kind AS kind,
  h.code AS code, h.placedAt AS placedAt, h.expiresAt AS expiresAt,
  m.riskScore AS score
ORDER BY placedAt DESC, memberId, holdId
LIMIT 50
