// Which sales of the same periods do other accounts of the same persons have?
// mode: read
// params: $salesMonthIds list<string>
// returns: salesMonthIds list<string>
// timeout: 30 s
UNWIND $salesMonthIds AS salesMonthId
MATCH (s:SalesMonth {salesMonthId: salesMonthId})<-[:SOLD_IN]-(m:Member)
MATCH (m)-[:IS_PERSON]->(:Person)<-[:IS_PERSON]-(other:Member)
MATCH (o:SalesMonth {
  salesMonthId: s.month + ' ' + s.currency + ' ' + other.memberId
})
RETURN collect(DISTINCT o.salesMonthId) AS salesMonthIds
