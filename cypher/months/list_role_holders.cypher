// Which members have one of these roles, after this member?
// mode: read
// params: $roles list<string>, $after string, $limit integer
// returns: memberIds list<string>
// timeout: 30 s
MATCH (m:Member)
WHERE m.memberId > $after AND m.role IN $roles
WITH m
ORDER BY m.memberId
LIMIT $limit
RETURN collect(m.memberId) AS memberIds
