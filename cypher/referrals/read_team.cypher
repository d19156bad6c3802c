// How large is this member's team, and what was credited to it in a month?
// mode: read
// params: $memberId string, $salesMonthId string
// returns: directCount integer, teamSize integer, ownMinor integer,
//   directMinor integer, teamMinor integer
// timeout: 2 s
MATCH (m:Member {memberId: $memberId})
OPTIONAL MATCH (s:SalesMonth {salesMonthId: $salesMonthId})
RETURN coalesce(m.directCount, 0) AS directCount,
  coalesce(m.teamSize, 0) AS teamSize, coalesce(s.ownMinor, 0) AS ownMinor,
  coalesce(s.directMinor, 0) AS directMinor,
  coalesce(s.teamMinor, 0) AS teamMinor
LIMIT 1
