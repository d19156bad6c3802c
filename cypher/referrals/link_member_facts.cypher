// Write which facts tell about which member.
// mode: write
// params: $rows list<map>
// returns: nothing
// timeout: 30 s
UNWIND $rows AS row
MATCH (f:Fact {key: row.key})
MATCH (m:Member {memberId: row.memberId})
CREATE (f)-[:ABOUT]->(m)
