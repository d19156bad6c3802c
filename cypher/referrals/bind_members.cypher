// Write bindings in force.
// mode: write
// params: $rows list<map>
// returns: nothing
// timeout: 30 s
UNWIND $rows AS row
MATCH (m:Member {memberId: row.memberId})
MATCH (inviter:Member {memberId: row.inviterId})
CREATE (inviter)-[r:REFERRED {since: row.since}]->(m)
SET
  r.recordedAt = row.recordedAt,
  r.mode = row.mode,
  r.expiresAt = row.expiresAt
