// Which orders count for these members, who placed them, and what was given
// back?
// mode: read
// params: $memberIds list<string>
// returns: promoterId string, month string, orderId string,
//   buyerId string, amountMinor integer, refundedMinor integer,
//   paidMillis integer (ms), endedMillis integer (ms)
// timeout: 10 s
MATCH (p:Member)
WHERE p.memberId IN $memberIds
MATCH (p)<-[c:CREDITED_TO]-(o:Order)<-[:PLACED]-(b:Member)
RETURN p.memberId AS promoterId, c.month AS month, o.orderId AS orderId,
  b.memberId AS buyerId, o.amountMinor AS amountMinor,
  o.refundedMinor AS refundedMinor, o.paidAt.epochMillis AS paidMillis,
  o.endedAt.epochMillis AS endedMillis
ORDER BY promoterId, month, paidMillis, orderId
LIMIT 500
