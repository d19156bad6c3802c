// Which promoters have shared nothing since this day, largest teams first?
// zh: 哪些推广者自该日起再无分享？（团队最大的在前）
// topic: churn
// mode: read
// params: $since string (a day)
// example: since => '2026-04-13'
// returns: memberId string, role string, team integer, lastShare datetime
// timeout: 60 s
MATCH (m:Member)
WHERE m.role <> 'member' AND m.status = 'active'
OPTIONAL MATCH (m)-[:CREATED]->(s:Share)
WITH m, max(s.createdAt) AS lastShare
WHERE lastShare IS NULL OR lastShare < datetime($since)
RETURN m.memberId AS memberId, m.role AS role, m.teamSize AS team, lastShare
ORDER BY team DESC, memberId
LIMIT 20
