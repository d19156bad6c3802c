// Keep which channel accounts belong to which member; the last one said wins.
// mode: write
// params: $rows list<map>
// returns: nothing
// timeout: 30 s
UNWIND $rows AS row
MERGE (a:Account {accountId: row.accountId})
  ON CREATE SET a.channel = row.channel, a.externalId = row.externalId
WITH a, row
MATCH (m:Member {memberId: row.memberId})
CALL (a) {
  MATCH (a)-[known:BELONGS_TO]->(:Member)
  DELETE known
}
CREATE (a)-[:BELONGS_TO {at: datetime(row.at)}]->(m)
