// Who made the shares after this one, where, of what and with what?
// mode: read
// params: $after string, $limit integer
// returns: shareIds list<string>, memberIds list<string>,
//   channels list<string>, materialIds list<string>, productIds list<string>
// timeout: 30 s
MATCH (s:Share)
WHERE s.shareId > $after
WITH s
ORDER BY s.shareId
LIMIT $limit
WITH s, head([(s)<-[:CREATED]-(m:Member) | m.memberId]) AS memberId,
  head([(s)-[:PROMOTES]->(p:Product) | p.productId]) AS productId
RETURN collect(s.shareId) AS shareIds,
  collect(coalesce(memberId, '')) AS memberIds,
  collect(coalesce(s.channel, '')) AS channels,
  collect(coalesce(s.materialId, '')) AS materialIds,
  collect(coalesce(productId, '')) AS productIds
