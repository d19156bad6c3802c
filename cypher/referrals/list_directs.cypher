// Whom did these members invite, in order of id, after this one?
// mode: read
// params: $memberIds list<string>, $after string, $limit integer
// returns: memberId string, inviterId string, since integer (ms), role string,
//   status string, directCount integer, teamSize integer
// timeout: 10 s
UNWIND $memberIds AS memberId
MATCH (inviter:Member {memberId: memberId})
MATCH (inviter)-[r:REFERRED]->(d:Member)
WHERE d.memberId > $after
RETURN d.memberId AS memberId, inviter.memberId AS inviterId,
  r.since.epochMillis AS since, d.role AS role, d.status AS status,
  d.directCount AS directCount, d.teamSize AS teamSize
ORDER BY memberId
LIMIT $limit
