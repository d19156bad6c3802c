// Which devices, addresses and other identifiers are seen with most members?
// zh: 哪些设备、地址等标识被最多会员使用？
// topic: rings
// mode: read
// params: $members integer
// example: members => 2
// returns: kind string, token string, members integer,
//   memberIds list<string>
// timeout: 60 s
MATCH (i:Identifier)<-[:USES]-(m:Member)
WITH i, count(m) AS members
WHERE members >= $members
WITH i, members
ORDER BY members DESC, i.token
LIMIT 20
MATCH (i)<-[:USES]-(m:Member)
WITH i, members, m
ORDER BY m.memberId
RETURN [l IN labels(i) WHERE l <> 'Identifier'][0] AS kind,
  i.token AS token, members, collect(m.memberId)[..10] AS memberIds
ORDER BY members DESC, token
LIMIT 20
