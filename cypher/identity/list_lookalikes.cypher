// Which members share something that few are seen with, and are not one person?
// mode: read
// params: $memberIds list<string>, $reach integer
// returns: memberIds list<string>, otherIds list<string>
// timeout: 60 s
UNWIND $memberIds AS memberId
MATCH (m:Member {memberId: memberId})
CALL (m) {
  MATCH (m)-[:USES]->(i:Identifier)
  WHERE 1 < i.reach <= $reach
  MATCH (i)<-[:USES]-(other:Member)
  WHERE other <> m AND coalesce(other.personId <> m.personId, true)
  RETURN DISTINCT other
  ORDER BY other.memberId
  LIMIT 200
}
RETURN collect(memberId) AS memberIds, collect(other.memberId) AS otherIds
