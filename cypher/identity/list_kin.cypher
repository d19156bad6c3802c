// Who shares something strong with these members, is their person, or was said
// to be or not to be?
// mode: read
// params: $memberIds list<string>
// returns: memberIds list<string>
// timeout: 60 s
UNWIND $memberIds AS memberId
MATCH (m:Member {memberId: memberId})
CALL (m) {
  MATCH (m)-[:USES]->(i:Payment|Phone|Union)
  WHERE i.reach > 1
  MATCH (i)<-[:USES]-(other:Member)
  RETURN other
UNION
  MATCH (m)-[:IS_PERSON]->(:Person)<-[:IS_PERSON]-(other:Member)
  RETURN other
UNION
  MATCH (m)<-[:ABOUT]-(f:Fact)-[:ABOUT]->(other:Member)
  WHERE f.type IN ['member.merged', 'member.unmerged'] AND f.seq IS NOT NULL
  RETURN other
}
RETURN collect(DISTINCT other.memberId) AS memberIds
