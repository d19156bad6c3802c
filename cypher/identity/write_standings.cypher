// Keep which person these members are and whether it is held; what was before
// is kept beside it.
// mode: write
// params: $rows list<map>, $at string (RFC 3339)
// returns: nothing
// timeout: 60 s
UNWIND $rows AS row
MATCH (m:Member {memberId: row.memberId})
SET
  m.held = CASE WHEN row.held THEN true END,
  m.personId = row.personId,
  m.standingAt = CASE WHEN row.changed THEN datetime($at) ELSE m.standingAt END
WITH m, row
CALL (m, row) {
  MATCH (m)-[known:IS_PERSON]->(p:Person)
  WHERE coalesce(p.personId <> row.personId, true)
  CREATE (m)-[:FORMERLY_IS_PERSON {
    since: known.since,
    until: datetime($at)
  }]->(p)
  DELETE known
}
CALL (m, row) {
  WITH m, row
  WHERE row.personId IS NOT NULL
  MERGE (p:Person {personId: row.personId})
  MERGE (m)-[is:IS_PERSON]->(p)
    ON CREATE SET is.since = datetime($at)
  SET is.bits = row.bits, is.why = row.why
}
