// Of each of these rules, does a hold or an open case of it stand on a member?
// mode: read
// params: $memberId string, $codes list<string>,
//   $nowMillis integer (ms since 1970)
// returns: code string, held boolean, caseId string
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
    WHERE c.code = code AND c.state = 'open' |
    c.caseId
  ]) AS caseId
ORDER BY code
LIMIT 1001
