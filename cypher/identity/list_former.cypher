// With which members was this one a person before, and from when until when?
// mode: read
// params: $memberId string
// returns: personId string, memberIds list<string>, since string (RFC 3339),
//   until string (RFC 3339)
// timeout: 20 s
MATCH (m:Member {memberId: $memberId})-[was:FORMERLY_IS_PERSON]->(p:Person)
CALL (m, was, p) {
  MATCH (p)<-[other:IS_PERSON|FORMERLY_IS_PERSON]-(account:Member)
  WHERE account <> m AND other.since < was.until
    AND coalesce(other.until > was.since, true)
  RETURN collect(DISTINCT account.memberId)[..100] AS memberIds
}
RETURN p.personId AS personId, memberIds, toString(was.since) AS since,
  toString(was.until) AS until
ORDER BY was.until DESC, personId
LIMIT 100
