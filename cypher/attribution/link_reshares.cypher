// Write which shares pass on which.
// mode: write
// params: $rows list<map>
// returns: nothing
// timeout: 30 s
UNWIND $rows AS row
MATCH (s:Share {shareId: row.shareId})
MERGE (parent:Share {shareId: row.parentShareId})
CREATE (s)-[:RESHARE_OF]->(parent)
