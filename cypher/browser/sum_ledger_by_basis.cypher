// What was booked for a month's orders, by rule and for whom?
// topic: money
// mode: read
// params: $month string
// example: month => '2026-04'
// returns: basis string, currency string, paidMinor integer (minor units),
//   keptMinor integer (minor units), payees integer, orders integer
// timeout: 60 s
MATCH (e:LedgerEntry)
WHERE e.month = $month
RETURN e.basis AS basis, e.currency AS currency,
  sum(CASE WHEN e.payeeId = 'platform' THEN 0 ELSE e.amountMinor END)
    AS paidMinor,
  sum(CASE WHEN e.payeeId = 'platform' THEN e.amountMinor ELSE 0 END)
    AS keptMinor,
  count(DISTINCT CASE WHEN e.payeeId <> 'platform' THEN e.payeeId END)
    AS payees,
  count(DISTINCT e.orderId) AS orders
ORDER BY basis, currency
LIMIT 100
