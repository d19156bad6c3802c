// Which members were in alerts of the scan shown before, are in none now that
// is not silent about them, and have a score above 0?
// mode: read
// params: $number integer, $before integer, $minScore float,
//   $nowMillis integer (ms since 1970), $after string, $limit integer
// returns: memberId string, lastData string
// timeout: 30 s
MATCH (v:AlertVersion)-[:ALERTS]->(m:Member)
WHERE v.number = $before AND v.state = 'live' AND v.score >= $minScore
  AND m.memberId > $after AND m.riskScore > 0
WITH DISTINCT m
WHERE NOT EXISTS {
  MATCH (now:AlertVersion)-[:ALERTS]->(m)
  WHERE now.number = $number AND now.state = 'live' AND now.score >= $minScore
    AND NOT EXISTS {
      MATCH (s:RuleSnooze)-[:SILENCES]->(m)
      WHERE s.code = now.kind AND s.until.epochMillis > $nowMillis
    }
}
WITH m
ORDER BY m.memberId
LIMIT $limit
MATCH (f:Fact {key: m.riskKey})
RETURN m.memberId AS memberId, f.data AS lastData
ORDER BY memberId
LIMIT $limit
