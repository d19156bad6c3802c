// Keep which tokens a member or a visitor was seen with.
// mode: write
// params: $rows list<map>
// returns: nothing
// timeout: 30 s
UNWIND $rows AS row
WITH row,
  datetime(row.firstSeen) AS firstSeen,
  datetime(row.lastSeen) AS lastSeen
MERGE (i:Identifier {token: row.token})
FOREACH (x IN CASE row.kind WHEN 'device' THEN [1] ELSE [] END | SET i:Device)
FOREACH (x IN CASE row.kind WHEN 'address' THEN [1] ELSE [] END | SET i:Address)
FOREACH (x IN CASE row.kind WHEN 'payment' THEN [1] ELSE [] END | SET i:Payment)
FOREACH (x IN CASE row.kind WHEN 'phone' THEN [1] ELSE [] END | SET i:Phone)
FOREACH (x IN CASE row.kind WHEN 'ip' THEN [1] ELSE [] END | SET i:Ip)
FOREACH (x IN CASE row.kind WHEN 'union' THEN [1] ELSE [] END | SET i:Union)
FOREACH (memberId IN
  CASE WHEN row.memberId IS NULL THEN [] ELSE [row.memberId] END |
  MERGE (m:Member {memberId: memberId})
  MERGE (m)-[u:USES]->(i)
    ON CREATE SET
      u.firstSeen = firstSeen,
      u.lastSeen = lastSeen,
      u.times = row.times,
      u.inOrders = row.inOrders
    ON MATCH SET
      u.firstSeen = CASE
        WHEN firstSeen < u.firstSeen THEN firstSeen
        ELSE u.firstSeen
      END,
      u.lastSeen = CASE
        WHEN lastSeen > u.lastSeen THEN lastSeen
        ELSE u.lastSeen
      END,
      u.times = u.times + row.times,
      u.inOrders = u.inOrders + row.inOrders
)
FOREACH (visitorId IN
  CASE WHEN row.visitorId IS NULL THEN [] ELSE [row.visitorId] END |
  MERGE (v:Visitor {visitorId: visitorId})
  MERGE (v)-[u:USES]->(i)
    ON CREATE SET
      u.firstSeen = firstSeen,
      u.lastSeen = lastSeen,
      u.times = row.times
    ON MATCH SET
      u.firstSeen = CASE
        WHEN firstSeen < u.firstSeen THEN firstSeen
        ELSE u.firstSeen
      END,
      u.lastSeen = CASE
        WHEN lastSeen > u.lastSeen THEN lastSeen
        ELSE u.lastSeen
      END,
      u.times = u.times + row.times
)
