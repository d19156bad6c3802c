// Which of these members are erased?
// mode: read
// params: $memberIds list<string>
// returns: memberIds list<string>
// timeout: 10 s
MATCH (m:Member)
WHERE m.memberId IN $memberIds AND m.erasedAt IS NOT NULL
RETURN collect(m.memberId) AS memberIds
