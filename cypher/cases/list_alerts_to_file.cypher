// Which alerts that a scan shows have members in no case about them, and which
// open cases are about some of the same members?
// mode: read
// params: $number integer, $minScore float, $after string,
//   $nowMillis integer (ms since 1970), $limit integer
// returns: alertId string, kind string, score float, amountAtRiskMinor integer,
//   currency string, memberIds list<string>, caseId string,
//   missing list<string>, decided integer, cases list<map>
// timeout: 60 s
MATCH (v:AlertVersion)
WHERE v.number = $number AND v.state = 'live' AND v.score >= $minScore
  AND v.alertId > $after
MATCH (a:Alert {alertId: v.alertId})
WITH a, v,
  [(v)-[:ALERTS]->(m:Member)
    WHERE NOT EXISTS {
      MATCH (s:RuleSnooze)-[:SILENCES]->(m)
      WHERE s.code = v.kind AND s.until.epochMillis > $nowMillis
    } | m] AS members,
  head([(c:Case)-[:LOOKS_INTO]->(a) WHERE c.state = 'open' | c]) AS own
WITH a, v, members, own,
  [m IN members
    WHERE NOT EXISTS { (own)-[:EXAMINES]->(m) } | m.memberId] AS missing,
  size([m IN members
    WHERE EXISTS {
      MATCH (m)<-[:EXAMINES]-(c:Case)-[:LOOKS_INTO]->(a)
      WHERE c.state = 'closed'
    }]) AS decided
WHERE size(missing) > 0
WITH a, v, members, own, missing, decided
ORDER BY a.alertId
LIMIT $limit
CALL (members) {
  UNWIND members AS m
  MATCH (m)<-[:EXAMINES]-(c:Case)
  WHERE c.state = 'open'
  WITH c, count(DISTINCT m) AS common
  ORDER BY common DESC, c.caseId
  LIMIT 20
  RETURN collect({
    caseId: c.caseId,
    common: common,
    members: COUNT { (c)-[:EXAMINES]->(:Member) }
  }) AS cases
}
RETURN a.alertId AS alertId, v.kind AS kind, v.score AS score,
  v.amountAtRiskMinor AS amountAtRiskMinor, v.currency AS currency,
  [m IN members | m.memberId] AS memberIds, own.caseId AS caseId,
  missing, decided, cases
ORDER BY alertId
LIMIT $limit
