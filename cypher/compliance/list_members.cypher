// Who had invited each member after this one at a time, which role was last
// said and when, since the join or only with it, and how many orders had the
// member paid by then, of what amount less refunds?
// mode: read
// params: $after string, $limit integer, $at datetime, $currency string
// returns: memberIds list<string>, inviterIds list<string>,
//   roles list<string>, roleTimes list<integer> (us),
//   saidAtJoin list<boolean>, orders list<integer>, paid list<integer>
// timeout: 60 s
MATCH (m:Member)
WHERE m.memberId > $after
WITH m
ORDER BY m.memberId
LIMIT $limit
CALL (m) {
  OPTIONAL MATCH (m)<-[r:REFERRED|FORMERLY_REFERRED]-(inviter:Member)
  WHERE r.since <= $at
    AND coalesce(r.until, r.expiresAt, $at + duration('PT1S')) > $at
  RETURN coalesce(max(inviter.memberId), '') AS inviterId
}
CALL (m) {
  OPTIONAL MATCH (m)-[:PLACED]->(o:Order)
  WHERE o.paidAt <= $at
  WITH o, CASE
    WHEN o.endedAt IS NULL THEN false
    WHEN o.endedAt <= $at THEN o.status = 'cancelled'
    ELSE coalesce(COLLECT {
      MATCH (o)<-[:ABOUT]-(f:Fact)
      WHERE f.type IN ['order.completed', 'order.cancelled'] AND f.time <= $at
      RETURN f.type AS type
      ORDER BY f.time DESC, f.seq DESC
      LIMIT 1
    }[0] = 'order.cancelled', false)
  END AS isCancelled, CASE
    WHEN o.refundedMinor > 0 THEN reduce(
      total = 0,
      amount IN [
        (o)<-[:REFUNDS]-(back:Refund) WHERE back.at <= $at | back.amountMinor
      ] | total + amount
    )
    ELSE 0
  END AS refunded
  RETURN count(o) AS orders, sum(CASE
    WHEN isCancelled OR o.currency <> $currency THEN 0
    ELSE o.amountMinor - refunded
  END) AS paid
}
WITH m, inviterId, orders, paid
ORDER BY m.memberId
RETURN collect(m.memberId) AS memberIds, collect(inviterId) AS inviterIds,
  collect(coalesce(m.role, 'member')) AS roles,
  collect(coalesce(
    m.roleAt.epochSeconds * 1000000 + m.roleAt.microsecond, -1
  )) AS roleTimes,
  collect(coalesce(m.roleAt = m.joinedAt, false)) AS saidAtJoin,
  collect(orders) AS orders, collect(paid) AS paid
