// What stands next to this product, the latest of each sort?
// mode: read
// params: $id string, $limit integer (of each sort)
// returns: kinds list<string>, labels list<string>, types list<string>,
//   outward list<boolean>, times list<integer> (ms), amounts list<integer>,
//   facts list<map>
// timeout: 5 s
MATCH (n:Product {productId: $id})
CALL (n) {
  MATCH (n)<-[:CONTAINS]-(x:Order)
  WITH x
  ORDER BY x.paidAt DESC, x.orderId
  LIMIT $limit
  RETURN 'order' AS kind, x.orderId AS label, 'CONTAINS' AS type,
    false AS outward, x.paidAt.epochMillis AS at, x.amountMinor AS amountMinor,
    {} AS facts
  UNION ALL
  MATCH (n)<-[:PROMOTES]-(x:Share)
  WITH x
  ORDER BY x.createdAt DESC, x.shareId
  LIMIT $limit
  RETURN 'share' AS kind, x.shareId AS label, 'PROMOTES' AS type,
    false AS outward, x.createdAt.epochMillis AS at, null AS amountMinor,
    {} AS facts
}
RETURN collect(kind) AS kinds, collect(label) AS labels,
  collect(type) AS types, collect(outward) AS outward,
  collect(coalesce(at, -1)) AS times,
  collect(coalesce(amountMinor, 0)) AS amounts, collect(facts) AS facts
