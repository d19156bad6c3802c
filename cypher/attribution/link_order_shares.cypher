// Write through which share an order came, where the mall knows it.
// mode: write
// params: $rows list<map>
// returns: nothing
// timeout: 30 s
UNWIND $rows AS row
MATCH (o:Order {orderId: row.orderId})
MERGE (s:Share {shareId: row.shareId})
CREATE (o)-[:CAME_THROUGH]->(s)
