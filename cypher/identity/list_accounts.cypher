// With which other members were these ever one person?
// mode: read
// params: $memberIds list<string>
// returns: memberIds list<string>, otherIds list<string>
// timeout: 60 s
UNWIND $memberIds AS memberId
MATCH (m:Member {memberId: memberId})
WHERE m.standingAt IS NOT NULL
MATCH (m)-[:IS_PERSON|FORMERLY_IS_PERSON]->(p:Person)
MATCH (p)<-[:IS_PERSON|FORMERLY_IS_PERSON]-(other:Member)
WHERE other <> m
WITH DISTINCT memberId, other.memberId AS otherId
ORDER BY memberId, otherId
RETURN collect(memberId) AS memberIds, collect(otherId) AS otherIds
