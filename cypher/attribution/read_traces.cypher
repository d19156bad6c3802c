// All that the attribution of these orders rests on, in one answer: the orders
// with their touches of a time before payment (seconds), the shares touched and
// those on the way from the last touch to the origin, who made them, and who
// clicked the latter meanwhile (all who are held as one stranger, \u0002).
// mode: read
// params: $orderIds list<string>, $windowSeconds integer
// returns: orders list<list>, shares list<list>, standings list<list>,
//   clicks list<list>
// timeout: 60 s
UNWIND $orderIds AS orderId
MATCH (buyer:Member)-[:PLACED]->(o:Order {orderId: orderId})
OPTIONAL MATCH (o)-[:CAME_THROUGH]->(named:Share)
OPTIONAL MATCH (o)-[:SOLD_BY]->(shop:Shop)
OPTIONAL MATCH (o)-[:REDEEMED]->(:Coupon {exclusive: true})<-[:OWNS]-
  (owner:Member)
CALL (buyer, o) {
  OPTIONAL MATCH (buyer)<-[r:REFERRED|FORMERLY_REFERRED]-(inviter:Member)
  WHERE r.since <= o.createdAt
    AND coalesce(r.until, r.expiresAt, o.createdAt + duration('PT1S'))
      > o.createdAt
  RETURN inviter
  ORDER BY r.since DESC, inviter.memberId
  LIMIT 1
}
CALL (buyer, o) {
  CALL (buyer) {
    RETURN buyer AS clicker
  UNION
    MATCH (p:Person {personId: buyer.personId})<-[:IS_PERSON]-(clicker:Member)
    RETURN clicker
  UNION
    MATCH (buyer)<-[:IDENTIFIED_AS]-(clicker:Visitor)
    RETURN clicker
  UNION
    MATCH (p:Person {personId: buyer.personId})<-[:IS_PERSON]-(m:Member)
    MATCH (m)<-[:IDENTIFIED_AS]-(clicker:Visitor)
    RETURN clicker
  }
  MATCH (clicker)-[c:CLICKED]->(s:Share)
  WHERE o.paidAt - duration({seconds: $windowSeconds}) < c.at <= o.paidAt
  RETURN collect(s) AS clicked, collect(c.at) AS times, max(c.at) AS latest
}
WITH o, buyer, named, shop, owner, inviter, clicked, times, [
  i IN range(0, size(times) - 1)
  WHERE times[i] = latest AND (named IS NULL OR latest = o.paidAt)
  | clicked[i]
] AS closers
WITH collect([
  o.orderId, buyer.memberId, coalesce(buyer.personId, buyer.memberId),
  o.createdAt.epochSeconds * 1000000 + o.createdAt.microsecond,
  o.paidAt.epochSeconds * 1000000 + o.paidAt.microsecond,
  o.amountMinor, o.currency, o.refundedMinor, o.status, o.channel,
  shop.shopId, named.shareId, owner.memberId, inviter.memberId,
  coalesce(buyer.held, false),
  [s IN clicked | s.shareId],
  [at IN times | at.epochSeconds * 1000000 + at.microsecond]
]) AS orders, collect({
  closers: CASE WHEN named IS NULL THEN closers ELSE closers + [named] END,
  paidAt: o.paidAt
}) AS ends, collect(clicked) AS clicked, collect(owner) AS owners,
  collect(inviter) AS inviters
CALL (ends) {
  UNWIND ends AS end
  UNWIND end.closers AS closer
  WITH closer, min(end.paidAt) AS first, max(end.paidAt) AS last
  MATCH (closer)-[:RESHARE_OF*0..512]->(s:Share)
  WITH s, min(first) - duration({seconds: $windowSeconds}) AS opens,
    max(last) AS closes
  RETURN collect(s) AS ways, collect([s, opens, closes]) AS spans
}
CALL (clicked, ways) {
  UNWIND clicked + [ways] AS some
  UNWIND some AS s
  WITH DISTINCT s
  OPTIONAL MATCH (s)<-[:CREATED]-(creator:Member)
  OPTIONAL MATCH (s)-[:RESHARE_OF]->(parent:Share)
  RETURN collect([
    s.shareId, s.createdAt.epochSeconds * 1000000 + s.createdAt.microsecond,
    creator.memberId, parent.shareId
  ]) AS shares, collect(creator) AS creators
}
CALL (owners, inviters, creators) {
  UNWIND creators + owners + inviters AS m
  WITH DISTINCT m
  RETURN collect([
    m.memberId, coalesce(m.personId, m.memberId), m.status
  ]) AS standings
}
CALL (spans) {
  UNWIND spans AS span
  WITH span[0] AS s, span[1] AS opens, span[2] AS closes
  MATCH (s)<-[c:CLICKED]-(clicker:Member|Visitor)
  WHERE opens < c.at <= closes
  OPTIONAL MATCH (clicker:Visitor)-[:IDENTIFIED_AS]->(known:Member)
  WITH s, c, coalesce(known, clicker) AS someone
  WITH s, collect(CASE
    WHEN someone.held THEN '\u0002'
    ELSE coalesce(
      someone.personId, someone.memberId, '\u0001' + someone.visitorId
    )
  END) AS people,
    collect(c.at.epochSeconds * 1000000 + c.at.microsecond) AS times
  RETURN collect([s.shareId, times, people]) AS clicks
}
RETURN orders, shares, standings, clicks
LIMIT 1
