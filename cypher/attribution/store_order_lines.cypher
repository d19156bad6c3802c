// Write what was bought, and which category it is in.
// mode: write
// params: $rows list<map>
// returns: nothing
// timeout: 30 s
UNWIND $rows AS row
MATCH (o:Order {orderId: row.orderId})
MERGE (p:Product {productId: row.productId})
CREATE (o)-[:CONTAINS {quantity: row.quantity, amountMinor: row.amountMinor}]->(p)
FOREACH (id IN CASE WHEN row.categoryId IS NULL THEN [] ELSE [row.categoryId] END |
  MERGE (c:Category {categoryId: id})
  MERGE (p)-[:IN_CATEGORY]->(c)
)
