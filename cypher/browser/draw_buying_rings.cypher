// Which members share an identifier and buy of the same shop?
// zh: 哪些会员共用标识，又在同一家店铺购买？
// topic: rings
// mode: read
// params: none
// returns: path path
// timeout: 60 s
MATCH (i:Identifier)<-[:USES]-(m:Member)
WITH i, count(m) AS users
WHERE 3 <= users <= 50
MATCH (i)<-[:USES]-(m:Member)-[:PLACED]->(:Order)-[:SOLD_BY]->(s:Shop)
WITH i, s, count(DISTINCT m) AS buyers
WHERE buyers >= 3
WITH i, s
ORDER BY buyers DESC, i.token, s.shopId
LIMIT 3
MATCH path = (i)<-[:USES]-(:Member)-[:PLACED]->(:Order)-[:SOLD_BY]->(s)
RETURN path
LIMIT 200
