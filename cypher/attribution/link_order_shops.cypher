// Write which shop sold an order.
// mode: write
// params: $rows list<map>
// returns: nothing
// timeout: 30 s
UNWIND $rows AS row
MATCH (o:Order {orderId: row.orderId})
MERGE (s:Shop {shopId: row.shopId})
CREATE (o)-[:SOLD_BY]->(s)
