// Who bought before this day and no more since, most valuable first?
// zh: 谁在该日之前买过、之后再未购买？（价值最高的在前）
// topic: churn
// mode: read
// params: $since string (a day)
// example: since => '2026-04-01'
// returns: memberId string, orders integer, amountMinor integer (minor
//   units), last datetime, inviterId string
// timeout: 60 s
MATCH (m:Member)-[:PLACED]->(o:Order)
WITH m, count(o) AS orders, sum(o.amountMinor) AS amountMinor,
  max(o.paidAt) AS last
WHERE last < datetime($since)
WITH m, orders, amountMinor, last
ORDER BY amountMinor DESC, m.memberId
LIMIT 20
OPTIONAL MATCH (m)<-[:REFERRED]-(inviter:Member)
RETURN m.memberId AS memberId, orders, amountMinor, last,
  inviter.memberId AS inviterId
ORDER BY amountMinor DESC, memberId
LIMIT 20
