// Which sales of periods that are not closed has this member?
// mode: read
// params: $memberId string, $currency string
// returns: salesMonthId string, period string, currency string
// timeout: 10 s
MATCH (:Member {memberId: $memberId})-[:SOLD_IN]->(s:SalesMonth)
WHERE s.currency = $currency
MATCH (p:Period {periodId: s.month + ' ' + s.currency})
WHERE p.closedAt IS NULL
RETURN s.salesMonthId AS salesMonthId, p.period AS period,
  p.currency AS currency
ORDER BY salesMonthId
LIMIT 1000
