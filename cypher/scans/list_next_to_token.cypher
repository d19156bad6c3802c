// What stands next to this identifier, the latest of each sort?
// mode: read
// params: $id string, $limit integer (of each sort)
// returns: kinds list<string>, labels list<string>, types list<string>,
//   outward list<boolean>, times list<integer> (ms), amounts list<integer>,
//   facts list<map>
// timeout: 5 s
MATCH (n:Identifier {token: $id})
CALL (n) {
  MATCH (n)<-[r:USES]-(x:Member)
  WITH x, r
  ORDER BY r.lastSeen DESC, x.memberId
  LIMIT $limit
  RETURN 'member' AS kind, x.memberId AS label, 'USES' AS type,
    false AS outward, r.firstSeen.epochMillis AS at, null AS amountMinor,
    {
      role: x.role,
      status: x.status,
      joinedAt: x.joinedAt.epochMillis,
      riskScore: x.riskScore
    } AS facts
  UNION ALL
  MATCH (n)<-[:SHIPPED_TO|PAID_WITH|PLACED_FROM]-(x:Order)
  WITH x
  ORDER BY x.paidAt DESC, x.orderId
  LIMIT $limit
  RETURN 'order' AS kind, x.orderId AS label, 'USED_IN' AS type,
    false AS outward, x.paidAt.epochMillis AS at, x.amountMinor AS amountMinor,
    {} AS facts
}
RETURN collect(kind) AS kinds, collect(label) AS labels,
  collect(type) AS types, collect(outward) AS outward,
  collect(coalesce(at, -1)) AS times,
  collect(coalesce(amountMinor, 0)) AS amounts, collect(facts) AS facts
