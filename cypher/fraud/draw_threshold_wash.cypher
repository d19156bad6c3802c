// Who buys for whom up to a step and gives it back?
// mode: read
// params: $memberIds list<string>
// returns: nodes list<map>, edges list<map>
// timeout: 10 s
MATCH (m:Member)
WHERE m.memberId IN $memberIds
WITH collect(m) AS members
CALL (members) {
  UNWIND members AS m
  MATCH (m)-[:PLACED]->(o:Order)-[c:CREDITED_TO]->(p:Member)
  WHERE p.memberId IN $memberIds AND p <> m
  WITH m, p, count(o) AS orders, sum(c.netMinor) AS amount,
    max(o.paidAt) AS at
  ORDER BY orders DESC, m.memberId, p.memberId
  LIMIT 400
  RETURN collect({
    from: 'member:' + m.memberId,
    to: 'member:' + p.memberId,
    type: 'EARNS_FOR',
    weight: orders,
    amountMinor: amount,
    at: at.epochMillis
  }) AS earned
}
CALL (members) {
  UNWIND members AS m
  MATCH (m)-[:PLACED]->(o:Order)<-[:REFUNDS]-(r:Refund)
  WITH m, o, sum(r.amountMinor) AS amount, max(r.at) AS at
  ORDER BY amount DESC, o.orderId
  LIMIT 60
  RETURN
    collect(DISTINCT {
      id: 'order:' + o.orderId,
      kind: 'order',
      label: o.orderId
    }) AS givenBack,
    collect({
      from: 'member:' + m.memberId,
      to: 'order:' + o.orderId,
      type: 'REFUNDED',
      amountMinor: amount,
      at: at.epochMillis
    }) AS refunded
}
CALL (members) {
  UNWIND members AS m
  MATCH (m)-[u:USES]->(i:Identifier)
  WITH i, collect({
    member: m.memberId,
    first: u.firstSeen.epochMillis
  }) AS users
  WHERE size(users) > 1
  WITH i, users
  ORDER BY size(users) DESC, i.token
  LIMIT 40
  UNWIND users AS one
  RETURN
    collect(DISTINCT {
      id: 'token:' + i.token,
      kind: 'token',
      label: i.token
    }) AS tokens,
    collect({
      from: 'member:' + one.member,
      to: 'token:' + i.token,
      type: 'USES',
      at: one.first
    }) AS uses
}
RETURN
  [m IN members |
    {
      id: 'member:' + m.memberId,
      kind: 'member',
      label: m.memberId,
      role: m.role,
      status: m.status,
      joinedAt: m.joinedAt.epochMillis,
      riskScore: m.riskScore
    }
  ] + givenBack + tokens AS nodes,
  earned + refunded + uses AS edges
LIMIT 1
