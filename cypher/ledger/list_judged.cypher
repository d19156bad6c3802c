// Of which of these members was it ever told which person they are or that they
// are held?
// mode: read
// params: $memberIds list<string>
// returns: memberIds list<string>
// timeout: 30 s
UNWIND $memberIds AS memberId
MATCH (m:Member {memberId: memberId})
WHERE m.standingAt IS NOT NULL
RETURN collect(m.memberId) AS memberIds
