// Keep who a visitor turned out to be; the identification of the latest time
// stands, former ones are kept beside it.
// mode: write
// params: $rows list<map>
// returns: nothing
// timeout: 30 s
UNWIND $rows AS row
MERGE (v:Visitor {visitorId: row.visitorId})
WITH v, row, datetime(row.at) AS at
MATCH (m:Member {memberId: row.memberId})
OPTIONAL MATCH (v)-[known:IDENTIFIED_AS]->(other:Member)
WITH v, m, at, known, other, known.at AS knownAt
FOREACH (once IN CASE WHEN knownAt <= at THEN [1] ELSE [] END |
  CREATE (v)-[:FORMERLY_IDENTIFIED_AS {at: knownAt}]->(other)
  DELETE known
)
FOREACH (once IN CASE WHEN knownAt > at THEN [1] ELSE [] END |
  CREATE (v)-[:FORMERLY_IDENTIFIED_AS {at: at}]->(m)
)
FOREACH (once IN CASE WHEN coalesce(knownAt <= at, true) THEN [1] ELSE [] END |
  CREATE (v)-[:IDENTIFIED_AS {at: at}]->(m)
)
