// Say of which orders these facts tell.
// mode: write
// params: $rows list<map> {key, orderId}
// returns: nothing
// timeout: 10 s
UNWIND $rows AS row
MATCH (f:Fact {key: row.key})
MATCH (o:Order {orderId: row.orderId})
MERGE (f)-[:ABOUT]->(o)
