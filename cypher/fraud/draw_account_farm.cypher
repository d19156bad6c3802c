// Who invited whom, and which accounts share what?
// mode: read
// params: $memberIds list<string>
// returns: nodes list<map>, edges list<map>
// timeout: 10 s
MATCH (m:Member)
WHERE m.memberId IN $memberIds
WITH collect(m) AS members
CALL (members) {
  UNWIND members AS m
  MATCH (m)-[r:REFERRED]->(x:Member)
  WHERE x.memberId IN $memberIds
  WITH m, r, x
  ORDER BY r.since, x.memberId
  LIMIT 400
  RETURN collect({
    from: 'member:' + m.memberId,
    to: 'member:' + x.memberId,
    type: 'REFERRED',
    at: r.since.epochMillis
  }) AS referred
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
  ] + tokens AS nodes,
  referred + uses + earned AS edges
LIMIT 1
