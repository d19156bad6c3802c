// Who has the largest teams, and what did they sell in a month?
// zh: 谁的团队最大，一个月内卖了多少？
// topic: teams
// mode: read
// params: $month string
// example: month => '2026-04'
// returns: memberId string, role string, direct integer, team integer,
//   currency string, teamMinor integer (minor units)
// timeout: 30 s
MATCH (m:Member)
WHERE m.teamSize > 0
WITH m
ORDER BY m.teamSize DESC, m.memberId
LIMIT 20
OPTIONAL MATCH (m)-[:SOLD_IN]->(s:SalesMonth {month: $month})
RETURN m.memberId AS memberId, m.role AS role, m.directCount AS direct,
  m.teamSize AS team, s.currency AS currency, s.teamMinor AS teamMinor
ORDER BY team DESC, memberId, currency
LIMIT 20
