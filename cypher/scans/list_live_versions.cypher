// Which alerts are shown as live by this scan, and whom are they about, after
// this one?
// mode: read
// params: $number integer, $after string, $limit integer
// returns: alertId string, kind string, score float, memberIds list<string>
// timeout: 30 s
MATCH (v:AlertVersion)
WHERE v.number = $number AND v.state = 'live' AND v.alertId > $after
WITH v
ORDER BY v.alertId
LIMIT $limit
RETURN v.alertId AS alertId, v.kind AS kind, v.score AS score,
  [(v)-[:ALERTS]->(m:Member) | m.memberId] AS memberIds
ORDER BY alertId
LIMIT $limit
