// Say which orders alerts are about.
// mode: write
// params: $rows list<map> {versionId, orderId}
// returns: nothing
// timeout: 30 s
UNWIND $rows AS row
MATCH (v:AlertVersion {versionId: row.versionId})
MATCH (x:Order {orderId: row.orderId})
MERGE (v)-[:ALERTS_ON]->(x)
