// Say which shops alerts are about.
// mode: write
// params: $rows list<map> {versionId, shopId}
// returns: nothing
// timeout: 30 s
UNWIND $rows AS row
MATCH (v:AlertVersion {versionId: row.versionId})
MATCH (x:Shop {shopId: row.shopId})
MERGE (v)-[:ALERTS_ON]->(x)
