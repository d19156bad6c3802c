// Which role has this member, since when by accepting an invitation, and what
// did the member's person promote in these months (the month of the plan)?
// mode: read
// params: $memberId string, $prefix string
// returns: role string, acceptedAt integer (us), promotedMinor integer
// timeout: 5 s
MATCH (m:Member {memberId: $memberId})
CALL (m) {
  OPTIONAL MATCH (m)<-[:ABOUT]-(f:Fact {type: 'promoter.accepted'})
  RETURN min(f.time.epochSeconds * 1000000 + f.time.microsecond) AS acceptedAt
}
OPTIONAL MATCH (m)-[:IS_PERSON]->(:Person)<-[:IS_PERSON]-(other:Member)
WITH m, acceptedAt, collect(DISTINCT other.memberId) + m.memberId AS memberIds
UNWIND memberIds AS memberId
WITH DISTINCT m, acceptedAt, memberId
OPTIONAL MATCH (s:SalesMonth {salesMonthId: $prefix + memberId})
RETURN m.role AS role, acceptedAt,
  sum(coalesce(s.ownMinor, 0)) AS promotedMinor
LIMIT 1
