// Write which facts tell about which share.
// mode: write
// params: $rows list<map>
// returns: nothing
// timeout: 30 s
UNWIND $rows AS row
MATCH (f:Fact {key: row.key})
MATCH (s:Share {shareId: row.shareId})
CREATE (f)-[:ABOUT]->(s)
