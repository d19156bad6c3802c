// Write which facts tell about which order.
// mode: write
// params: $rows list<map>
// returns: nothing
// timeout: 30 s
UNWIND $rows AS row
MATCH (f:Fact {key: row.key})
MATCH (o:Order {orderId: row.orderId})
CREATE (f)-[:ABOUT]->(o)
