// Which role has this member, since when, by whom invited, and what did the
// member's person promote in these months (the month of the plan)?
// mode: read
// params: $memberId string, $prefix string
// returns: role string, roleAt integer (us), inviterId string,
//   promotedMinor integer
// timeout: 5 s
MATCH (m:Member {memberId: $memberId})
OPTIONAL MATCH (m)<-[:REFERRED]-(inviter:Member)
OPTIONAL MATCH (m)-[:IS_PERSON]->(:Person)<-[:IS_PERSON]-(other:Member)
WITH m, inviter, collect(DISTINCT other.memberId) + m.memberId AS memberIds
UNWIND memberIds AS memberId
WITH DISTINCT m, inviter, memberId
OPTIONAL MATCH (s:SalesMonth {salesMonthId: $prefix + memberId})
RETURN m.role AS role,
  m.roleAt.epochSeconds * 1000000 + m.roleAt.microsecond AS roleAt,
  inviter.memberId AS inviterId, sum(coalesce(s.ownMinor, 0)) AS promotedMinor
LIMIT 1
