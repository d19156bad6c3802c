// Write entries, whom they pay and for which order.
// mode: write
// params: $rows list<map>
// returns: nothing
// timeout: 60 s
UNWIND $rows AS row
CREATE (e:LedgerEntry {entryId: row.entryId})
SET e += row.entry
WITH e, row
MATCH (o:Order {orderId: row.orderId})
CREATE (e)-[:FOR]->(o)
WITH e, row
MATCH (m:Member {memberId: row.payeeId})
CREATE (e)-[:PAYS]->(m)
