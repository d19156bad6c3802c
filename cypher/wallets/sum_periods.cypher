// What have periods earned this member?
// mode: read
// params: $memberId string, $currency string
// returns: period string, currency string, amountMinor integer
// timeout: 20 s
MATCH (:Member {memberId: $memberId})<-[:PAYS]-(e:LedgerEntry)
  -[:FOR]->(s:SalesMonth)
WHERE e.currency = $currency
RETURN s.month AS period, s.currency AS currency,
  sum(e.amountMinor) AS amountMinor
ORDER BY period
LIMIT 10000
