// Which account of this member's person has the greatest score, and why?
// mode: read
// params: $memberId string
// returns: memberId string, atMillis integer (ms), data string
// timeout: 5 s
MATCH (asked:Member {memberId: $memberId})
CALL (asked) {
  RETURN asked AS m
  UNION
  MATCH (asked)-[:IS_PERSON]->(:Person)<-[:IS_PERSON]-(m:Member)
  RETURN m
}
WITH m
ORDER BY coalesce(m.riskScore, -1.0) DESC, m.memberId
LIMIT 1
OPTIONAL MATCH (f:Fact {key: m.riskKey})
RETURN m.memberId AS memberId, m.riskAt.epochMillis AS atMillis,
  f.data AS data
LIMIT 1
