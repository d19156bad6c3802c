// Say on what orders and shops alerts that were not found again rested.
// mode: write
// params: $rows list<map> {versionId, lastVersionId}
// returns: nothing
// timeout: 30 s
UNWIND $rows AS row
MATCH (v:AlertVersion {versionId: row.versionId})
MATCH (last:AlertVersion {versionId: row.lastVersionId})
MATCH (last)-[:ALERTS_ON]->(x:Order|Shop)
MERGE (v)-[:ALERTS_ON]->(x)
