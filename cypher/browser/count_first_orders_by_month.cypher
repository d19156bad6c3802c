// How many bought for the first time in a month, and how many of them invited?
// zh: 每个月有多少人首次购买，其中多少人又邀请了别人？
// topic: growth
// mode: read
// params: none
// returns: month string, firstBuyers integer, invitedThemselves integer,
//   becamePromoters integer
// timeout: 60 s
MATCH (m:Member)-[:PLACED]->(o:Order)
WHERE o.paidAt IS NOT NULL
WITH m, min(o.paidAt) AS first
RETURN left(toString(
    datetime({datetime: first, timezone: 'Asia/Shanghai'})
  ), 7) AS month, count(m) AS firstBuyers,
  count(CASE WHEN m.directCount > 0 THEN m END) AS invitedThemselves,
  count(CASE WHEN m.role <> 'member' THEN m END) AS becamePromoters
ORDER BY month
LIMIT 120
