// Which account of this member's person has the greatest score, and why; which
// alerts are shown about any of them?
// mode: read
// params: $memberId string
// returns: memberId string, atMillis integer (ms), data string,
//   alertIds list<string>
// timeout: 5 s
MATCH (asked:Member {memberId: $memberId})
CALL (asked) {
  RETURN asked AS m
  UNION
  MATCH (asked)-[:IS_PERSON]->(:Person)<-[:IS_PERSON]-(m:Member)
  RETURN m
}
WITH collect(m) AS accounts
OPTIONAL MATCH (t:AlertSet {name: 'shown'})
CALL (accounts, t) {
  UNWIND accounts AS m
  MATCH (v:AlertVersion)-[:ALERTS]->(m)
  WHERE v.number = coalesce(t.number, 0) AND v.state = 'live' AND v.score >= 0.5
  WITH v.alertId AS alertId, max(v.score) AS score
  ORDER BY score DESC, alertId
  LIMIT 100
  RETURN collect(alertId) AS alertIds
}
UNWIND accounts AS m
WITH m, alertIds
ORDER BY coalesce(m.riskScore, -1.0) DESC, m.memberId
LIMIT 1
OPTIONAL MATCH (f:Fact {key: m.riskKey})
RETURN m.memberId AS memberId, m.riskAt.epochMillis AS atMillis,
  f.data AS data, alertIds
LIMIT 1
