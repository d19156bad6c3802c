// Who earned most of a month's orders?
// zh: 一个月的订单里谁赚得最多？
// topic: money
// mode: read
// params: $month string
// example: month => '2026-04'
// returns: memberId string, role string, currency string,
//   amountMinor integer (minor units), orders integer
// timeout: 60 s
MATCH (e:LedgerEntry)-[:PAYS]->(m:Member)
WHERE e.month = $month
RETURN m.memberId AS memberId, m.role AS role, e.currency AS currency,
  sum(e.amountMinor) AS amountMinor, count(DISTINCT e.orderId) AS orders
ORDER BY amountMinor DESC, memberId, currency
LIMIT 20
