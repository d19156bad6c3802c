// Which bindings have ended by themselves?
// mode: read
// params: $now datetime
// returns: memberIds list<string>
// timeout: 10 s
MATCH (:Member)-[r:REFERRED]->(m:Member)
WHERE r.expiresAt <= $now
RETURN collect(m.memberId) AS memberIds
