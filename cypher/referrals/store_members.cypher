// Make sure that these members are known, and keep when they were last active.
// mode: write
// params: $rows list<map>
// returns: nothing
// timeout: 30 s
UNWIND $rows AS row
MERGE (m:Member {memberId: row.memberId})
  ON CREATE SET
    m.role = 'member',
    m.status = 'active',
    m.directCount = 0,
    m.teamSize = 0
WITH m, row
WHERE row.activeAt > coalesce(m.lastActiveAt, row.activeAt - duration('PT1S'))
SET m.lastActiveAt = row.activeAt
