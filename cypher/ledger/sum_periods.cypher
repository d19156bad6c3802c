// What have periods earned this member, by period and plan?
// mode: read
// params: $memberId string, $currency string
// returns: period string, currency string, planVersion string,
//   amountMinor integer
// timeout: 20 s
MATCH (:Member {memberId: $memberId})<-[:PAYS]-(e:LedgerEntry)
  -[:FOR]->(s:SalesMonth)
WHERE e.currency = $currency
RETURN s.month AS period, s.currency AS currency,
  e.planVersion AS planVersion, sum(e.amountMinor) AS amountMinor
ORDER BY period, planVersion
LIMIT 10000
