// Write what was bought, and which category it is in.
// mode: write
// params: $rows list<map>
// returns: nothing
// timeout: 30 s
UNWIND $rows AS row
MATCH (o:Order {orderId: row.orderId})
MERGE (p:Product {productId: row.productId})
CREATE (o)-[c:CONTAINS]->(p)
SET c.quantity = row.quantity, c.amountMinor = row.amountMinor
FOREACH (categoryId IN
  CASE WHEN row.categoryId IS NULL THEN [] ELSE [row.categoryId] END |
  MERGE (category:Category {categoryId: categoryId})
  MERGE (p)-[:IN_CATEGORY]->(category)
)
