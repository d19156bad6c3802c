// What does this version of the plan say?
// mode: read
// params: $version string
// returns: document string, createdAt integer (us)
// timeout: 5 s
MATCH (p:PlanVersion {version: $version})
RETURN p.document AS document,
  p.createdAt.epochSeconds * 1000000 + p.createdAt.microsecond AS createdAt
LIMIT 1
