// Say whom alerts that were not found again were about.
// mode: write
// params: $rows list<map> {versionId, lastVersionId}
// returns: nothing
// timeout: 30 s
UNWIND $rows AS row
MATCH (v:AlertVersion {versionId: row.versionId})
MATCH (last:AlertVersion {versionId: row.lastVersionId})
MATCH (last)-[:ALERTS]->(m:Member)
MERGE (v)-[:ALERTS]->(m)
