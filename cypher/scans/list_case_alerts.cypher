// Which alerts is a case about, as they were told of last, greatest score
// first, but for so many?
// mode: read
// params: $caseId string, $number integer, $skip integer, $limit integer
// returns: alertId string, kind string, state string, score float,
//   scanId string, number integer, memberIds list<string>,
//   orderIds list<string>, shopIds list<string>, reasons string,
//   details string, amountAtRiskMinor integer, currency string,
//   firstSeen integer (ms), lastSeen integer (ms)
// timeout: 10 s
MATCH (:Case {caseId: $caseId})-[:LOOKS_INTO]->(a:Alert)
CALL (a) {
  MATCH (a)<-[:VERSION_OF]-(v:AlertVersion)
  WHERE v.number <= $number AND v.state <> 'replaced'
  RETURN v
  ORDER BY v.number DESC
  LIMIT 1
}
WITH v
ORDER BY v.score DESC, v.alertId
SKIP $skip
LIMIT $limit
RETURN v.alertId AS alertId, v.kind AS kind, v.state AS state,
  v.score AS score, v.scanId AS scanId, v.number AS number,
  [(v)-[:ALERTS]->(m:Member) | m.memberId] AS memberIds,
  [(v)-[:ALERTS_ON]->(o:Order) | o.orderId] AS orderIds,
  [(v)-[:ALERTS_ON]->(h:Shop) | h.shopId] AS shopIds,
  v.reasons AS reasons, v.details AS details,
  v.amountAtRiskMinor AS amountAtRiskMinor, v.currency AS currency,
  v.firstSeen.epochMillis AS firstSeen, v.lastSeen.epochMillis AS lastSeen
ORDER BY score DESC, alertId
LIMIT $limit
