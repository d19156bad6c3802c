// Let identifiers with the tokens of today have what is still kept under tokens
// from before a rotation of the pepper.
// mode: write
// params: $rows list<map>
// returns: nothing
// timeout: 30 s
UNWIND $rows AS row
MATCH (old:Identifier {token: row.former})
MATCH (new:Identifier {token: row.token})
WITH old, new, coalesce(new.formerTokens, []) AS known,
  coalesce(old.formerTokens, []) + [old.token] AS told
SET new.formerTokens = known + [t IN told WHERE NOT t IN known]
WITH old, new
CALL (old, new) {
  MATCH (someone)-[was:USES]->(old)
  MERGE (someone)-[u:USES]->(new)
    ON CREATE SET
      u.firstSeen = was.firstSeen,
      u.lastSeen = was.lastSeen,
      u.times = was.times,
      u.inOrders = was.inOrders
    ON MATCH SET
      u.firstSeen = CASE
        WHEN was.firstSeen < u.firstSeen THEN was.firstSeen
        ELSE u.firstSeen
      END,
      u.lastSeen = CASE
        WHEN was.lastSeen > u.lastSeen THEN was.lastSeen
        ELSE u.lastSeen
      END,
      u.times = u.times + was.times,
      u.inOrders = u.inOrders + was.inOrders
}
CALL (old, new) {
  MATCH (o:Order)-[:SHIPPED_TO]->(old)
  MERGE (o)-[:SHIPPED_TO]->(new)
}
CALL (old, new) {
  MATCH (o:Order)-[:PAID_WITH]->(old)
  MERGE (o)-[:PAID_WITH]->(new)
}
CALL (old, new) {
  MATCH (o:Order)-[:PLACED_FROM]->(old)
  MERGE (o)-[:PLACED_FROM]->(new)
}
DETACH DELETE old
