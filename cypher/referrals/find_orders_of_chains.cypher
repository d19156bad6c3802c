// Which orders count for a member who stood above, or is credited, and for
// another of these accounts above it?
// mode: read
// params: $rows list<map>
// returns: orderIds list<string>
// timeout: 60 s
UNWIND $rows AS row
MATCH (m:Member {memberId: row.memberId})
MATCH (m)<-[:REFERRED|FORMERLY_REFERRED*1..512]-(above:Member)
WHERE above.memberId IN row.otherIds
WITH DISTINCT m, above
MATCH (m)-[:REFERRED|FORMERLY_REFERRED*0..512]->(below:Member)
WITH DISTINCT above, below
MATCH (below)<-[c:CREDITED_TO]-(o:Order)
WHERE above.memberId IN c.uplineIds
RETURN collect(DISTINCT o.orderId) AS orderIds
