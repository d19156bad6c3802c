// Say on what orders and shops alerts that were not found again rested.
// mode: write
// params: $rows list<map> {versionId, lastVersionId}
// returns: nothing
// timeout: 30 s
UNWIND $rows AS row
MATCH (last:AlertVersion {versionId: row.lastVersionId})
MATCH (last)-[:ALERTS_ON]->(x:Order|Shop)
WITH row.versionId AS versionId, x
MATCH (v:AlertVersion {versionId: versionId})
MERGE (v)-[:ALERTS_ON]->(x)
