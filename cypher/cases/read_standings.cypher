// Of each of these rules, does a hold or an open case of it stand on a member,
// and is it silent about the member?
// mode: read
// params: $memberId string, $codes list<string>,
//   $nowMillis integer (ms since 1970)
// returns: code string, held boolean, caseId string, silent boolean
// timeout: 5 s
MATCH (m:Member {memberId: $memberId})
UNWIND $codes AS code
RETURN code,
  EXISTS {
    MATCH (h:Hold)-[:HOLDS]->(m)
    WHERE h.code = code
      AND h.kind = 'score'
      AND h.liftedAt IS NULL
      AND coalesce(h.expiresAt.epochMillis > $nowMillis, true)
  } AS held,
  head([
    (c:Case)-[:EXAMINES]->(m)
    WHERE c.state = 'open'
      AND (c.code = code OR EXISTS { (c)-[:LOOKS_INTO]->(:Alert) }) |
    c.caseId
  ]) AS caseId,
  EXISTS {
    MATCH (s:RuleSnooze)-[:SILENCES]->(m)
    WHERE s.code = code AND s.until.epochMillis > $nowMillis
  } AS silent
ORDER BY code
LIMIT 1001
