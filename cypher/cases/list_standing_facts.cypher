// Which facts of this type are about any account of these members' persons?
// mode: read
// params: $memberIds list<string>, $type string, $limit integer
// returns: seq integer, eventId string, data string
// timeout: 10 s
UNWIND $memberIds AS memberId
MATCH (asked:Member {memberId: memberId})
CALL (asked) {
  RETURN asked AS m
  UNION
  MATCH (asked)-[:IS_PERSON]->(:Person)<-[:IS_PERSON]-(m:Member)
  RETURN m
}
WITH DISTINCT m
MATCH (m)<-[:ABOUT]-(f:Fact)
WHERE f.type = $type AND f.seq IS NOT NULL
RETURN DISTINCT f.seq AS seq, f.eventId AS eventId, f.data AS data
ORDER BY seq
LIMIT $limit
