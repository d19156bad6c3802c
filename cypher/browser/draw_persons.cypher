// Which accounts are believed to be one person, and by what are they linked?
// zh: 哪些账号被认为是同一个人，依据是什么？
// topic: rings
// mode: read
// params: none
// returns: path path
// timeout: 60 s
MATCH (p:Person)<-[:IS_PERSON]-(m:Member)
WITH p, count(m) AS accounts
WHERE accounts > 1
WITH p
ORDER BY accounts DESC, p.personId
LIMIT 10
MATCH path = (p)<-[:IS_PERSON]-(:Member)-[:USES]->(:Identifier)
RETURN path
LIMIT 200
