// Write which facts tell about which visitor.
// mode: write
// params: $rows list<map>
// returns: nothing
// timeout: 30 s
UNWIND $rows AS row
MATCH (f:Fact {key: row.key})
MATCH (v:Visitor {visitorId: row.visitorId})
CREATE (f)-[:ABOUT]->(v)
