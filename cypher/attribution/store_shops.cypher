// Keep shops and their owners; what was said of the latest time stands.
// mode: write
// params: $rows list<map>
// returns: nothing
// timeout: 30 s
UNWIND $rows AS row
MERGE (s:Shop {shopId: row.shopId})
WITH s, row
WHERE coalesce(s.registeredAt <= datetime(row.at), true)
SET s.registeredAt = datetime(row.at)
WITH s, row
CALL (s) {
  MATCH (:Member)-[owns:OWNS]->(s)
  DELETE owns
}
WITH s, row
MATCH (m:Member {memberId: row.ownerMemberId})
CREATE (m)-[:OWNS]->(s)
