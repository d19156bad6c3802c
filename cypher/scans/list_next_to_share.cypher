// What stands next to this share, the latest of each sort?
// mode: read
// params: $id string, $limit integer (of each sort)
// returns: kinds list<string>, labels list<string>, types list<string>,
//   outward list<boolean>, times list<integer> (ms), amounts list<integer>,
//   facts list<map>
// timeout: 5 s
MATCH (n:Share {shareId: $id})
CALL (n) {
  MATCH (n)<-[:CREATED]-(x:Member)
  WITH x
  ORDER BY x.memberId
  LIMIT $limit
  RETURN 'member' AS kind, x.memberId AS label, 'CREATED' AS type,
    false AS outward, null AS at, null AS amountMinor,
    {
      role: x.role,
      status: x.status,
      joinedAt: x.joinedAt.epochMillis,
      riskScore: x.riskScore
    } AS facts
  UNION ALL
  MATCH (n)-[:RESHARE_OF]->(x:Share)
  WITH x
  ORDER BY x.shareId
  LIMIT $limit
  RETURN 'share' AS kind, x.shareId AS label, 'RESHARE_OF' AS type,
    true AS outward, null AS at, null AS amountMinor,
    {} AS facts
  UNION ALL
  MATCH (n)<-[:RESHARE_OF]-(x:Share)
  WITH x
  ORDER BY x.shareId
  LIMIT $limit
  RETURN 'share' AS kind, x.shareId AS label, 'RESHARE_OF' AS type,
    false AS outward, null AS at, null AS amountMinor,
    {} AS facts
  UNION ALL
  MATCH (n)<-[r:CLICKED]-(x:Member)
  WITH x, r
  ORDER BY r.at DESC, x.memberId
  LIMIT $limit
  RETURN 'member' AS kind, x.memberId AS label, 'CLICKED' AS type,
    false AS outward, r.at.epochMillis AS at, null AS amountMinor,
    {
      role: x.role,
      status: x.status,
      joinedAt: x.joinedAt.epochMillis,
      riskScore: x.riskScore
    } AS facts
  UNION ALL
  MATCH (n)-[:PROMOTES]->(x:Product)
  WITH x
  ORDER BY x.productId
  LIMIT $limit
  RETURN 'product' AS kind, x.productId AS label, 'PROMOTES' AS type,
    true AS outward, null AS at, null AS amountMinor,
    {} AS facts
  UNION ALL
  MATCH (n)<-[:CAME_THROUGH]-(x:Order)
  WITH x
  ORDER BY x.paidAt DESC, x.orderId
  LIMIT $limit
  RETURN 'order' AS kind, x.orderId AS label, 'CAME_THROUGH' AS type,
    false AS outward, x.paidAt.epochMillis AS at, x.amountMinor AS amountMinor,
    {} AS facts
}
RETURN collect(kind) AS kinds, collect(label) AS labels,
  collect(type) AS types, collect(outward) AS outward,
  collect(coalesce(at, -1)) AS times,
  collect(coalesce(amountMinor, 0)) AS amounts, collect(facts) AS facts
