// Of which goods comes most back?
// zh: 哪些商品退货最多？
// topic: shops
// mode: read
// params: $orders integer
// example: orders => 1
// returns: productId string, categoryId string, orders integer,
//   refundedOrders integer, refundedRate float
// timeout: 60 s
MATCH (p:Product)<-[:CONTAINS]-(o:Order)
WITH p, count(DISTINCT o) AS orders,
  count(DISTINCT CASE WHEN o.refundedMinor > 0 THEN o END) AS refundedOrders
WHERE orders >= $orders
WITH p, orders, refundedOrders
ORDER BY 1.0 * refundedOrders / orders DESC, orders DESC, p.productId
LIMIT 20
OPTIONAL MATCH (p)-[:IN_CATEGORY]->(c:Category)
RETURN p.productId AS productId, min(c.categoryId) AS categoryId, orders,
  refundedOrders, round(1.0 * refundedOrders / orders, 3) AS refundedRate
ORDER BY refundedRate DESC, orders DESC, productId
LIMIT 20
