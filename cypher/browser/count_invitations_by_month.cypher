// How many did the members who joined in a month invite in their first days
// (the K-factor)?
// zh: 某月加入的会员在最初几天里邀请了多少人（K 因子）？
// topic: growth
// mode: read
// params: $days integer
// example: days => 30
// returns: month string, joined integer, inviters integer,
//   invited integer, kFactor float
// timeout: 60 s
MATCH (m:Member)
WHERE m.joinedAt IS NOT NULL
WITH m, COUNT {
  MATCH (m)-[r:REFERRED]->(:Member)
  WHERE r.since < m.joinedAt + duration({days: $days})
} AS invited
WITH left(toString(
    datetime({datetime: m.joinedAt, timezone: 'Asia/Shanghai'})
  ), 7) AS month, invited
RETURN month, count(*) AS joined,
  count(CASE WHEN invited > 0 THEN 1 END) AS inviters,
  sum(invited) AS invited, round(1.0 * sum(invited) / count(*), 3) AS kFactor
ORDER BY month
LIMIT 120
