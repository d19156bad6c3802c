// Remove alerts of which nothing is said any more, some at a time.
// mode: write
// params: $limit integer
// returns: removed integer
// timeout: 30 s
MATCH (a:Alert)
WHERE NOT EXISTS {
  (a)<-[:VERSION_OF]-(:AlertVersion)
}
WITH a
LIMIT $limit
DELETE a
RETURN count(*) AS removed
