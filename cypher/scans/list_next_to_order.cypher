// What stands next to this order, the latest of each sort?
// mode: read
// params: $id string, $limit integer (of each sort)
// returns: kinds list<string>, labels list<string>, types list<string>,
//   outward list<boolean>, times list<integer> (ms), amounts list<integer>,
//   facts list<map>
// timeout: 5 s
MATCH (n:Order {orderId: $id})
CALL (n) {
  MATCH (n)<-[:PLACED]-(x:Member)
  WITH x
  ORDER BY x.memberId
  LIMIT $limit
  RETURN 'member' AS kind, x.memberId AS label, 'PLACED' AS type,
    false AS outward, null AS at, null AS amountMinor,
    {
      role: x.role,
      status: x.status,
      joinedAt: x.joinedAt.epochMillis,
      riskScore: x.riskScore
    } AS facts
  UNION ALL
  MATCH (n)-[:CREDITED_TO]->(x:Member)
  WITH x
  ORDER BY x.memberId
  LIMIT $limit
  RETURN 'member' AS kind, x.memberId AS label, 'CREDITED_TO' AS type,
    true AS outward, null AS at, null AS amountMinor,
    {
      role: x.role,
      status: x.status,
      joinedAt: x.joinedAt.epochMillis,
      riskScore: x.riskScore
    } AS facts
  UNION ALL
  MATCH (n)-[:SOLD_BY]->(x:Shop)
  WITH x
  ORDER BY x.shopId
  LIMIT $limit
  RETURN 'shop' AS kind, x.shopId AS label, 'SOLD_BY' AS type,
    true AS outward, null AS at, null AS amountMinor,
    {} AS facts
  UNION ALL
  MATCH (n)-[:CONTAINS]->(x:Product)
  WITH x
  ORDER BY x.productId
  LIMIT $limit
  RETURN 'product' AS kind, x.productId AS label, 'CONTAINS' AS type,
    true AS outward, null AS at, null AS amountMinor,
    {} AS facts
  UNION ALL
  MATCH (n)-[:CAME_THROUGH]->(x:Share)
  WITH x
  ORDER BY x.shareId
  LIMIT $limit
  RETURN 'share' AS kind, x.shareId AS label, 'CAME_THROUGH' AS type,
    true AS outward, null AS at, null AS amountMinor,
    {} AS facts
  UNION ALL
  MATCH (n)-[:SHIPPED_TO|PAID_WITH|PLACED_FROM]->(x:Identifier)
  WITH x
  ORDER BY x.token
  LIMIT $limit
  RETURN 'token' AS kind, x.token AS label, 'USED_IN' AS type,
    true AS outward, null AS at, null AS amountMinor,
    {} AS facts
}
RETURN collect(kind) AS kinds, collect(label) AS labels,
  collect(type) AS types, collect(outward) AS outward,
  collect(coalesce(at, -1)) AS times,
  collect(coalesce(amountMinor, 0)) AS amounts, collect(facts) AS facts
