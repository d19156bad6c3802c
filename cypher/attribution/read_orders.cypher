// What is known of these orders, and to whom could they be credited?
// mode: read
// params: $orderIds list<string>
// returns: orderId string, buyerId string, personId string,
//   createdAt integer (us), paidAt integer (us), amountMinor integer,
//   currency string, refundedMinor integer, status string, channel string,
//   shopId string, shareId string, couponOwnerId string, inviterId string,
//   held boolean
// timeout: 20 s
UNWIND $orderIds AS orderId
MATCH (buyer:Member)-[:PLACED]->(o:Order {orderId: orderId})
OPTIONAL MATCH (o)-[:CAME_THROUGH]->(s:Share)
OPTIONAL MATCH (o)-[:SOLD_BY]->(shop:Shop)
OPTIONAL MATCH (o)-[:REDEEMED]->(:Coupon {exclusive: true})<-[:OWNS]-
  (owner:Member)
CALL (buyer, o) {
  OPTIONAL MATCH (buyer)<-[r:REFERRED|FORMERLY_REFERRED]-(inviter:Member)
  WHERE r.since <= o.createdAt
    AND coalesce(r.until, r.expiresAt, o.createdAt + duration('PT1S'))
      > o.createdAt
  RETURN inviter.memberId AS inviterId
  ORDER BY r.since DESC, inviterId
  LIMIT 1
}
RETURN o.orderId AS orderId, buyer.memberId AS buyerId,
  coalesce(buyer.personId, buyer.memberId) AS personId,
  o.createdAt.epochSeconds * 1000000 + o.createdAt.microsecond AS createdAt,
  o.paidAt.epochSeconds * 1000000 + o.paidAt.microsecond AS paidAt,
  o.amountMinor AS amountMinor, o.currency AS currency,
  o.refundedMinor AS refundedMinor, o.status AS status,
  o.channel AS channel, shop.shopId AS shopId, s.shareId AS shareId,
  owner.memberId AS couponOwnerId, inviterId,
  coalesce(buyer.held, false) AS held
ORDER BY orderId
LIMIT 10001
