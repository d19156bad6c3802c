// Who is owed what of this order, by which rule?
// zh: 这笔订单应付给谁多少，依据哪条规则？
// topic: money
// mode: read
// params: $orderId string
// example: orderId => 'o-showcase'
// returns: payee string, basis string, why string,
//   amountMinor integer (minor units), entries integer
// timeout: 10 s
MATCH (:Order {orderId: $orderId})<-[:FOR]-(e:LedgerEntry)
OPTIONAL MATCH (e)-[:PAYS]->(m:Member)
RETURN coalesce(m.memberId, 'the platform') AS payee, e.basis AS basis,
  e.why AS why, sum(e.amountMinor) AS amountMinor, count(e) AS entries
ORDER BY amountMinor DESC, payee, basis, why
LIMIT 100
