// Who stands right below these members, who of them was active, what did they
// sell in a month?
// mode: read
// params: $memberIds list<string>, $at datetime, $activeFrom datetime,
//   $prefix string, $limit integer
// returns: memberIds list<string>, active integer, salesMinor integer
// timeout: 20 s
UNWIND $memberIds AS memberId
MATCH (m:Member {memberId: memberId})
MATCH (m)-[r:REFERRED|FORMERLY_REFERRED]->(d:Member)
WHERE r.since <= $at
  AND coalesce(r.until, r.expiresAt, $at + duration('PT1S')) > $at
WITH d
LIMIT $limit
OPTIONAL MATCH (s:SalesMonth {salesMonthId: $prefix + d.memberId})
WITH d, coalesce(s.ownMinor, 0) AS ownMinor,
  CASE
    WHEN d.lastActiveAt IS NULL OR d.lastActiveAt <= $activeFrom THEN 0
    WHEN d.lastActiveAt <= $at THEN 1
    WHEN EXISTS {
      MATCH (f:Fact {memberId: d.memberId})
      WHERE f.time > $activeFrom AND f.time <= $at
    } THEN 1
    ELSE 0
  END AS active
RETURN collect(d.memberId) AS memberIds, sum(active) AS active,
  sum(ownMinor) AS salesMinor
