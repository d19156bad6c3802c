// What do the facts up to a time say of these members' roles, and when did
// each member join?
// mode: read
// params: $memberIds list<string>, $at datetime
// returns: memberIds list<string>, times list<integer> (us),
//   seqs list<integer>, data list<string>, joined list<integer> (us)
// timeout: 60 s
UNWIND $memberIds AS memberId
MATCH (m:Member {memberId: memberId})<-[:ABOUT]-(f:Fact)
WHERE f.type IN ['member.joined', 'member.updated', 'role.changed']
  AND f.time <= $at
RETURN collect(m.memberId) AS memberIds,
  collect(f.time.epochSeconds * 1000000 + f.time.microsecond) AS times,
  collect(coalesce(f.seq, 1000000000000000)) AS seqs, collect(f.data) AS data,
  collect(coalesce(
    m.joinedAt.epochSeconds * 1000000 + m.joinedAt.microsecond, 0
  )) AS joined
