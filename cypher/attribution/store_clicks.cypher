// Write clicks of members on shares.
// mode: write
// params: $rows list<map>
// returns: nothing
// timeout: 30 s
UNWIND $rows AS row
MERGE (s:Share {shareId: row.shareId})
WITH s, row
MATCH (m:Member {memberId: row.memberId})
CREATE (m)-[:CLICKED {eventId: row.eventId, at: datetime(row.at)}]->(s)
