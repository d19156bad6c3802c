// Say which members alerts are about.
// mode: write
// params: $rows list<map> {versionId, memberId}
// returns: nothing
// timeout: 30 s
UNWIND $rows AS row
MATCH (v:AlertVersion {versionId: row.versionId})
MATCH (x:Member {memberId: row.memberId})
MERGE (v)-[:ALERTS]->(x)
