// What stands next to this member, the latest of each sort?
// mode: read
// params: $id string, $limit integer (of each sort)
// returns: kinds list<string>, labels list<string>, types list<string>,
//   outward list<boolean>, times list<integer> (ms), amounts list<integer>,
//   facts list<map>
// timeout: 5 s
MATCH (n:Member {memberId: $id})
CALL (n) {
  MATCH (n)<-[r:REFERRED]-(x:Member)
  WITH x, r
  ORDER BY x.memberId
  LIMIT $limit
  RETURN 'member' AS kind, x.memberId AS label, 'REFERRED' AS type,
    false AS outward, r.since.epochMillis AS at, null AS amountMinor,
    {
      role: x.role,
      status: x.status,
      joinedAt: x.joinedAt.epochMillis,
      riskScore: x.riskScore
    } AS facts
  UNION ALL
  MATCH (n)-[r:REFERRED]->(x:Member)
  WITH x, r
  ORDER BY r.since DESC, x.memberId
  LIMIT $limit
  RETURN 'member' AS kind, x.memberId AS label, 'REFERRED' AS type,
    true AS outward, r.since.epochMillis AS at, null AS amountMinor,
    {
      role: x.role,
      status: x.status,
      joinedAt: x.joinedAt.epochMillis,
      riskScore: x.riskScore
    } AS facts
  UNION ALL
  MATCH (n)-[:IS_PERSON]->(:Person)<-[:IS_PERSON]-(x:Member)
  WITH x
  ORDER BY x.memberId
  LIMIT $limit
  RETURN 'member' AS kind, x.memberId AS label, 'SAME_PERSON' AS type,
    true AS outward, null AS at, null AS amountMinor,
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
  UNION ALL
  MATCH (n)-[:PLACED]->(x:Order)
  WITH x
  ORDER BY x.paidAt DESC, x.orderId
  LIMIT $limit
  RETURN 'order' AS kind, x.orderId AS label, 'PLACED' AS type,
    true AS outward, x.paidAt.epochMillis AS at, x.amountMinor AS amountMinor,
    {} AS facts
  UNION ALL
  MATCH (n)<-[:CREDITED_TO]-(x:Order)
  WITH x
  ORDER BY x.paidAt DESC, x.orderId
  LIMIT $limit
  RETURN 'order' AS kind, x.orderId AS label, 'CREDITED_TO' AS type,
    false AS outward, x.paidAt.epochMillis AS at, x.amountMinor AS amountMinor,
    {} AS facts
  UNION ALL
  MATCH (n)-[:CREATED]->(x:Share)
  WITH x
  ORDER BY x.createdAt DESC, x.shareId
  LIMIT $limit
  RETURN 'share' AS kind, x.shareId AS label, 'CREATED' AS type,
    true AS outward, x.createdAt.epochMillis AS at, null AS amountMinor,
    {} AS facts
  UNION ALL
  MATCH (n)-[:OWNS]->(x:Shop)
  WITH x
  ORDER BY x.shopId
  LIMIT $limit
  RETURN 'shop' AS kind, x.shopId AS label, 'OWNS' AS type,
    true AS outward, null AS at, null AS amountMinor,
    {} AS facts
}
RETURN collect(kind) AS kinds, collect(label) AS labels,
  collect(type) AS types, collect(outward) AS outward,
  collect(coalesce(at, -1)) AS times,
  collect(coalesce(amountMinor, 0)) AS amounts, collect(facts) AS facts
