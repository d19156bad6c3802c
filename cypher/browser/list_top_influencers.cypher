// Whose shares did most people click?
// zh: 谁的分享被最多人点击？
// topic: influence
// mode: read
// params: none
// returns: memberId string, role string, shares integer, people integer,
//   orders integer
// timeout: 60 s
MATCH (m:Member)-[:CREATED]->(s:Share)<-[:CLICKED]-(x:Member|Visitor)
WITH m, count(DISTINCT s) AS shares, count(DISTINCT x) AS people
ORDER BY people DESC, m.memberId
LIMIT 20
RETURN m.memberId AS memberId, m.role AS role, shares, people,
  COUNT { (m)<-[:CREDITED_TO]-(:Order) } AS orders
ORDER BY people DESC, memberId
LIMIT 20
