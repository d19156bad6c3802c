// When did these orders end, and from when on do wallets count what they
// earned as released? -1 where there is no such time.
// mode: read
// params: $orderIds list<string>
// returns: orderIds list<string>, paidTimes list<integer> (us),
//   endTimes list<integer> (us), countedTimes list<integer> (us)
// timeout: 60 s
UNWIND $orderIds AS orderId
MATCH (o:Order {orderId: orderId})
WHERE o.paidAt IS NOT NULL
WITH orderId, o,
  o.paidAt.epochSeconds * 1000000 + o.paidAt.microsecond AS paidAt,
  o.endedAt.epochSeconds * 1000000 + o.endedAt.microsecond AS endedAt
RETURN collect(orderId) AS orderIds, collect(paidAt) AS paidTimes,
  collect(
    CASE WHEN o.status <> 'paid' THEN coalesce(endedAt, -1) ELSE -1 END
  ) AS endTimes,
  collect(coalesce(o.releasedFrom, -1)) AS countedTimes
