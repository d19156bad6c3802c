// Buyers of the same shops and goods, and what they share?
// mode: read
// params: $memberIds list<string>
// returns: nodes list<map>, edges list<map>
// timeout: 10 s
MATCH (m:Member)
WHERE m.memberId IN $memberIds
WITH collect(m) AS members
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
  MATCH (m)-[:PLACED]->(o:Order)-[:SOLD_BY]->(s:Shop)
  WITH s, m, count(o) AS orders, sum(o.amountMinor) AS amount,
    max(o.paidAt) AS at
  ORDER BY orders DESC, m.memberId, s.shopId
  LIMIT 400
  RETURN
    collect(DISTINCT {
      id: 'shop:' + s.shopId,
      kind: 'shop',
      label: s.shopId
    }) AS shops,
    collect({
      from: 'member:' + m.memberId,
      to: 'shop:' + s.shopId,
      type: 'BOUGHT_OF',
      weight: orders,
      amountMinor: amount,
      at: at.epochMillis
    }) AS bought
}
CALL (members) {
  UNWIND members AS m
  MATCH (m)-[:PLACED]->(o:Order)-[:CONTAINS]->(p:Product)
  WITH p, m, count(DISTINCT o) AS orders, max(o.paidAt) AS at
  WITH p, collect({
    member: m.memberId,
    orders: orders,
    at: at.epochMillis
  }) AS buyers
  WHERE size(buyers) > 1
  WITH p, buyers
  ORDER BY size(buyers) DESC, p.productId
  LIMIT 20
  UNWIND buyers AS one
  RETURN
    collect(DISTINCT {
      id: 'product:' + p.productId,
      kind: 'product',
      label: p.productId
    }) AS products,
    collect({
      from: 'member:' + one.member,
      to: 'product:' + p.productId,
      type: 'BOUGHT',
      weight: one.orders,
      at: one.at
    }) AS boughtGoods
}
CALL (members) {
  UNWIND members AS m
  MATCH (m)-[:OWNS]->(s:Shop)
  WITH m, s
  ORDER BY m.memberId, s.shopId
  LIMIT 100
  RETURN
    collect(DISTINCT {
      id: 'shop:' + s.shopId,
      kind: 'shop',
      label: s.shopId
    }) AS owned,
    collect({
      from: 'member:' + m.memberId,
      to: 'shop:' + s.shopId,
      type: 'OWNS'
    }) AS owns
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
  ] + tokens + shops + products + owned AS nodes,
  uses + bought + boughtGoods + owns AS edges
LIMIT 1
