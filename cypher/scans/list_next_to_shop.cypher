// What stands next to this shop, the latest of each sort?
// mode: read
// params: $id string, $limit integer (of each sort)
// returns: kinds list<string>, labels list<string>, types list<string>,
//   outward list<boolean>, times list<integer> (ms), amounts list<integer>,
//   facts list<map>
// timeout: 5 s
MATCH (n:Shop {shopId: $id})
CALL (n) {
  MATCH (n)<-[:OWNS]-(x:Member)
  WITH x
  ORDER BY x.memberId
  LIMIT $limit
  RETURN 'member' AS kind, x.memberId AS label, 'OWNS' AS type,
    false AS outward, null AS at, null AS amountMinor,
    {
      role: x.role,
      status: x.status,
      joinedAt: x.joinedAt.epochMillis,
      riskScore: x.riskScore
    } AS facts
  UNION ALL
  MATCH (n)<-[:SOLD_BY]-(x:Order)
  WITH x
  ORDER BY x.paidAt DESC, x.orderId
  LIMIT $limit
  RETURN 'order' AS kind, x.orderId AS label, 'SOLD_BY' AS type,
    false AS outward, x.paidAt.epochMillis AS at, x.amountMinor AS amountMinor,
    {} AS facts
}
RETURN collect(kind) AS kinds, collect(label) AS labels,
  collect(type) AS types, collect(outward) AS outward,
  collect(coalesce(at, -1)) AS times,
  collect(coalesce(amountMinor, 0)) AS amounts, collect(facts) AS facts
