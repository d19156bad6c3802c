// Keep identifications of visitors that do not stand.
// mode: write
// params: $rows list<map>
// returns: nothing
// timeout: 30 s
UNWIND $rows AS row
MERGE (v:Visitor {visitorId: row.visitorId})
WITH v, row
MATCH (m:Member {memberId: row.memberId})
CREATE (v)-[:FORMERLY_IDENTIFIED_AS {at: datetime(row.at)}]->(m)
