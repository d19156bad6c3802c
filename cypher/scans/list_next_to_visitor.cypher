// What stands next to this visitor, the latest of each sort?
// mode: read
// params: $id string, $limit integer (of each sort)
// returns: kinds list<string>, labels list<string>, types list<string>,
//   outward list<boolean>, times list<integer> (ms), amounts list<integer>,
//   facts list<map>
// timeout: 5 s
MATCH (n:Visitor {visitorId: $id})
CALL (n) {
  MATCH (n)-[r:CLICKED]->(x:Share)
  WITH x, r
  ORDER BY r.at DESC, x.shareId
  LIMIT $limit
  RETURN 'share' AS kind, x.shareId AS label, 'CLICKED' AS type,
    true AS outward, r.at.epochMillis AS at, null AS amountMinor,
    {} AS facts
  UNION ALL
  MATCH (n)-[r:IDENTIFIED_AS]->(x:Member)
  WITH x, r
  ORDER BY x.memberId
  LIMIT $limit
  RETURN 'member' AS kind, x.memberId AS label, 'IDENTIFIED_AS' AS type,
    true AS outward, r.at.epochMillis AS at, null AS amountMinor,
    {
      role: x.role,
      status: x.status,
      joinedAt: x.joinedAt.epochMillis,
      riskScore: x.riskScore
    } AS facts
  UNION ALL
  MATCH (n)-[r:USES]->(x:Identifier)
  WITH x, r
  ORDER BY r.lastSeen DESC, x.token
  LIMIT $limit
  RETURN 'token' AS kind, x.token AS label, 'USES' AS type,
    true AS outward, r.firstSeen.epochMillis AS at, null AS amountMinor,
    {} AS facts
}
RETURN collect(kind) AS kinds, collect(label) AS labels,
  collect(type) AS types, collect(outward) AS outward,
  collect(coalesce(at, -1)) AS times,
  collect(coalesce(amountMinor, 0)) AS amounts, collect(facts) AS facts
