// How many stand on each level below this member, and what did each level sell?
// zh: 这位会员之下每一层有多少人，各卖了多少？
// topic: teams
// mode: read
// params: $memberId string, $month string
// example: memberId => 'lin-yue', month => '2026-04'
// returns: level integer, members integer, promoters integer,
//   sellers integer, ownMinor integer (minor units)
// timeout: 30 s
MATCH chain = (:Member {memberId: $memberId})-[:REFERRED*1..16]->(x:Member)
OPTIONAL MATCH (x)-[:SOLD_IN]->(s:SalesMonth {month: $month})
RETURN length(chain) AS level, count(DISTINCT x) AS members,
  count(DISTINCT CASE WHEN x.role <> 'member' THEN x END) AS promoters,
  count(DISTINCT CASE WHEN s.ownMinor > 0 THEN x END) AS sellers,
  sum(s.ownMinor) AS ownMinor
ORDER BY level
LIMIT 16
