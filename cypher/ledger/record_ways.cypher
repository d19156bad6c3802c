// Keep which shares these orders may have come through.
// mode: write
// params: $rows list<map>
// returns: nothing
// timeout: 30 s
UNWIND $rows AS row
MATCH (o:Order {orderId: row.orderId})
MATCH (s:Share {shareId: row.shareId})
MERGE (o)-[:PASSED]->(s)
