// Which other accounts has this member's person?
// mode: read
// params: $memberId string
// returns: memberIds list<string>
// timeout: 10 s
MATCH (m:Member {memberId: $memberId})
OPTIONAL MATCH (m)-[:IS_PERSON]->(:Person)<-[:IS_PERSON]-(other:Member)
WITH other.memberId AS memberId
ORDER BY memberId
RETURN collect(memberId)[..1000] AS memberIds
