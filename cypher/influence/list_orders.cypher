// Which orders of a currency were paid in a time, after this one, and by whom?
// mode: read
// params: $opens datetime, $closes datetime, $after string, $limit integer,
//   $currency string
// returns: orderIds list<string>, people list<string>,
//   times list<integer> (us), amounts list<integer>, channels list<string>,
//   shopIds list<string>, shareIds list<string>
// timeout: 60 s
MATCH (o:Order)
WHERE $opens <= o.paidAt < $closes
  AND (o.paidAt > $opens OR o.orderId > $after)
  AND o.currency = $currency AND o.status <> 'cancelled'
WITH o
ORDER BY o.paidAt, o.orderId
LIMIT $limit
MATCH (buyer:Member)-[:PLACED]->(o)
OPTIONAL MATCH (buyer)-[:IS_PERSON]->(person:Person)
WITH o, coalesce(person.personId, buyer.memberId) AS personId,
  head([(o)-[:SOLD_BY]->(shop:Shop) | shop.shopId]) AS shopId,
  head([(o)-[:CAME_THROUGH]->(s:Share) | s.shareId]) AS shareId
ORDER BY o.paidAt, o.orderId
RETURN collect(o.orderId) AS orderIds, collect(personId) AS people,
  collect(o.paidAt.epochSeconds * 1000000 + o.paidAt.microsecond) AS times,
  collect(o.amountMinor) AS amounts,
  collect(coalesce(o.channel, '')) AS channels,
  collect(coalesce(shopId, '')) AS shopIds,
  collect(coalesce(shareId, '')) AS shareIds
