// What do the alerts that a scan shows, of these names, say?
// mode: read
// params: $number integer, $alertIds list<string>
// returns: alertId string, kind string, score float, amountAtRiskMinor integer,
//   currency string, memberIds list<string>
// timeout: 10 s
UNWIND $alertIds AS alertId
MATCH (a:Alert {alertId: alertId})
CALL (a) {
  MATCH (a)<-[:VERSION_OF]-(v:AlertVersion)
  WHERE v.number <= $number
  RETURN v
  ORDER BY v.number DESC
  LIMIT 1
}
RETURN alertId, v.kind AS kind, v.score AS score,
  v.amountAtRiskMinor AS amountAtRiskMinor, v.currency AS currency,
  [(v)-[:ALERTS]->(m:Member) | m.memberId] AS memberIds
ORDER BY alertId
LIMIT 501
