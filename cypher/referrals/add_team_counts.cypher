// Add to the head counts of uplines.
// mode: write
// params: $rows list<map>
// returns: nothing
// timeout: 30 s
UNWIND $rows AS row
MATCH (m:Member {memberId: row.memberId})
SET
  m.directCount = coalesce(m.directCount, 0) + row.direct,
  m.teamSize = coalesce(m.teamSize, 0) + row.team
