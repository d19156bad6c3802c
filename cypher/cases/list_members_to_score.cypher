// Which members are in alerts that a scan shows, how great is the greatest
// score of these, and what was said of the member last?
// mode: read
// params: $number integer, $minScore float, $after string, $limit integer
// returns: memberId string, alertId string, score float, changed boolean,
//   lastScore float, lastData string
// timeout: 30 s
MATCH (v:AlertVersion)-[:ALERTS]->(m:Member)
WHERE v.number = $number AND v.state = 'live' AND v.score >= $minScore
  AND m.memberId > $after
WITH m, v
ORDER BY v.score DESC, v.alertId
WITH m, head(collect(v)) AS v
ORDER BY m.memberId
LIMIT $limit
OPTIONAL MATCH (f:Fact {key: m.riskKey})
RETURN m.memberId AS memberId, v.alertId AS alertId, v.score AS score,
  v.change <> 'none' AS changed, m.riskScore AS lastScore, f.data AS lastData
ORDER BY memberId
LIMIT $limit
