// Which promoters click each other's shares?
// zh: 哪些推广者互相点击对方的分享？
// topic: rings
// mode: read
// params: none
// returns: path path
// timeout: 60 s
MATCH path = (a:Member)-[:CREATED]->(:Share)<-[:CLICKED]-(b:Member)
  -[:CREATED]->(:Share)<-[:CLICKED]-(a)
WHERE a.memberId < b.memberId
RETURN path
LIMIT 100
