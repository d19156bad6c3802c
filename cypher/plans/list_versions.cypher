// Which versions of the plan are there, in order of name, after this one?
// mode: read
// params: $after string, $limit integer
// returns: version string, title string, createdAt integer (us)
// timeout: 5 s
MATCH (p:PlanVersion)
WHERE p.version > $after
RETURN p.version AS version, p.title AS title,
  p.createdAt.epochSeconds * 1000000 + p.createdAt.microsecond AS createdAt
ORDER BY version
LIMIT $limit
