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
WITH m, datetime(row.activeAt) AS activeAt
WHERE coalesce(activeAt > m.lastActiveAt, activeAt IS NOT NULL)
SET m.lastActiveAt = activeAt
