// What did each shop sell, to how many, and how much came back?
// zh: 每家店铺卖了多少、卖给多少人、退回多少？
// topic: shops
// mode: read
// params: none
// returns: shopId string, ownerId string, orders integer, buyers integer,
//   amountMinor integer (minor units), refundedRate float
// timeout: 60 s
MATCH (s:Shop)<-[:SOLD_BY]-(o:Order)<-[:PLACED]-(b:Member)
WITH s, count(o) AS orders, count(DISTINCT b) AS buyers,
  sum(o.amountMinor) AS amountMinor, sum(o.refundedMinor) AS refunded
ORDER BY amountMinor DESC, s.shopId
LIMIT 20
OPTIONAL MATCH (s)<-[:OWNS]-(m:Member)
RETURN s.shopId AS shopId, m.memberId AS ownerId, orders, buyers,
  amountMinor,
  CASE WHEN amountMinor > 0 THEN round(1.0 * refunded / amountMinor, 3) END
    AS refundedRate
ORDER BY amountMinor DESC, shopId
LIMIT 20
