// Which members, in order of id, come after this one?
// mode: read
// params: $after string, $limit integer
// returns: memberIds list<string>
// timeout: 20 s
MATCH (m:Member)
WHERE m.memberId > $after
WITH m
ORDER BY m.memberId
LIMIT $limit
RETURN collect(m.memberId) AS memberIds
