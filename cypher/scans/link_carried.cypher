// Say whom alerts that were not found again were about.
// mode: write
// params: $rows list<map> {versionId, lastVersionId}
// returns: nothing
// timeout: 30 s
UNWIND $rows AS row
MATCH (last:AlertVersion {versionId: row.lastVersionId})-[:ALERTS]->(m:Member)
WITH row.versionId AS versionId, m
MATCH (v:AlertVersion {versionId: versionId})
MERGE (v)-[:ALERTS]->(m)
