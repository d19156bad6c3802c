// Which alerts about any of these members are gone as of a scan, and since a
// time?
// mode: read
// params: $number integer, $since integer (ms since 1970),
//   $memberIds list<string>
// returns: alertId string, kind string, score float, number integer,
//   memberIds list<string>
// timeout: 30 s
UNWIND $memberIds AS memberId
MATCH (:Member {memberId: memberId})<-[:ALERTS]-(v:AlertVersion)
WHERE v.state = 'gone' AND v.number <= $number AND v.at.epochMillis >= $since
WITH DISTINCT v
WHERE NOT EXISTS {
  MATCH (v)-[:VERSION_OF]->(:Alert)<-[:VERSION_OF]-(later:AlertVersion)
  WHERE later.number > v.number AND later.number <= $number
}
RETURN v.alertId AS alertId, v.kind AS kind, v.score AS score,
  v.number AS number, [(v)-[:ALERTS]->(m:Member) | m.memberId] AS memberIds
ORDER BY number DESC, alertId
LIMIT 1000
