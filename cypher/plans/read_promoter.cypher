// Which role has this member, since when by accepting an invitation (the first
// of all accounts), and what did the member's person promote in these months
// (the month of the plan)?
// mode: read
// params: $memberId string, $prefix string
// returns: role string, acceptedAt integer (us), promotedMinor integer
// timeout: 5 s
MATCH (m:Member {memberId: $memberId})
CALL (m) {
  RETURN m AS account
UNION
  MATCH (:Person {personId: m.personId})<-[:IS_PERSON]-(account:Member)
  RETURN account
}
OPTIONAL MATCH (s:SalesMonth {salesMonthId: $prefix + account.memberId})
CALL (account) {
  OPTIONAL MATCH (account)<-[:ABOUT]-(f:Fact {type: 'promoter.accepted'})
  RETURN min(f.time.epochSeconds * 1000000 + f.time.microsecond) AS acceptedAt
}
RETURN m.role AS role, min(acceptedAt) AS acceptedAt,
  sum(coalesce(s.ownMinor, 0)) AS promotedMinor
LIMIT 1
