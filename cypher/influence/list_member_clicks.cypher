// What did the members after this one click in a time, also as visitors?
// mode: read
// params: $after string, $limit integer, $opens datetime, $closes datetime
// returns: last string, people list<string>, shareIds list<string>,
//   times list<integer> (us)
// timeout: 60 s
MATCH (m:Member)
WHERE m.memberId > $after
WITH m
ORDER BY m.memberId
LIMIT $limit
WITH collect(m) AS members, max(m.memberId) AS last
CALL (members) {
  UNWIND members AS m
  OPTIONAL MATCH (m)-[:IS_PERSON]->(person:Person)
  CALL (m) {
    RETURN m AS clicker
  UNION
    MATCH (m)<-[:IDENTIFIED_AS]-(clicker:Visitor)
    RETURN clicker
  }
  MATCH (clicker)-[c:CLICKED]->(s:Share)
  WHERE $opens < c.at < $closes
  RETURN collect(coalesce(person.personId, m.memberId)) AS people,
    collect(s.shareId) AS shareIds,
    collect(c.at.epochSeconds * 1000000 + c.at.microsecond) AS times
}
RETURN last, people, shareIds, times
LIMIT 1
