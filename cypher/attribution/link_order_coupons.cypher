// Write which coupon an order used.
// mode: write
// params: $rows list<map>
// returns: nothing
// timeout: 30 s
UNWIND $rows AS row
MATCH (o:Order {orderId: row.orderId})
MERGE (c:Coupon {couponCode: row.couponCode})
CREATE (o)-[:REDEEMED]->(c)
