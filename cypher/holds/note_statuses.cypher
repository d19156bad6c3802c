// Keep what accounts that are frozen already were given since, so that they are
// that again when their holds are over.
// mode: write
// params: $memberIds list<string>
// returns: nothing
// timeout: 10 s
UNWIND $memberIds AS memberId
MATCH (h:Hold)-[:HOLDS]->(m:Member {memberId: memberId})
WHERE h.statusBefore IS NOT NULL AND m.status <> 'frozen'
SET h.statusBefore = m.status
