// What are these sales, of all accounts of the person too, and what is said of
// the member? A team's are without those of the same person's accounts. The
// platform's have no member.
// mode: read
// params: $salesMonthIds list<string>
// returns: salesMonthIds list<string>, roles list<string>,
//   roleAts list<integer> (us), frozen list<boolean>, owns list<integer>,
//   personOwns list<integer>, directs list<integer>, bonuses list<integer>,
//   teams list<integer>
// timeout: 60 s
UNWIND $salesMonthIds AS salesMonthId
MATCH (s:SalesMonth {salesMonthId: salesMonthId})
OPTIONAL MATCH (s)<-[:SOLD_IN]-(m:Member)
CALL (s, m) {
  OPTIONAL MATCH (m)-[:IS_PERSON]->(:Person)<-[:IS_PERSON]-(other:Member)
  OPTIONAL MATCH (o:SalesMonth {
    salesMonthId: s.month + ' ' + s.currency + ' ' + other.memberId
  })
  RETURN sum(coalesce(o.ownMinor, 0)) AS others
}
WITH s, m, others
ORDER BY s.salesMonthId
RETURN collect(s.salesMonthId) AS salesMonthIds,
  collect(coalesce(m.role, 'member')) AS roles,
  collect(coalesce(m.roleAt.epochSeconds * 1000000 + m.roleAt.microsecond, 0))
    AS roleAts,
  collect(coalesce(m.status = 'frozen', false)) AS frozen,
  collect(s.ownMinor) AS owns, collect(s.ownMinor + others) AS personOwns,
  collect(s.directMinor) AS directs, collect(s.bonusMinor) AS bonuses,
  collect(s.teamMinor - coalesce(s.selfMinor, 0)) AS teams
