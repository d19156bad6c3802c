// What was booked for a month's orders by each rule, for members and kept by
// the platform?
// zh: 一个月的订单按每条规则各入账多少，给会员多少，平台留存多少？
// topic: money
// mode: read
// params: $month string
// example: month => '2026-04'
// returns: basis string, currency string, paidMinor integer (minor units),
//   keptMinor integer (minor units), payees integer, orders integer
// timeout: 60 s
MATCH (e:LedgerEntry)
WHERE e.month = $month
OPTIONAL MATCH (e)-[:PAYS]->(m:Member)
RETURN e.basis AS basis, e.currency AS currency,
  sum(CASE WHEN m IS NULL THEN 0 ELSE e.amountMinor END) AS paidMinor,
  sum(CASE WHEN m IS NULL THEN e.amountMinor ELSE 0 END) AS keptMinor,
  count(DISTINCT m) AS payees, count(DISTINCT e.orderId) AS orders
ORDER BY basis, currency
LIMIT 100
