// Which shop owners buy of each other?
// zh: 哪些店主互相购买？
// topic: rings
// mode: read
// params: none
// returns: path path
// timeout: 60 s
MATCH path = (a:Member)-[:OWNS]->(:Shop)<-[:SOLD_BY]-(:Order)<-[:PLACED]-
  (b:Member)-[:OWNS]->(:Shop)<-[:SOLD_BY]-(:Order)<-[:PLACED]-(a)
WHERE a.memberId < b.memberId
RETURN path
LIMIT 100
