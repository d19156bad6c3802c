// What is said of the accounts of this member's person: by whoever scored them
// last and by the model of the scan that is shown; which alerts are shown about
// any of them? Those said the most of first.
// mode: read
// params: $memberId string
// returns: memberId string, atMillis integer (ms), data string,
//   model float, modelVersion string, modelMillis integer (ms),
//   modelReasons string, alertIds list<string>
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
OPTIONAL MATCH (s:MemberScore {number: t.number})-[:RATES]->(m)
WITH m, s, alertIds,
  CASE
    WHEN m.riskScore >= coalesce(s.joined, -1.0) THEN m.riskScore
    ELSE coalesce(s.joined, m.riskScore, -1.0)
  END AS most
ORDER BY most DESC, m.memberId
LIMIT 100
OPTIONAL MATCH (f:Fact {key: m.riskKey})
RETURN m.memberId AS memberId, m.riskAt.epochMillis AS atMillis,
  f.data AS data,
  s.score AS model, s.version AS modelVersion,
  s.at.epochMillis AS modelMillis, s.reasons AS modelReasons,
  alertIds
ORDER BY most DESC, memberId
LIMIT 100
