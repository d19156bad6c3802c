// Of the shares of each channel: how many were clicked, and through how many
// did an order come?
// zh: 各渠道的分享中，有多少被点击，有多少带来订单？
// topic: growth
// mode: read
// params: none
// returns: channel string, shares integer, clicked integer,
//   people integer, sold integer
// timeout: 60 s
MATCH (s:Share)
WHERE s.createdAt IS NOT NULL
WITH s,
  COUNT { (s)<-[:CLICKED]-(:Member|Visitor) } AS clicks,
  COUNT {
    MATCH (s)<-[:CLICKED]-(x:Member|Visitor)
    RETURN DISTINCT x
  } AS people,
  EXISTS { (s)<-[:CAME_THROUGH|PASSED]-(:Order) } AS isSold
RETURN coalesce(s.channel, 'not told') AS channel, count(s) AS shares,
  count(CASE WHEN clicks > 0 THEN s END) AS clicked, sum(people) AS people,
  count(CASE WHEN isSold THEN s END) AS sold
ORDER BY shares DESC, channel
LIMIT 50
