// Take away what a member, and the visitors that were it, were seen with.
// mode: write
// params: $memberId string
// returns: uses integer, tokens list<string>, former list<string>
// timeout: 60 s
MATCH (m:Member {memberId: $memberId})
OPTIONAL MATCH (m)<-[:IDENTIFIED_AS]-(v:Visitor)
WITH m, collect(v) AS visitors
UNWIND [m] + visitors AS person
OPTIONAL MATCH (person)-[u:USES]->(i:Identifier)
WITH u, i.token AS token, coalesce(i.formerTokens, []) AS formerTokens
DELETE u
WITH count(token) AS uses, collect(DISTINCT token) AS tokens,
  collect(formerTokens) AS parts
RETURN uses, tokens,
  reduce(former = [], part IN parts | former + part) AS former
