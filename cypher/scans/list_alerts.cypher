// Which alerts of these kinds does a scan show as live, greatest score first,
// after this place in the list?
// mode: read
// params: $number integer, $kinds list<string>, $minScore float, $below float,
//   $afterId string, $unfiled boolean (only those in no case), $limit integer
// returns: alertId string, kind string, state string, score float,
//   scanId string, number integer, memberIds list<string>,
//   orderIds list<string>, shopIds list<string>, reasons string,
//   details string, amountAtRiskMinor integer, currency string,
//   firstSeen integer (ms), lastSeen integer (ms)
// timeout: 10 s
MATCH (v:AlertVersion)
WHERE v.number = $number AND v.state = 'live'
  AND v.score >= $minScore AND v.kind IN $kinds
  AND (v.score < $below OR (v.score = $below AND v.alertId > $afterId))
  AND NOT ($unfiled AND EXISTS {
    MATCH (v)-[:VERSION_OF]->(:Alert)<-[:LOOKS_INTO]-(:Case)
  })
WITH v
ORDER BY v.score DESC, v.alertId
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
