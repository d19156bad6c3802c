// Write which products shares promote.
// mode: write
// params: $rows list<map>
// returns: nothing
// timeout: 30 s
UNWIND $rows AS row
MERGE (p:Product {productId: row.productId})
WITH p, row
MATCH (s:Share {shareId: row.shareId})
CREATE (s)-[:PROMOTES]->(p)
