// Which members are in alerts that a scan shows, how great is the greatest
// score of these, and what was said of the member last? Alerts that are silent
// about a member do not count, nor those that were cleared, or judged with the
// member in them, but for those that are in an open case again.
// mode: read
// params: $number integer, $minScore float, $nowMillis integer (ms since 1970),
//   $cleared list<string> (conclusions), $after string, $limit integer
// returns: memberId string, alertId string, score float, changed boolean,
//   lastScore float, lastData string
// timeout: 30 s
MATCH (v:AlertVersion)-[:ALERTS]->(m:Member)
WHERE v.number = $number AND v.state = 'live' AND v.score >= $minScore
  AND m.memberId > $after
  AND NOT EXISTS {
    MATCH (s:RuleSnooze)-[:SILENCES]->(m)
    WHERE s.code = v.kind AND s.until.epochMillis > $nowMillis
  }
  AND (NOT EXISTS {
      MATCH (v)-[:VERSION_OF]->(:Alert)<-[:LOOKS_INTO]-(c:Case)
      WHERE c.state = 'closed'
        AND (c.conclusion IN $cleared OR EXISTS { (c)-[:EXAMINES]->(m) })
    }
    OR EXISTS {
      MATCH (v)-[:VERSION_OF]->(:Alert)<-[:LOOKS_INTO]-(c:Case)
      WHERE c.state = 'open'
    })
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
