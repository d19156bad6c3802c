// Who brought people and is credited with no order?
// zh: 谁带来了人，却没有一笔订单算在名下？
// topic: influence
// mode: read
// params: $people integer
// example: people => 3
// returns: memberId string, people integer, reshared integer,
//   ordersPassed integer
// timeout: 60 s
MATCH (m:Member)-[:CREATED]->(:Share)<-[:CLICKED]-(x:Member|Visitor)
WITH m, count(DISTINCT x) AS people
WHERE people >= $people AND NOT EXISTS { (m)<-[:CREDITED_TO]-(:Order) }
WITH m, people
ORDER BY people DESC, m.memberId
LIMIT 20
RETURN m.memberId AS memberId, people,
  COUNT { (m)-[:CREATED]->(:Share)<-[:RESHARE_OF]-(:Share) } AS reshared,
  COUNT {
    MATCH (m)-[:CREATED]->(:Share)<-[:CAME_THROUGH|PASSED]-(o:Order)
    RETURN DISTINCT o
  } AS ordersPassed
ORDER BY people DESC, memberId
LIMIT 20
