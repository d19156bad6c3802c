// Who invited each member, and which head counts are kept, after this member?
// mode: read
// params: $after string, $limit integer
// returns: memberIds list<string>, inviterIds list<string>,
//   directCounts list<integer>, teamSizes list<integer>
// timeout: 60 s
MATCH (m:Member)
WHERE m.memberId > $after
WITH m
ORDER BY m.memberId
LIMIT $limit
OPTIONAL MATCH (m)<-[:REFERRED]-(inviter:Member)
WITH m, inviter
ORDER BY m.memberId
RETURN collect(m.memberId) AS memberIds,
  collect(coalesce(inviter.memberId, '')) AS inviterIds,
  collect(coalesce(m.directCount, 0)) AS directCounts,
  collect(coalesce(m.teamSize, 0)) AS teamSizes
