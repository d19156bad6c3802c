// Write clicks of visitors on shares.
// mode: write
// params: $rows list<map>
// returns: nothing
// timeout: 30 s
UNWIND $rows AS row
MERGE (s:Share {shareId: row.shareId})
MERGE (v:Visitor {visitorId: row.visitorId})
CREATE (v)-[:CLICKED {eventId: row.eventId, at: datetime(row.at)}]->(s)
