// Through which shares did this order come, and who made each? The nearest is
// the one that was told with the order, else the last that the buyer clicked.
// zh: 这笔订单经由哪些分享而来，各由谁发出？最近的一步是随订单告知的分享，没有则为买家最后点击的分享。
// topic: orders
// mode: read
// params: $orderId string
// example: orderId => 'o-showcase'
// returns: path path
// timeout: 10 s
MATCH bought = (b:Member)-[:PLACED]->(o:Order {orderId: $orderId})
CALL (b, o) {
  OPTIONAL MATCH (o)-[:CAME_THROUGH]->(told:Share)
  OPTIONAL MATCH (b)<-[:IDENTIFIED_AS*0..1]-(:Member|Visitor)
    -[c:CLICKED]->(clicked:Share)
  WHERE c.at <= o.paidAt
  RETURN coalesce(told, clicked) AS nearest
  ORDER BY c.at DESC
  LIMIT 1
}
MATCH way = (nearest)-[:RESHARE_OF*0..64]->(:Share)<-[:CREATED]-(:Member)
WITH bought, b, o, nearest, collect(way) AS ways
OPTIONAL MATCH told = (o)-[:CAME_THROUGH]->(nearest)
OPTIONAL MATCH clicked = (nearest)<-[:CLICKED]-(:Member|Visitor)
  -[:IDENTIFIED_AS*0..1]->(b)
WITH bought, ways, collect(DISTINCT told) AS tellings,
  collect(DISTINCT clicked)[..5] AS clicks
UNWIND [bought] + tellings + clicks + ways AS path
RETURN path
LIMIT 100
