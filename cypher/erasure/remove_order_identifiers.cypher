// Take away where a member's orders were sent, what paid and what placed them.
// mode: write
// params: $memberId string
// returns: links integer, tokens list<string>, former list<string>
// timeout: 60 s
MATCH (m:Member {memberId: $memberId})
OPTIONAL MATCH (m)-[:PLACED]->(:Order)
  -[r:SHIPPED_TO|PAID_WITH|PLACED_FROM]->(i:Identifier)
WITH r, i.token AS token, coalesce(i.formerTokens, []) AS formerTokens
DELETE r
WITH count(token) AS links, collect(DISTINCT token) AS tokens,
  collect(formerTokens) AS parts
RETURN links, tokens,
  reduce(former = [], part IN parts | former + part) AS former
