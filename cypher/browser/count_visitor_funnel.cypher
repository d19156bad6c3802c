// Of those who clicked before they had an account: how many joined and bought?
// zh: 注册前就点击过的人，有多少加入，有多少购买？
// topic: growth
// mode: read
// params: none
// returns: visitors integer, identified integer, buyers integer,
//   identifiedRate float, buyersRate float
// timeout: 60 s
MATCH (v:Visitor)
WHERE EXISTS { (v)-[:CLICKED]->(:Share) }
OPTIONAL MATCH (v)-[:IDENTIFIED_AS]->(m:Member)
WITH v, m, EXISTS { (m)-[:PLACED]->(:Order) } AS bought
WITH count(v) AS visitors, count(m) AS identified,
  count(CASE WHEN bought THEN 1 END) AS buyers
RETURN visitors, identified, buyers,
  CASE WHEN visitors > 0 THEN round(1.0 * identified / visitors, 3) END
    AS identifiedRate,
  CASE WHEN visitors > 0 THEN round(1.0 * buyers / visitors, 3) END
    AS buyersRate
LIMIT 1
