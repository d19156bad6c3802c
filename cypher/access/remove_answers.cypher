// Remove answers that are older than they are kept.
// mode: write
// params: $keepSeconds integer, $limit integer
// returns: nothing
// timeout: 10 s
MATCH (a:Answered)
WHERE a.askedAt < datetime() - duration({seconds: $keepSeconds})
WITH a
ORDER BY a.askedAt
LIMIT $limit
DELETE a
