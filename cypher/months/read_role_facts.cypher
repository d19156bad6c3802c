// What was said of these members' roles before this time, in order of time?
// mode: read
// params: $memberIds list<string>, $before datetime
// returns: memberIds list<string>, data list<string>, times list<integer> (us)
// timeout: 30 s
UNWIND $memberIds AS memberId
MATCH (m:Member {memberId: memberId})<-[:ABOUT]-(f:Fact)
WHERE f.type IN ['member.joined', 'member.updated', 'role.changed']
  AND f.time < $before
WITH m, f
ORDER BY f.time, f.seq
RETURN collect(m.memberId) AS memberIds, collect(f.data) AS data,
  collect(f.time.epochSeconds * 1000000 + f.time.microsecond) AS times
