// For whom do these orders count so far?
// mode: read
// params: $orderIds list<string>
// returns: orderId string, memberId string, month string, currency string,
//   weight string, amountMinor integer, netMinor integer,
//   uplineIds list<string>, bonusIds list<string>, ownIds list<string>,
//   excluded string, bonusPeriod string, bonusDepth integer, model string
// timeout: 20 s
UNWIND $orderIds AS orderId
MATCH (o:Order {orderId: orderId})
MATCH (o)-[c:CREDITED_TO]->(m:Member)
RETURN o.orderId AS orderId, m.memberId AS memberId, c.month AS month,
  c.currency AS currency, c.weight AS weight, c.amountMinor AS amountMinor,
  c.netMinor AS netMinor, c.uplineIds AS uplineIds, c.bonusIds AS bonusIds,
  c.ownIds AS ownIds, c.excluded AS excluded,
  c.bonusPeriod AS bonusPeriod, c.bonusDepth AS bonusDepth,
  c.model AS model
ORDER BY orderId, memberId
LIMIT 100001
