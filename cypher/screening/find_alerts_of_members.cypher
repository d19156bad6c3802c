// Which live alerts does a scan show about any of these members?
// mode: read
// params: $number integer, $memberIds list<string>
// returns: alertId string, kind string, score float, memberIds list<string>
// timeout: 10 s
UNWIND $memberIds AS memberId
MATCH (:Member {memberId: memberId})<-[:ALERTS]-(v:AlertVersion)
WHERE v.number = $number AND v.state = 'live'
WITH DISTINCT v
RETURN v.alertId AS alertId, v.kind AS kind, v.score AS score,
  [(v)-[:ALERTS]->(m:Member) | m.memberId] AS memberIds
ORDER BY alertId
LIMIT 1000
