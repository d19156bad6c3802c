// Which sales of closed periods are these members'?
// mode: read
// params: $memberIds list<string>
// returns: memberIds list<string>, salesMonthIds list<string>,
//   periodIds list<string>
// timeout: 30 s
UNWIND $memberIds AS memberId
MATCH (m:Member {memberId: memberId})-[:SOLD_IN]->(s:SalesMonth)
MATCH (p:Period {periodId: s.month + ' ' + s.currency})
WHERE p.closedAt IS NOT NULL
RETURN collect(m.memberId) AS memberIds,
  collect(s.salesMonthId) AS salesMonthIds, collect(p.periodId) AS periodIds
