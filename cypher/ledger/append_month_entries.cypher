// Write entries of what members' sales in a period earn, and whom they pay.
// mode: write
// params: $rows list<map>
// returns: nothing
// timeout: 60 s
UNWIND $rows AS row
CREATE (e:LedgerEntry {entryId: row.entryId})
SET e += row.entry
WITH e, row
MATCH (s:SalesMonth {salesMonthId: row.salesMonthId})
CREATE (e)-[:FOR]->(s)
WITH e, row
MATCH (m:Member {memberId: row.payeeId})
CREATE (e)-[:PAYS]->(m)
